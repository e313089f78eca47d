package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// workerDir is an environment variable. If it is set, this program is a worker of a
// study in the directory that it names.
const workerDir = "LAG_SCALE_WORKER"

// counted is the study whose operations are counted. It has no decay branches, which
// the simulation has not either.
func counted(dir string) (*lag.Study, error) {
	config, err := lag.Preset("smoke")
	if err != nil {
		return nil, err
	}
	// A small text and a tiny model, so that it takes a second.
	text := filepath.Join(filepath.Dir(dir), "text.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("growing a small model into a large one by adding layers is cheaper than training it from scratch\n\n", 300)), 0o644); err != nil {
		return nil, err
	}
	config.Data.Corpus.Source = text
	config.SetVocabSize(48)
	config.SetSequenceLength(8)
	config.BatchSize = 4
	config.Pretrain.Schedule.Steps, config.Pretrain.EvaluateEvery = 10, 5
	if err := config.SetModel("hidden", "4"); err != nil {
		return nil, err
	}
	config.Growth.Rules = []string{"lag:2"}
	config.Growth.Controls = nil
	return lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
}

func realWorker(dir string) int {
	s, err := counted(dir)
	if err == nil {
		_, err = s.Join(context.Background())
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return 0
}

var systemCalls = regexp.MustCompile(`^\d+ +[a-z0-9_]+\(`)

// traced runs a worker to its end, and returns the system calls that strace shows.
func traced(t *testing.T, dir string) (calls []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command("strace", "-f", "-y", "-o", out, "-e", "trace=file,flock,fsync,fdatasync,ftruncate,getdents64", self)
	cmd.Env = append(os.Environ(), workerDir+"="+dir, atomicfile.NoSync+"=")
	if said, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(said), "ptrace") {
			t.Skipf("strace is not allowed here: %s", said)
		}
		t.Fatalf("%v: %s", err, said)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if systemCalls.MatchString(line) { // else it is the end of a call, which has begun before
			calls = append(calls, line)
		}
	}
	return calls
}

// of counts the calls that name a path.
func of(calls []string, path string) (n int) {
	for _, call := range calls {
		if strings.Contains(call, path) {
			n++
		}
	}
	return n
}

// counts are system calls on a run by their purpose.
type counts struct {
	looks                           int // at its result, by those who do not hold it
	lists, unlists, notes, removals int
	others                          int
}

func (c *counts) add(d counts) {
	c.looks, c.lists, c.unlists, c.notes, c.removals, c.others = c.looks+d.looks, c.lists+d.lists, c.unlists+d.unlists, c.notes+d.notes, c.removals+d.removals, c.others+d.others
}

// split counts the system calls on a run until it has ended, and those after that.
func split(calls []string, run string) (trained, released counts) {
	c, held := &trained, false
	for _, call := range calls {
		if !strings.Contains(call, run) {
			continue
		}
		if !held && strings.Contains(call, "/"+train.OutcomeFile+`"`) && strings.Contains(call, "openat(") {
			c.looks++
			continue
		}
		c.others++
		switch {
		case strings.Contains(call, "LOCK_EX"):
			held = true
			c.unlists++
		case strings.Contains(call, "LOCK_UN"):
			held, c = false, &released
		case !held && strings.Contains(call, `/checkpoint"`):
			c.lists++
		case strings.Contains(call, train.ReleasedFile) && strings.Contains(call, "renameat("):
			c.notes++
		case strings.Contains(call, "unlinkat(") && strings.Contains(call, "/checkpoint/"):
			c.removals++
		}
	}
	return trained, released
}

// TestOperations counts the system calls of a real worker, and compares them with
// those of the simulation: of each run, and of all of them. One that is trained for
// longer than a moment has signs of life more.
func TestOperations(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip(err)
	}
	root := t.TempDir()
	dir := filepath.Join(root, "study")
	calls := traced(t, dir)
	s, err := counted(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want, more int) {
		t.Helper()
		if got < want || got > want+more {
			t.Errorf("%s: %d operations, the simulation has %d", what, got, want)
		}
	}
	candidates := 0
	var runs []string
	var all [2]counts
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !train.IsRun(path) {
			continue
		}
		metrics, err := train.ReadMetrics(path)
		if err != nil {
			t.Fatal(err)
		}
		saves := 0
		for _, m := range metrics {
			if m.Event == train.EventCheckpoint {
				saves++
			}
		}
		spec, err := engine.ReadSpec(path)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Kind == progress.PhasePretrain {
			// It is locked for each candidate that grows from it.
			near("the source", of(calls, path), opsLook+opsTrain+opsSave*saves+opsSource*len(s.Pool), (2+len(s.Pool))*opsBeat)
			continue
		}
		candidates++
		runs = append(runs, path)
		trained, released := split(calls, path)
		near("a candidate", trained.others+min(opsLook, trained.looks), opsLook+opsTrain+opsSave*saves, 2*opsBeat)
		want := opsList*released.lists + opsUnlist*released.unlists + opsNote*released.notes + opsRemove*released.removals
		near("a release", released.others, want, released.unlists*opsBeat)
		all[0].add(trained)
		all[1].add(released)
		if states, _, err := train.CheckpointFiles(path); err != nil || len(states)+released.removals != 2 || released.unlists == 0 {
			t.Errorf("%d states of a candidate, of which %d were removed, %v", len(states), released.removals, err)
		}
	}
	if candidates != len(s.Pool) {
		t.Fatalf("%d candidates, want %d", candidates, len(s.Pool))
	}
	// The releaser reads outcomes: all others, when the first ends, and whenever one is
	// the lowest so far. It lists no more states than there are pairs.
	most := candidates * candidates
	if looks := all[0].looks - candidates*opsLook + all[1].looks; looks < candidates-1 || looks > most || all[1].lists > most || all[1].unlists > 2*candidates {
		t.Errorf("to release %d candidates: %d outcomes read, %d lists, %d attempts at locks", candidates, looks, all[1].lists, all[1].unlists)
	}
	near("the picks", of(calls, filepath.Join(dir, "selected")), opsPicks*candidates, opsPicks*(2+2*candidates)) // asked again before a removal, and while the run is locked
	// A second worker finds the runs ended, and one held.
	unlock, ok, err := train.TryLock(runs[0])
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := os.Remove(filepath.Join(runs[0], train.OutcomeFile)); err != nil {
		t.Fatal(err)
	}
	defer unlock()
	calls = traced(t, dir)
	others := of(calls, root)
	for _, run := range runs {
		others -= of(calls, run)
	}
	near("to join", others, opsJoin, 3*opsBeat) // it locks the data, the study and a directory to try locks
	near("an ended run", of(calls, runs[1]), opsLook, 0)
	// It tries the held one in its first pass, in which it takes the others, and in the
	// next, after which it leaves.
	near("a held run", of(calls, runs[0]), 2*(opsLook+opsHeld)+opsHolder, 0)
}
