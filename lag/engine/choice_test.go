package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

// TestChoose: the fastest number of processes is chosen, where more of them are only
// worth a clear gain, and no more are measured than necessary.
func TestChoose(t *testing.T) {
	failed := errors.New("out of memory")
	for name, c := range map[string]struct {
		limit  int
		rates  map[int]float64 // others fail
		want   int
		tried  []int
		refuse bool
	}{
		"more are faster":        {8, map[int]float64{1: 10, 2: 18, 4: 30, 8: 40}, 8, []int{1, 2, 4, 8}, false},
		"a limit between":        {6, map[int]float64{1: 10, 2: 18, 4: 30, 6: 35}, 6, []int{1, 2, 4, 6}, false},
		"the second is the best": {8, map[int]float64{1: 10, 2: 18, 4: 17}, 2, []int{1, 2, 4}, false},
		"one is the best":        {8, map[int]float64{1: 10, 2: 9}, 1, []int{1, 2}, false},
		"a gain of two percent":  {8, map[int]float64{1: 10, 2: 10.2}, 1, []int{1, 2}, false},
		"only one":               {1, map[int]float64{1: 10}, 1, []int{1}, false},
		"too many fail":          {8, map[int]float64{1: 10, 2: 18}, 2, []int{1, 2, 4}, false},
		"one fails":              {8, nil, 0, []int{1}, true},
		"no speed":               {8, map[int]float64{1: 0}, 0, []int{1}, true},
		"no speed of several":    {8, map[int]float64{1: 10, 2: 18, 4: 0}, 2, []int{1, 2, 4}, false},
	} {
		var tried []int
		choice, err := Choose(t.Context(), c.limit, func(_ context.Context, n int) (float64, error) {
			tried = append(tried, n)
			if rate, ok := c.rates[n]; ok {
				return rate, nil
			}
			return 0, failed
		})
		if (err != nil) != c.refuse || choice.Processes != c.want && !c.refuse || !reflect.DeepEqual(tried, c.tried) {
			t.Errorf("%s: %d processes, %v, measured %v; want %d, %v", name, choice.Processes, err, tried, c.want, c.tried)
		}
		if !c.refuse && choice.String() == "" {
			t.Errorf("%s: the choice does not say what was measured", name)
		}
	}
}

// TestChooseCanceled: a cancellation ends the measurement and is the error.
func TestChooseCanceled(t *testing.T) {
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := Choose(ctx, 4, func(context.Context, int) (float64, error) {
		cancel(stopped)
		return 0, errors.New("killed")
	})
	if err != stopped {
		t.Errorf("error %v", err)
	}
}

// TestChooseProcesses: a choice is remembered for its model, task and limit, made
// again if the file is damaged or the machine was busy, and not made where nothing can be shared.
func TestChooseProcesses(t *testing.T) {
	if cores.Usable() < 2 {
		t.Skip("this machine has one core, which processes cannot share")
	}
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	task := tinyTask(t)
	s := Sketch(task, testbackend.Go(t), "fingerprint")
	measured, load := 0, 0.0
	choose := func(s *Session, limit int) (Choice, bool) {
		t.Helper()
		choice, remembered, err := s.ChooseProcesses(t.Context(), task.Model, limit, load, func(_ context.Context, n int) (float64, error) {
			measured++
			return float64(n), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return choice, remembered
	}
	load = 2 * float64(cores.Online())
	if busy, remembered := choose(s, 2); busy.Processes != 2 || remembered {
		t.Errorf("on a busy machine: %+v, remembered %v", busy, remembered)
	}
	measured, load = 0, 0
	first, remembered := choose(s, 2)
	if first.Processes != 2 || remembered || measured != 2 {
		t.Errorf("first: %+v, remembered %v, %d measured", first, remembered, measured)
	}
	if again, remembered := choose(s, 2); !reflect.DeepEqual(again, first) || !remembered || measured != 2 {
		t.Errorf("again: %+v, remembered %v, %d measured", again, remembered, measured)
	}
	wider := task
	wider.BatchSize *= 2
	if _, remembered := choose(Sketch(wider, testbackend.Go(t), "fingerprint"), 2); remembered {
		t.Error("the choice for another batch size was taken")
	}
	var files []string
	err := filepath.WalkDir(cache, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Base(filepath.Dir(path)) == "workers" {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		if err := os.WriteFile(path, []byte(`{"processes": 0}`), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if again, remembered := choose(s, 2); !reflect.DeepEqual(again, first) || remembered {
		t.Errorf("from a damaged file: %+v, remembered %v", again, remembered)
	}
	before := measured
	if one, _ := choose(s, 1); one.Processes != 1 || measured != before {
		t.Errorf("for one run: %+v, %d measured", one, measured-before)
	}
	device := Sketch(task, &backend.Backend{Backend: testbackend.Go(t).Backend, Kind: backend.CUDA}, "fingerprint")
	if one, _ := choose(device, 2); one.Processes != 1 || measured != before {
		t.Errorf("on a device: %+v, %d measured", one, measured-before)
	}
}
