package backend_test

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
)

func TestEach(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		sum, err := CallOnce(b.Backend, func(x *Node) *Node { return ReduceAllSum(x) }, []float32{1, 2, 3.5})
		if err != nil {
			t.Fatal(err)
		}
		if got := tensors.ToScalar[float32](sum); got != 6.5 {
			t.Errorf("the sum is %v, want 6.5", got)
		}
		if b.NumDevices() != 1 {
			t.Errorf("%d devices, want 1: several share the same cores", b.NumDevices())
		}
	})
}

// TestAlias checks that XLA is told to use an argument's memory again, and that
// results stay right. It fails if a new GoMLX hides the means.
func TestAlias(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		var aliased bool
		exec, err := NewExec(b.Backend, func(x *Node) *Node {
			aliased = b.Alias(x, 0)
			return AddScalar(x, 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		argument, err := DonateTensorBuffer(tensors.FromValue([]float32{1, 2}), b.Backend, 0)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Call(argument)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tensors.CopyFlatData[float32](out[0]); err != nil || got[0] != 2 || got[1] != 3 {
			t.Errorf("got %v, %v", got, err)
		}
		if want := b.Kind != backend.Go; aliased != want {
			t.Errorf("aliased is %t, want %t", aliased, want)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	for name, want := range map[string]string{
		"abacus":          "unknown backend",
		"go:no_such":      "no_such",
		"xla:no-such":     "no-such",
		"xla:/no/such.so": "backend xla: there is no plugin: stat /no/such.so: no such file",
	} {
		if _, err := backend.Open(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, want)
		}
	}
}

// TestOpenDevices checks that the CPU has as many devices as are asked for, and that
// too many are refused with both numbers.
func TestOpenDevices(t *testing.T) {
	if b := testbackend.Devices(t, 2); b.NumDevices() != 2 || b.Together() != 2 {
		t.Errorf("%d devices, of which %d work together, want 2", b.NumDevices(), b.Together())
	}
	if b := testbackend.XLA(t); b.Together() != 1 {
		t.Errorf("%d devices work together, want 1", b.Together())
	}
	for devices, want := range map[int]string{0: "0 devices are not possible", 2: "backend go has 1 device, and 2 are to train together; use at most 1"} {
		if _, err := backend.OpenDevices(backend.Go, devices); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d devices: error %v", devices, err)
		}
	}
}

// TestEnvironment checks that auto uses the backend of the environment variables.
func TestEnvironment(t *testing.T) {
	t.Setenv(backend.Env, backend.Go)
	b, err := backend.Open(backend.Auto)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if b.Kind != backend.Go {
		t.Errorf("auto took %s, want %s", b.Kind, backend.Go)
	}
}
