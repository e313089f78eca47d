package lag_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// TestWorkers shares a study and a stacking between two processes; this program
// starts the second. The bytes must be those of one process, and every step
// must be trained once.
func TestWorkers(t *testing.T) {
	config, root := smoke(t), t.TempDir()
	config.Growth.Schedule.Steps = 20 // enough for the second process to get a part
	alone, shared := filepath.Join(root, "alone"), filepath.Join(root, "shared")
	if _, err := run(t, config, alone, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	own := 0 // steps of candidates trained in this process
	s, err := lag.Open(config, lag.Options{Dir: shared, Backend: backend.Go, Workers: 2, Observe: func(e progress.Event) {
		if e.Phase == progress.PhaseProbe && e.Point == nil && e.Done > 0 {
			if own == 0 {
				awaitWorker(t, shared)
			}
			own++
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(resultBytes(t, alone, "result.json"), resultBytes(t, shared, "result.json")); diff != "" {
		t.Errorf("the result of two processes differs: %s", diff)
	}
	steps := trainedSteps(t, shared)
	if want := trainedSteps(t, alone); steps != want {
		t.Errorf("%d steps were trained, want %d", steps, want)
	}
	if log := resultBytes(t, shared, "worker-1.log"); strings.Contains(log, "ERRO") || own >= len(s.Pool)*config.Growth.Schedule.Steps {
		t.Errorf("the second process trained nothing: %s", log)
	}
}

// awaitWorker waits until another process trains a candidate, so that the test
// does not depend on how fast the other process starts. It gives up after a
// minute.
func awaitWorker(t *testing.T, dir string) {
	t.Helper()
	for range 600 {
		runs, err := filepath.Glob(filepath.Join(dir, "*", train.MetricsFile))
		if err != nil {
			t.Error(err)
		}
		if len(runs) >= 3 { // of the source, of this process's candidate, of the other's
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// trainedSteps counts the training steps in the logs of all runs.
func trainedSteps(t *testing.T, dir string) int {
	t.Helper()
	steps := 0
	for _, path := range runsOf(t, dir) {
		metrics, err := train.ReadMetrics(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics {
			if m.Event == train.EventTrain {
				steps++
			}
		}
	}
	return steps
}

// TestWorkersRefused checks that impossible options, and work that cannot be
// shared, are refused.
func TestWorkersRefused(t *testing.T) {
	for _, peak := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := lag.Open(smoke(t), lag.Options{Dir: t.TempDir(), PeakFLOPS: peak}); err == nil || !strings.Contains(err.Error(), "peak speed") {
			t.Errorf("a peak speed of %v: got error %v", peak, err)
		}
	}
	config := smoke(t)
	if _, err := lag.Open(config, lag.Options{Dir: t.TempDir(), Workers: -1}); err == nil || !strings.Contains(err.Error(), "-1 workers") {
		t.Errorf("-1 workers: got error %v", err)
	}
	training := smallTraining(t, "bert")
	if _, err := lag.Train(t.Context(), training, lag.Options{Dir: t.TempDir(), Workers: 2}); err == nil || !strings.Contains(err.Error(), "nothing to share") {
		t.Errorf("a training with 2 workers: got error %v", err)
	}
}

// TestWorkerOrder checks that a worker that cannot carry out its order logs why
// and exits with an error, and that nothing else of the program runs.
func TestWorkerOrder(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for order, want := range map[string]string{
		`{"kind":"study","study":{"name":"x"}}` + "\n": "the worker failed",
		`{"kind":"song"}` + "\n":                       `unknown kind \"song\"`,
		"":                                             "reading the order",
	} {
		c := exec.Command(self, "-test.run=^$")
		c.Env, c.Stdin = append(os.Environ(), "LAG_WORKER=1"), strings.NewReader(order)
		out, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "PASS") {
			t.Errorf("order %q: got %v, %s", order, err, out)
		}
	}
}
