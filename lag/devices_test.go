package lag

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/engine"
)

// TestWorkersDevices: each worker is started with its share of the GPUs that the
// process which starts it sees. That one uses the first.
func TestWorkersDevices(t *testing.T) {
	t.Setenv(backend.CUDAVisible, "2,GPU-7,5,6")
	// start returns what the worker of a number sees.
	start := func(o Options, index int) (string, error) {
		work, ok := o.processes(t.TempDir(), order{Kind: orderStudy}).(engine.Processes)
		if !ok {
			t.Fatalf("with %+v one process does all", o)
		}
		c, input, err := work.Command(t.Context(), index)
		if err != nil {
			return "", err
		}
		if want := fmt.Sprintf(`"devices":%d,"index":%d`, o.Devices, index); !strings.Contains(string(input), want) {
			t.Errorf("the order %s lacks %s", input, want)
		}
		var sees string
		for _, setting := range c.Env { // of two settings the last holds
			if value, ok := strings.CutPrefix(setting, backend.CUDAVisible+"="); ok {
				sees = value
			}
		}
		return sees, nil
	}
	for _, test := range []struct {
		o     Options
		index int
		want  string
	}{
		{Options{Backend: backend.CUDA, Workers: 3}, 1, "GPU-7"},
		{Options{Backend: backend.CUDA, Workers: 3, Devices: 1}, 2, "5"},
		{Options{Backend: backend.CUDA, Workers: 2, Devices: 2}, 1, "5,6"},
		{Options{Backend: backend.CUDA, Workers: 6}, 5, "GPU-7"},
		{Options{Backend: backend.CPU, Workers: 3}, 1, "2,GPU-7,5,6"},
	} {
		if got, err := start(test.o, test.index); err != nil || got != test.want {
			t.Errorf("worker %d of %+v sees %q, want %q, %v", test.index, test.o, got, test.want, err)
		}
	}
	if _, err := start(Options{Backend: backend.CUDA, Workers: 3, Devices: 2}, 1); err == nil || !strings.Contains(err.Error(), "need 6, and this process sees 4") {
		t.Errorf("more devices than there are: %v", err)
	}
}

// TestDevicesOptions checks that impossible numbers of devices are refused.
func TestDevicesOptions(t *testing.T) {
	if err := (Options{Devices: -1}).validate(); err == nil || !strings.Contains(err.Error(), "-1 devices are not possible") {
		t.Errorf("-1 devices: %v", err)
	}
	config, err := Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Work(Options{Dir: t.TempDir(), Devices: 2}); err == nil || !strings.Contains(err.Error(), "a worker on a cluster trains with one device, and 2 were asked for") {
		t.Errorf("on a cluster: %v", err)
	}
}
