// Package testbackend gives tests the backends of the machine: the pure-Go
// engine, and XLA if a plugin is installed.
//
// In tests that import this package, XLA optimizes less, so that it compiles in
// about half the time. XLA optimizes as usual if XLA_FLAGS is already set, or if
// LAG_REQUIRE_XLA is 1, as in CI, which therefore tests the code that users run.
// The tests also do not wait for the disk, see [atomicfile.NoSync], and collect
// garbage less often. All of this is set in the environment, so it also holds for
// processes that tests start.
package testbackend

import (
	"os"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/backend"
)

// RequireXLA is an environment variable. If it is 1, tests fail if XLA is not
// found; otherwise they are skipped.
const RequireXLA = "LAG_REQUIRE_XLA"

func init() {
	if os.Getenv("LAG_WORKER") == "" { // a worker logs as it does in a program, and tests read it
		log.SetLevel(log.ErrorLevel)
	}
	if os.Getenv(RequireXLA) != "1" {
		setDefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
	}
	setDefault(atomicfile.NoSync, "1")
	if _, ok := os.LookupEnv("GOGC"); !ok { // tiny models leave much garbage and little else
		debug.SetGCPercent(400)
		os.Setenv("GOGC", "400") // of processes that tests start
	}
}

// setDefault sets an environment variable unless it is set.
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

// Devices returns XLA with several virtual devices on the CPU that train together,
// or skips the test.
func Devices(t testing.TB, n int) *backend.Backend {
	t.Helper()
	XLA(t)
	open, _ := openDevices.LoadOrStore(n, sync.OnceValues(func() (*backend.Backend, error) { return backend.OpenDevices(backend.CPU, n) }))
	b, err := open.(func() (*backend.Backend, error))()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openDevices opens XLA, by the number of devices.
var openDevices sync.Map

// Slow skips the rest of a test with XLA under -short, because XLA takes
// seconds to compile it.
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
