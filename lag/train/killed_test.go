package train_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// Variables of a child process: this test binary, executed again.
const (
	childDir       = "TRAIN_TEST_DIR"
	childBackend   = "TRAIN_TEST_BACKEND"
	childOptimizer = "TRAIN_TEST_OPTIMIZER"
	childMoment    = "TRAIN_TEST_MOMENT" // when to die
)

func TestMain(m *testing.M) {
	if os.Getenv(childDir) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child trains until its moment comes, and is then killed as by kill -9. A
// moment is a word and a number of steps: "step 7" is when 7 updates are done.
func child() error {
	limitFiles()
	b, err := backend.Open(os.Getenv(childBackend))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(optimizers, func(o train.Optimizer) bool { return o.Name() == os.Getenv(childOptimizer) })
	run, err := newRun(b, quickModel(b), optimizers[i], os.Getenv(childDir), 1e-2)
	if err != nil {
		return err
	}
	reached := func(moment string, step int) {
		if os.Getenv(childMoment) == moment+" "+strconv.Itoa(step) {
			die()
		}
	}
	train.OnReached(reached)
	run.Observe = func(step int, _ float64, validation bool) {
		if !validation {
			reached("step", step)
		}
	}
	_, err = run.Do(context.Background())
	return err
}

func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// runChild does a run in a child process and returns what it wrote.
func runChild(b *backend.Backend, optimizer train.Optimizer, dir, moment string, more ...string) (output string, err error) {
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), more...), childDir+"="+dir, childBackend+"="+b.Kind,
		childOptimizer+"="+optimizer.Name(), childMoment+"="+moment)
	out, err := c.CombinedOutput()
	return string(out), err
}

// TestKilled trains 40 steps; and trains, is killed, and trains on in another
// process: parameters, moments and metrics are the same, bit for bit.
func TestKilled(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		for i, optimizer := range optimizers {
			moments := map[string][]string{ // and the checkpoints that are there by then
				"step 20":   checkpointNames(10),
				"saved 20":  checkpointNames(10, 20),
				"step 27":   checkpointNames(10, 20),
				"step 9":    nil,
				"saving 30": checkpointNames(10, 20),
				"saved 30":  checkpointNames(10, 20, 30), // an old one goes when the new one is there
				"saved 40":  checkpointNames(20, 30, 40),
			}
			if b.Kind != backend.Go || i > 0 {
				moments = map[string][]string{"step 27": checkpointNames(10, 20)}
			}
			whole := mustRun(t, b, quickModel(b), optimizer, t.TempDir(), 1e-2)
			do(t, whole)
			want := endOf(t, whole)
			for moment, left := range moments {
				what := optimizer.Name() + ", " + moment
				run := mustRun(t, b, quickModel(b), optimizer, t.TempDir(), 1e-2)
				if out, err := runChild(b, optimizer, run.Study, moment); err == nil || out != "" {
					t.Fatalf("%s: the child was not killed: %v, %s", what, err, out)
				}
				if left != nil {
					if got := checkpoints(t, run); !slices.Equal(got, left) {
						t.Errorf("%s: it left %v, want %v", what, got, left)
					}
				}
				do(t, run)
				sameEnd(t, what, endOf(t, run), want)
				if got := checkpoints(t, run); !slices.Equal(got, checkpointNames(30, 40)) {
					t.Errorf("%s: there are %v at the end", what, got)
				}
			}
		}
	})
}

// TestHalfWritten: what a killed process left half written is no checkpoint,
// and is removed.
func TestHalfWritten(t *testing.T) {
	b := testbackend.Go(t)
	run := adamwRun(t, b, t.TempDir(), 1e-2)
	interrupt(t, run, 20)
	dir := train.CheckpointDir(dirOf(t, run))
	whole, err := os.ReadFile(filepath.Join(dir, checkpointNames(20)[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, half := range []string{filepath.Join(dir, checkpointNames(30)[0]+".0123abcd.tmp"), filepath.Join(dirOf(t, run), "env.json.0123abcd.tmp")} {
		if err := os.WriteFile(half, whole[:len(whole)/2], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do(t, run)
	left, err := filepath.Glob(filepath.Join(run.Study, "*", "*.tmp"))
	more, err2 := filepath.Glob(filepath.Join(run.Study, "*", "*", "*.tmp"))
	if err := errors.Join(err, err2); err != nil || len(left)+len(more) > 0 {
		t.Errorf("there are %v, %v at the end, error %v", left, more, err)
	}
}

// TestFullDisk: where there is no room for a checkpoint, the error says so, the
// one before it stays, and the run goes on once there is room.
func TestFullDisk(t *testing.T) {
	b, optimizer := testbackend.Go(t), train.NewAdamW()
	whole := mustRun(t, b, quickModel(b), optimizer, t.TempDir(), 1e-2)
	do(t, whole)
	run := mustRun(t, b, quickModel(b), optimizer, t.TempDir(), 1e-2)
	interrupt(t, run, 20)
	info, err := os.Stat(filepath.Join(train.CheckpointDir(dirOf(t, run)), checkpointNames(20)[0]))
	if err != nil {
		t.Fatal(err)
	}
	out, err := runChild(b, optimizer, run.Study, "", childLimit+"="+strconv.FormatInt(info.Size()/2, 10))
	if limited && (err == nil || strings.Count(out, "\n") != 1 || !strings.Contains(out, "file too large") ||
		!strings.Contains(out, checkpointNames(30)[0]) || !strings.Contains(out, "the state after 20 steps is kept")) {
		t.Errorf("no room for a checkpoint: %v, %s", err, out)
	}
	if got := checkpoints(t, run); limited && !slices.Equal(got, checkpointNames(10, 20)) {
		t.Errorf("a full disk left %v", got)
	}
	do(t, run)
	sameEnd(t, "after a full disk", endOf(t, run), endOf(t, whole))
}
