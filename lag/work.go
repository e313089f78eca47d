package lag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
)

// Work describes the study for [cluster.Start], which has an engine that people
// already run, such as Slurm, train it. The options say where; their number of
// workers and their observer are not part of it. The workers run the command lag:
// this program if it is that, else the one on the path.
func (c StudyConfig) Work(o Options) (cluster.Work, error) { return workOf("study", c.Name, c, o) }

// Work describes the stacking for [cluster.Start], as [StudyConfig.Work] does.
func (c Stacking) Work(o Options) (cluster.Work, error) { return workOf("stack", c.Name, c, o) }

// workOf describes the work of a command of lag.
func workOf[C interface {
	configuration
	Validate() error
}](command, name string, config C, o Options) (w cluster.Work, err error) {
	if err := errors.Join(config.Validate(), o.validate()); err != nil {
		return w, err
	}
	if o.Devices > 1 {
		return w, fmt.Errorf("a worker on a cluster trains with one device, and %d were asked for; use 1, and as many workers as there are devices", o.Devices)
	}
	w = cluster.Work{Command: command, Name: name, Backend: o.Backend, Again: o.Again}
	if w.Backend == "" {
		w.Backend = backend.Auto
	}
	if on, ok := o.On.(interface{ OnGPU() bool }); ok && on.OnGPU() && w.Backend == backend.Auto {
		w.Backend = backend.CUDA
	}
	if w.Hash, err = config.Hash(); err != nil {
		return w, err
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	if err := e.Encode(config); err != nil {
		return w, err
	}
	w.Config = text.Bytes()
	if w.From, err = os.Getwd(); err != nil {
		return w, err
	}
	if w.Dir, err = filepath.Abs(o.dir(name)); err != nil {
		return w, err
	}
	w.Data = filepath.Join(filepath.Dir(w.Dir), ".lag-data")
	if o.DataDir != "" {
		if w.Data, err = filepath.Abs(o.DataDir); err != nil {
			return w, err
		}
	}
	if o.PeakFLOPS > 0 {
		w.Arguments = []string{"-peak-flops", strconv.FormatFloat(o.PeakFLOPS, 'g', -1, 64)}
	}
	w.Program, err = program()
	return w, err
}

// program returns the path of the command lag. It is "" if there is none that will
// last: engines that bring their own need none.
func program() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	dir, name := filepath.Split(self)
	base := filepath.Base(dir)
	removed := strings.Contains(dir, "go-build") && (base == "exe" || strings.HasSuffix(base, "-d")) // `go run` takes it from there or from Go's cache
	switch name {
	case "lag", "lag.exe", "lag.test":
		if !removed {
			return self, nil
		}
	}
	path, err := exec.LookPath("lag")
	if err != nil {
		return "", nil
	}
	return filepath.Abs(path)
}
