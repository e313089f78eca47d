package lag_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/selection"
)

// specimen is a directory with the files of a command, some of which are then
// damaged.
type specimen struct {
	name    string
	root    string                           // copied for each trial
	files   string                           // directory in root whose files are damaged
	command func(dir string) (string, error) // the same command again; returns what it computed
	read    func(dir string) (string, error) // shows the result without training
	want    string                           // of command
	shown   string                           // of read
}

// specimens are a study, a stacking and a training, each complete, and each
// interrupted in the middle.
func specimens(t *testing.T) []specimen {
	t.Helper()
	config := smoke(t)
	config.Growth.Strategies, config.Growth.Rules = []string{"stack", "random-top"}, []string{"lag:5", "decay:5,2", "halving:2,2"}
	stacked, training := stacking(t), smallTraining(t, "bert")
	stacked.Stages, stacked.Seeds = stacked.Stages[:2], []int64{1}
	stacked.Arms = lag.StackingArms("lag:2", stacked.Stages)[:1]
	training.Initial = ""
	study := func(ctx context.Context, dir string, observe progress.Observer) (string, error) {
		s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, Observe: observe})
		if err != nil {
			return "", err
		}
		defer s.Close()
		if _, err := s.Run(ctx); err != nil {
			return "", err
		}
		picked, err := s.Select(ctx, selection.LAG{Lag: 5}, s.Seeds()[0])
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(picked)
		return string(text) + contents(filepath.Join(dir, "result.json")), err
	}
	stack := func(ctx context.Context, dir string, observe progress.Observer) (string, error) {
		_, err := lag.Stack(ctx, stacked, lag.Options{Dir: dir, Backend: backend.Go, Observe: observe})
		return contents(filepath.Join(dir, "stacking_result.json")), err
	}
	train := func(ctx context.Context, dir string, observe progress.Observer) (string, error) {
		r, err := lag.Train(ctx, training, lag.Options{Dir: dir, Backend: backend.Go, Observe: observe})
		if err != nil {
			return "", err
		}
		return fmt.Sprint(r.Curve, r.Loss, r.ShuffledLoss, r.Steps) + contents(filepath.Join(r.Dir, "result.json")), nil
	}
	var list []specimen
	for _, kind := range []struct {
		name    string
		command func(context.Context, string, progress.Observer) (string, error)
		read    func(dir string) (string, error)
		until   func(progress.Event) bool // when to interrupt
	}{
		{"study", study, showStudy, func(e progress.Event) bool { return e.Phase == progress.PhaseProbe && e.Index == 1 && e.Done >= 4 }},
		{"stacking", stack, showStacking, func(e progress.Event) bool {
			return e.Phase == progress.PhaseStack && strings.Contains(e.Run, "2 layers") && e.Done >= 3
		}},
		{"training", train, nil, func(e progress.Event) bool { return e.Phase == progress.PhaseTrain && e.Done >= 13 }},
	} {
		for _, interrupted := range []bool{false, true} {
			s := specimen{name: kind.name, root: t.TempDir(), files: kind.name, read: kind.read}
			s.command = func(dir string) (string, error) { return kind.command(context.Background(), dir, nil) }
			dir := filepath.Join(s.root, s.files)
			if interrupted {
				s.name = "interrupted " + s.name
				s.want, s.shown = list[len(list)-1].want, list[len(list)-1].shown
				ctx, cancel := context.WithCancel(context.Background())
				_, err := kind.command(ctx, dir, func(e progress.Event) {
					if kind.until(e) {
						cancel()
					}
				})
				if ctx.Err() == nil || err == nil {
					t.Fatalf("the %s was not interrupted: %v", s.name, err)
				}
			} else {
				var err error
				if s.want, err = s.command(dir); err == nil && s.read != nil {
					s.shown, err = s.read(dir)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			list = append(list, s)
		}
	}
	return list
}

// contents returns a file's contents, or "" if it cannot be read.
func contents(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

// showStudy shows a study in every way that rests on its result.
func showStudy(dir string) (string, error) {
	r, config, err := lag.LoadStudy(dir)
	if err != nil {
		return "", err
	}
	picks, err := r.Replay(context.Background(), []selection.Rule{selection.LAG{Lag: 5}})
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = report.HTML(&out, r, report.Meta{Config: config})
	return fmt.Sprint(picks) + out.String(), err
}

func showStacking(dir string) (string, error) {
	r, config, err := lag.LoadStacking(dir)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = report.StackingHTML(&out, r, report.Meta{Config: config})
	return out.String(), err
}

// TestCorruption damages files of studies, stackings and trainings, and gives the
// same command again. The damage must be noticed or harmless: the result is the
// same, to the byte, and the command does not fail. Readers show the right
// result or say that it is damaged. LAG_CORRUPTIONS is the number of trials, and
// LAG_CORRUPTION_SEED another sequence of them.
func TestCorruption(t *testing.T) {
	trials, seed := 12, uint64(1)
	if testing.Short() {
		trials = 6
	}
	if text := os.Getenv("LAG_CORRUPTIONS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		trials = n
	}
	if text := os.Getenv("LAG_CORRUPTION_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	said := &lines{}
	level := log.GetLevel()
	log.SetOutput(said)
	log.SetLevel(log.WarnLevel)
	defer func() { log.SetOutput(os.Stderr); log.SetLevel(level) }()
	all := specimens(t)
	said.take()
	counts := make(map[string]int)
	begin := time.Now()
	for trial := range trials {
		random := rand.New(rand.NewPCG(seed, uint64(trial)))
		c := corrupt(t, all[trial%len(all)], random)
		c.check(t, said, counts)
	}
	t.Logf("%d trials in %v: %v", trials, time.Since(begin).Round(time.Millisecond), counts)
}

// corrupted is a copy of a specimen with a damaged file.
type corrupted struct {
	specimen
	dir, what, kind string
	touched         []string // paths in dir of the file and of the one that may have been swapped with it
}

// checkModels loads the models of the touched runs. A model is the undamaged one,
// or one of an earlier step, or it is refused.
func (c corrupted) checkModels(t *testing.T) {
	t.Helper()
	for _, path := range c.touched {
		run, _, inRun := strings.Cut(path, string(filepath.Separator))
		want, err := trained.Load(filepath.Join(c.root, c.files, run))
		if !inRun || err != nil {
			continue // no run, or one without a model
		}
		got, err := trained.Load(filepath.Join(c.dir, run))
		if err == nil && (got.Model != want.Model || got.Step > want.Step || got.Step == want.Step && got.Fingerprint() != want.Fingerprint()) {
			t.Errorf("%s: another model is loaded in silence", c.what)
		}
	}
}

// corrupt damages a file of a copy of a specimen. Each kind of file is as likely
// as any other.
func corrupt(t *testing.T, s specimen, random *rand.Rand) corrupted {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(s.root)); err != nil {
		t.Fatal(err)
	}
	c := corrupted{specimen: s, dir: filepath.Join(root, s.files)}
	files := make(map[string][]string)
	if err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if kind := kindOfFile(path); err == nil && !d.IsDir() && kind != "" {
			files[kind] = append(files[kind], path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for kind := range files {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	c.kind = kinds[random.IntN(len(kinds))]
	path := files[c.kind][random.IntN(len(files[c.kind]))]
	others := files[c.kind]
	if len(others) == 1 || random.IntN(4) == 0 { // a file of another kind
		others = files[kinds[random.IntN(len(kinds))]]
	}
	d := allDamages[random.IntN(len(allDamages))]
	other := others[random.IntN(len(others))]
	if err := d.do(random, path, other); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(c.dir, path)
	if err != nil {
		t.Fatal(err)
	}
	c.what = fmt.Sprintf("%s of the %s: %s", relative, s.name, d.name)
	c.touched = []string{relative}
	if relative, err = filepath.Rel(c.dir, other); err != nil {
		t.Fatal(err)
	}
	c.touched = append(c.touched, relative)
	return c
}

// check reads the damaged directory and gives the same command again, twice.
func (c corrupted) check(t *testing.T, said *lines, counts map[string]int) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: a panic: %v", c.what, p)
		}
	}()
	noticed := false
	c.checkModels(t)
	if c.read != nil {
		shown, err := c.read(c.dir)
		// A configuration that still computes the same is shown with its other
		// name, and a warning.
		noticed = err != nil || strings.Contains(said.take(), "changed after it was written") && (c.kind == "study.json" || c.kind == "stacking.json")
		if err == nil && shown != c.shown && !noticed {
			t.Errorf("%s: another result is shown in silence", c.what)
		}
	}
	_, err := runs.Find(filepath.Dir(c.dir))
	if err != nil {
		t.Errorf("%s: the runs cannot be listed: %v", c.what, err)
	}
	if _, err := runs.List(c.dir); err != nil {
		noticed = true
	}
	if _, err := runs.PlanCleaning(c.dir, true); err != nil {
		noticed = true
	}
	got, err := c.command(c.dir)
	words := said.take()
	noticed = noticed || strings.Contains(words, "WARN")
	switch {
	case err != nil:
		t.Errorf("%s: the same command fails: %v", c.what, err)
		return
	case got != c.want:
		t.Errorf("%s: the same command gives another result; it said %s", c.what, words)
		return
	}
	if got, err = c.command(c.dir); err != nil || got != c.want {
		t.Errorf("%s: a second time the same command gives another result, or the error %v", c.what, err)
	}
	if words := said.take(); strings.Contains(words, "again") {
		t.Errorf("%s: a second time the same command still mends it: %s", c.what, words)
	}
	if c.read != nil {
		if shown, err := c.read(c.dir); err != nil || shown != c.shown {
			t.Errorf("%s: after the same command another result is shown, or the error %v", c.what, err)
		}
	}
	for _, pattern := range []string{"*/config.json", "*/tokenizer.json"} {
		whole, err := filepath.Glob(filepath.Join(c.root, c.files, pattern))
		if err != nil || len(whole) == 0 {
			t.Fatal(err, "no "+pattern)
		}
		for _, path := range whole {
			if name := filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)); contents(path) != contents(filepath.Join(c.dir, name)) {
				t.Errorf("%s: after the same command %s has other bytes", c.what, name)
			}
		}
	}
	if noticed {
		counts["noticed"]++
	} else {
		counts["harmless"]++
	}
	counts[c.kind]++
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns the text since the last call.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, _ := io.ReadAll(&l.text)
	return string(text)
}
