package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// sessionOn opens a session of a task on XLA with devices that train together.
func sessionOn(t *testing.T, devices int, task Task, dir string) (*Session, error) {
	t.Helper()
	s, err := Open(t.Context(), task, Options{Dir: dir, Backend: backend.CPU, Devices: devices})
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return s, err
}

// TestDevices: a run records how many devices trained together, workers with
// another number are refused, and another process may go on with another number.
func TestDevices(t *testing.T) {
	testbackend.Slow(t, testbackend.XLA(t))
	task, dir := tinyTask(t), filepath.Join(t.TempDir(), "runs")
	s, err := sessionOn(t, 2, task, dir)
	if err != nil {
		t.Fatal(err)
	}
	r := tinyRun(t, s, 1)
	if _, err := r.To(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	devices := func() int {
		text, err := os.ReadFile(filepath.Join(runDir(t, r), train.EnvironmentFile))
		var e environment
		if err == nil {
			err = json.Unmarshal(text, &e)
		}
		if err != nil {
			t.Fatal(err)
		}
		return e.Devices
	}
	if n := devices(); n != 2 {
		t.Errorf("env.json tells of %d devices, want 2", n)
	}
	alone, err := sessionOn(t, 0, task, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := alone.JoinTeam(); err == nil || !strings.Contains(err.Error(), "for the run "+r.Address()+" 2 devices trained each model together, and in this process it is 1") {
		t.Errorf("a worker with one device joins: %v", err)
	}
	if err := s.JoinTeam(); err != nil {
		t.Errorf("a worker with two devices: %v", err)
	}
	again := tinyRun(t, alone, 1)
	if again.Address() != r.Address() {
		t.Errorf("the number of devices moves the run from %s to %s", r.Address(), again.Address())
	}
	if o, err := again.To(t.Context(), tinySteps); err != nil || o.Steps != tinySteps {
		t.Errorf("going on with one device: %d steps, %v", o.Steps, err)
	}
	if n := devices(); n != 0 {
		t.Errorf("env.json tells of %d devices where one went on, want none", n)
	}
}

// TestDevicesRefused: batches and micro-batches that devices cannot share are refused
// before anything is prepared.
func TestDevicesRefused(t *testing.T) {
	testbackend.XLA(t)
	task, dir := tinyTask(t), filepath.Join(t.TempDir(), "runs")
	task.BatchSize = 3
	const want = "2 devices cannot share a batch of 3 sequences evenly; give a batch size that is a multiple of 2, or fewer devices"
	if _, err := sessionOn(t, 2, task, dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("an odd batch: %v", err)
	}
	s := &Session{backend: testbackend.Devices(t, 2)}
	const parts = "2 devices cannot share each of 3 micro-batches of a batch of 9 sequences evenly; give a batch size that is a multiple of 6, or fewer devices"
	if err := s.checkDevices(9, 3); err == nil || !strings.Contains(err.Error(), parts) {
		t.Errorf("odd micro-batches: %v", err)
	}
	if err := s.checkDevices(12, 3); err != nil {
		t.Error(err)
	}
}
