package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/report"
)

func reportCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	out := flags.String("o", "", "`file` to write (default report.html in the study's directory)")
	return func(_ context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag report takes the directory of one study or stacking, such as runs/quick; it was given %d arguments", len(arguments))}
		}
		dir := arguments[0]
		write, err := reportOf(dir)
		if err != nil {
			return err
		}
		path := *out
		if path == "" {
			path = filepath.Join(dir, "report.html")
		}
		if err := atomicfile.Write(path, write); err != nil {
			return err
		}
		fmt.Println(path)
		return nil
	}
}

// reportOf returns what writes the report of a study or a stacking.
func reportOf(dir string) (func(io.Writer) error, error) {
	if lag.IsStacking(dir) {
		result, config, err := lag.LoadStacking(dir)
		if err != nil {
			return nil, err
		}
		meta := report.Meta{
			Title: "Stacking " + config.Name, Config: config, Versions: versions(result.Backend),
			Command: fmt.Sprintf("lag stack -config %s -out %s", filepath.Join(dir, "stacking.json"), dir),
		}
		return func(w io.Writer) error { return report.StackingHTML(w, result, meta) }, nil
	}
	holds := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	switch {
	case holds("training.json"):
		return nil, fmt.Errorf("%s holds a training, of which there is no report; its curve is in %s once it is at its end", dir, filepath.Join(dir, "figures"))
	case holds("config.json"):
		return nil, fmt.Errorf("%s holds a single run; give the directory of the study, %s", dir, filepath.Dir(filepath.Clean(dir)))
	case holds("study.json") && holds("selected") && !holds("result.json"):
		return nil, fmt.Errorf("%s holds a live selection, in %s; a report is of all candidates, which the study trains without -select", dir, filepath.Join(dir, "selected"))
	}
	result, config, err := lag.Load(dir)
	if err != nil {
		return nil, err
	}
	meta := report.Meta{
		Title: "Study " + config.Name, Config: config, Versions: versions(result.Backend),
		Command: fmt.Sprintf("lag study -config %s -out %s", filepath.Join(dir, "study.json"), dir),
	}
	return func(w io.Writer) error { return report.HTML(w, result, meta) }, nil
}

// versions lists the backend of the study, and Go and the libraries of this
// program, which makes the report.
func versions(backend string) []report.Version {
	list := []report.Version{{Name: "backend", Version: backend}, {Name: "go", Version: runtime.Version()}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return list
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla":
			list = append(list, report.Version{Name: m.Path, Version: m.Version})
		}
	}
	return list
}
