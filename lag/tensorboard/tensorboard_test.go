package tensorboard

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	_ "github.com/landscape-aware/growing/lag/internal/testbackend" // logs only errors, does not wait for the disk
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestBytes compares a file with the one that TensorBoard's own code wrote, see
// testdata/bytes.py.
func TestBytes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "reference.hex"))
	want, err2 := hex.DecodeString(strings.TrimSpace(string(text)))
	check(t, err, err2)
	var got bytes.Buffer
	at := func(seconds float64) time.Time { return time.UnixMicro(int64(seconds * 1e6)) }
	w := NewWriter(&got)
	check(t, w.Begin(at(1700000000.25), 0),
		w.Scalars(at(1700000001.5), 300, []Scalar{{"loss/training", 3.25}, {"µ", -1e-7}}),
		w.Scalars(at(1700000002), 0, []Scalar{{"a", 0}}))
	whole := bytes.Clone(got.Bytes())
	got.Reset()
	check(t, w.Begin(at(1700000003), 1<<40))
	first := 8 + 4 + int(got.Bytes()[0]) + 4 // the version is in the reference once
	if whole = append(whole, got.Bytes()[first:]...); !bytes.Equal(whole, want) {
		t.Errorf("got  %x\nwant %x", whole, want)
	}
	if err := NewWriter(full{}).Begin(at(0), 0); err == nil {
		t.Error("an error of the file is lost")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// study returns the directory of a complete study with two strategies, decay
// branches and controls.
func study(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	var text strings.Builder
	for i := range 300 {
		for j := range 50 {
			text.WriteString(strings.Repeat(string(rune('a'+(i*j+j)%11)), 1+(i+j)%4) + " ")
		}
		text.WriteString("\n\n")
	}
	corpus := filepath.Join(root, "corpus.txt")
	config, err := lag.Preset("smoke")
	check(t, err, os.WriteFile(corpus, []byte(text.String()), 0o666))
	config.Data.Corpus.Source, config.BatchSize = corpus, 4
	config.SetVocabSize(48)
	config.Growth.Strategies, config.Growth.Controls = []string{"stack", "random-top"}, append(result.Controls(), result.ControlScratch.WithPeak(0.002))
	s, err := lag.Open(config, lag.Options{Dir: filepath.Join(root, "study"), DataDir: filepath.Join(root, runs.DataDir), Backend: backend.Go})
	check(t, err)
	_, err = s.Run(context.Background())
	check(t, err, s.Close())
	return s.Dir()
}

// pythonReader reads event files with TensorBoard's own code.
type pythonReader struct {
	in  *bufio.Writer
	out *bufio.Reader
}

// series are the numbers of a run by tag: step, wall time and value.
type series map[string][][3]float64

func newPythonReader(t *testing.T, dir string) pythonReader {
	t.Helper()
	python := os.Getenv("LAG_PYTHON_TENSORBOARD")
	if python == "" {
		t.Skip("set LAG_PYTHON_TENSORBOARD to the absolute path of a Python with testdata/requirements.txt, and TensorBoard's own reader reads the files")
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "read.py"), dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	check(t, err, err2, cmd.Start())
	t.Cleanup(func() { _ = errors.Join(in.Close(), cmd.Wait()) })
	return pythonReader{bufio.NewWriter(in), bufio.NewReader(out)}
}

func (r pythonReader) read(t *testing.T) (all map[string]series) {
	t.Helper()
	_, err := r.in.WriteString("\n")
	check(t, err, r.in.Flush())
	line, err := r.out.ReadBytes('\n')
	check(t, err, json.Unmarshal(line, &all))
	return all
}

// wanted returns what a log says, as TensorBoard should.
func wanted(metrics []train.Metric) (losses map[string][][2]float64) {
	losses = make(map[string][][2]float64)
	for _, m := range metrics {
		for _, s := range scalarsOf(m) {
			losses[s.Tag] = append(losses[s.Tag], [2]float64{float64(m.Step), float64(float32(s.Value))})
		}
	}
	return losses
}

// TestTensorBoard: TensorBoard's own reader finds every number of every run, also
// of a log that grows and of one that is written anew.
func TestTensorBoard(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	reader := newPythonReader(t, out)
	dir := study(t)
	e, err := NewExporter(dir, out)
	check(t, err)
	s, err := e.Update(t.Context())
	check(t, err)
	all := reader.read(t)
	controls := len(result.Controls()) + 1 // see study
	if want := 1 + 2 + 2 + controls; len(all) != want || s.Runs != want || len(s.Damaged) > 0 {
		t.Errorf("TensorBoard finds %d runs, %d were written, want %d: %v", len(all), s.Runs, want, s.Damaged)
	}
	compare := func(what string) {
		t.Helper()
		for name, one := range e.runs {
			folder, err := filepath.Rel(out, one.folder)
			check(t, err)
			metrics, err := train.ReadMetrics(filepath.Join(dir, name))
			check(t, err)
			got, want := all[filepath.ToSlash(folder)], wanted(metrics)
			if len(got) != len(want) || len(want["loss/validation"]) == 0 {
				t.Errorf("%s: %s has %d tags, want %d", what, folder, len(got), len(want))
			}
			for tag, points := range want {
				if len(got[tag]) != len(points) {
					t.Errorf("%s: %s %s has %d points, want %d", what, folder, tag, len(got[tag]), len(points))
					continue
				}
				before := 0.0
				for i, p := range points {
					if g := got[tag][i]; g[0] != p[0] || g[2] != p[1] || g[1] < before || math.Abs(g[1]-float64(time.Now().Unix())) > 3600 {
						t.Errorf("%s: %s %s: point %d is %v, want %v", what, folder, tag, i, g, p)
					}
					before = got[tag][i][1]
				}
			}
		}
	}
	compare("whole logs")

	// A log that loses its end, as after a crash, and grows again.
	path := filepath.Join(dir, nameOf(t, e, "probe/seed-1/stack"), train.MetricsFile)
	text, err := os.ReadFile(path)
	check(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	half := strings.Join(lines[:len(lines)/2], "")
	check(t, os.WriteFile(path+".new", []byte(half), 0o666), os.Rename(path+".new", path))
	_, err = e.Update(t.Context())
	check(t, err)
	all = reader.read(t)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = file.WriteString(strings.Join(lines[len(lines)/2:], ""))
	check(t, err, file.Close())
	_, err = e.Update(t.Context())
	check(t, err)
	all = reader.read(t)
	compare("after a crash")
}

func nameOf(t *testing.T, e *Exporter, folder string) string {
	t.Helper()
	for name, one := range e.runs {
		if one.folder == filepath.Join(e.out, e.name, filepath.FromSlash(folder)) {
			return name
		}
	}
	t.Fatalf("no run is in %s", folder)
	return ""
}

// TestExport writes the files of a study, and later what was added.
func TestExport(t *testing.T) {
	dir, out := study(t), filepath.Join(t.TempDir(), "out")
	e, err := NewExporter(dir, out)
	check(t, err)
	s, err := e.Update(t.Context())
	check(t, err)
	var folders []string
	check(t, filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			folder, err := filepath.Rel(out, filepath.Dir(path))
			folders = append(folders, filepath.ToSlash(folder))
			return err
		}
		return err
	}))
	slices.Sort(folders)
	r, _, err := lag.LoadStudy(dir)
	check(t, err)
	branch := ""
	for _, signal := range r.Signals {
		if signal.Name == result.SignalDecayedLoss {
			branch = fmt.Sprintf("-from-%d-for-%d", signal.Step-signal.Decay, signal.Decay)
		}
	}
	want := []string{"branch/seed-1/random-top" + branch, "branch/seed-1/stack" + branch, "control/seed-1/scratch", "control/seed-1/scratch-probes", "control/seed-1/scratch-steps", "control/seed-1/scratch@0.002", "pretrain", "probe/seed-1/random-top", "probe/seed-1/stack"}
	for i := range want {
		want[i] = filepath.Base(dir) + "/" + want[i]
	}
	if !slices.Equal(folders, want) || s.Runs != len(want) {
		t.Errorf("%d runs in %q, want %q", s.Runs, folders, want)
	}
	before := s.Events
	if s, err = e.Update(t.Context()); err != nil || s.Events != 0 || before == 0 {
		t.Errorf("the second update writes %d events, the first wrote %d: %v", s.Events, before, err)
	}
	// A second exporter writes the same again, in place.
	sizes := func() (total int64, files int) {
		check(t, filepath.WalkDir(out, func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			total, files = total+info.Size(), files+1
			return err
		}))
		return total, files
	}
	size, files := sizes()
	if e, err = NewExporter(dir, out); err == nil {
		_, err = e.Update(t.Context())
	}
	check(t, err)
	if again, n := sizes(); again != size || n != files {
		t.Errorf("%d bytes in %d files became %d in %d", size, files, again, n)
	}

	// Damage, and a run of another configuration.
	var probe string
	for name := range e.runs {
		if info, err := e.index.Run(name); err == nil && info.Kind == progress.PhaseProbe {
			probe = filepath.Join(dir, name)
		}
	}
	text, err := os.ReadFile(filepath.Join(probe, train.MetricsFile))
	check(t, err)
	text[len(text)/2] ^= 4
	check(t, os.WriteFile(filepath.Join(probe, train.MetricsFile), text, 0o666))
	e, err = NewExporter(dir, filepath.Join(t.TempDir(), "damaged"))
	check(t, err)
	if s, err = e.Update(t.Context()); err != nil || len(s.Damaged) != 1 || s.Events >= before || s.Runs != len(want) {
		t.Errorf("with a damaged line: %+v, %v, before %d events", s, err, before)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err = NewExporter(dir, filepath.Join(t.TempDir(), "canceled")); err == nil {
		_, err = e.Update(ctx)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancellation: %v", err)
	}
	if _, err := NewExporter(t.TempDir(), out); err == nil {
		t.Error("an empty directory is exported")
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{"in-place-1@0": "in-place-1@0", "[0 1 N] copy": "0-1-N-copy", "../x": "x", "a/b\\c:d": "a-b-c-d", "6 layers": "6-layers"} {
		if got := plain(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
