// Package testbackend gives tests the backends of the machine: the pure-Go
// engine always, XLA where a plugin is found.
//
// A test that imports it has XLA compile fast code less, in half the time, unless
// XLA_FLAGS is set or LAG_REQUIRE_XLA is 1, as it is in CI, which so tests the code
// that users run. It also does not wait for the disk. Both hold for the processes
// that it starts as well, which inherit its environment.
package testbackend

import (
	"os"
	"sync"
	"testing"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/backend"
)

// RequireXLA is the environment variable that, set to 1, makes tests fail
// where XLA is not found. Without it they are skipped.
const RequireXLA = "LAG_REQUIRE_XLA"

func init() {
	log.SetLevel(log.ErrorLevel) // a test's output is its failures
	if os.Getenv(RequireXLA) != "1" {
		setDefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
	}
	setDefault(atomicfile.NoSync, "1")
}

// setDefault sets an environment variable where it is not set.
func setDefault(name, value string) {
	if _, ok := os.LookupEnv(name); !ok {
		os.Setenv(name, value)
	}
}

var (
	openGo  = sync.OnceValues(func() (*backend.Backend, error) { return backend.Open(backend.Go) })
	openXLA = sync.OnceValues(func() (*backend.Backend, error) { return backend.Open(backend.CPU) })
)

// Go returns the pure-Go backend.
func Go(t testing.TB) *backend.Backend {
	t.Helper()
	b, err := openGo()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// XLA returns XLA on the CPU, or skips the test.
func XLA(t testing.TB) *backend.Backend {
	t.Helper()
	b, err := openXLA()
	if err != nil && os.Getenv(RequireXLA) != "1" {
		t.Skipf("XLA is not tested here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Slow skips what is left of a test with -short on XLA, which takes seconds to
// compile it.
func Slow(t testing.TB, b *backend.Backend) {
	t.Helper()
	if testing.Short() && b.Kind != backend.Go {
		t.Skip("skipped with -short: XLA takes seconds to compile this")
	}
}

// Each runs a test on every backend.
func Each(t *testing.T, test func(t *testing.T, b *backend.Backend)) {
	t.Run("go", func(t *testing.T) { test(t, Go(t)) })
	t.Run("xla", func(t *testing.T) { test(t, XLA(t)) })
}
