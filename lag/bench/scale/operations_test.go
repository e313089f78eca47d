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
		runs = append(runs, path)
		want, text, beats := opsLook+opsTrain+opsSave*saves, "a candidate", 2
		if candidates++; of(calls, path) > want+opsSource {
			candidates--
			// It is locked for each candidate that grows from it.
			want, text, beats = want+opsSource*len(s.Pool), "the source", 2+len(s.Pool)
		}
		near(text, of(calls, path), want, beats*opsBeat)
	}
	if candidates != len(s.Pool) {
		t.Fatalf("%d candidates, want %d", candidates, len(s.Pool))
	}
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
