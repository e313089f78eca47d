package backend

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/log"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/plain"
)

// Names of the backends that [Open] takes.
const (
	Auto = "auto"     // $LAG_BACKEND or $GOMLX_BACKEND if set, otherwise the first of CUDA, TPU, CPU and Go that works
	Go   = "go"       // GoMLX's pure-Go engine, one operation at a time; "go:" can be followed by options
	CPU  = "xla:cpu"  // XLA on the CPU
	CUDA = "xla:cuda" // XLA on an NVIDIA GPU
	TPU  = "xla:tpu"  // XLA on a TPU
)

// Env is the environment variable with the backend for [Auto].
const Env = "LAG_BACKEND"

// Help describes the names for a flag's help text.
const Help = "engine: auto, go, xla:cpu, xla:cuda, xla:tpu or xla:/path/to/plugin.so"

// A Backend is an open engine.
type Backend struct {
	compute.Backend
	// Kind is "go", "xla:cpu", "xla:cuda" or "xla:tpu". Results of different kinds differ in their last bits.
	Kind string
	// Engine is a short name of the engine, such as the PJRT plugin and its version.
	Engine string
	// Devices is how many devices train one model together, each on its part of
	// every batch. 0 means 1. The last digits of results depend on it.
	Devices int

	left *unfinished // what [Backend.Leave] has left
}

// Together returns how many devices train one model together, at least 1.
func (b *Backend) Together() int { return max(1, b.Devices) }

// Open opens the backend with the given name and logs which one it opened and
// why. An empty name means [Auto].
//
// If a backend is not installed the error says how to install it.
func Open(name string) (*Backend, error) { return OpenDevices(name, 1) }

// OpenDevices is [Open] for several devices that train one model together. XLA on
// the CPU then has as many virtual devices, which share the cores and are of use
// for tests alone. A backend with fewer devices, as the pure-Go engine, which has
// one, is an error; [Auto] takes no other in its place.
func OpenDevices(name string, devices int) (*Backend, error) {
	if devices < 1 {
		return nil, fmt.Errorf("%d devices are not possible; use 1 or more", devices)
	}
	name, why := asked(name)
	if name != Auto {
		b, err := open(name, devices)
		if err != nil {
			if strings.HasPrefix(why, "$") {
				err = fmt.Errorf("%s: %w", why, err)
			}
			return nil, err
		}
		report(b, why)
		return b, nil
	}
	var reasons []string
	for _, candidate := range []string{CUDA, TPU, CPU, Go} {
		b, err := open(candidate, devices)
		if _, few := errors.AsType[*fewerDevices](err); few && candidate != Go {
			return nil, err // rather than train on virtual devices of the CPU
		}
		if err == nil {
			why := "the fastest found"
			if candidate == Go {
				why = "no XLA plugin works: " + reasons[len(reasons)-1]
			}
			report(b, why)
			return b, nil
		}
		reasons = append(reasons, err.Error())
	}
	return nil, fmt.Errorf("no backend works: %s", strings.Join(reasons, "; "))
}

// asked returns the name of the backend that is asked for, [Auto] if none is, and
// who asks.
func asked(name string) (_, why string) {
	if name != "" && name != Auto {
		return name, "as asked"
	}
	for _, env := range []string{Env, "GOMLX_BACKEND"} {
		if value := os.Getenv(env); value != "" && value != Auto {
			return value, "$" + env
		}
	}
	return Auto, ""
}

func report(b *Backend, why string) {
	keys := []any{"engine", b.Engine, "devices", b.NumDevices()}
	if b.Together() > 1 {
		keys = append(keys, "together", b.Together())
	}
	log.Info("backend "+b.Kind, append(keys, "why", why)...)
	if b.Kind == CPU && b.Together() > 1 {
		log.Warn("the devices of the CPU are virtual: they share its cores, and are of use for tests alone")
	}
}

// fewerDevices says that a backend has fewer devices than are to train together.
type fewerDevices struct {
	name      string
	has, want int
}

func (e *fewerDevices) Error() string {
	return fmt.Sprintf("backend %s has %s, and %d are to train together; use at most %d", e.name, plain.Count(e.has, "device"), e.want, e.has)
}

// open opens a backend for a number of devices.
func open(name string, devices int) (*Backend, error) {
	b, err := openFor(name, devices)
	if err != nil {
		return nil, err
	}
	if has := b.NumDevices(); has < devices {
		b.Finalize()
		return nil, &fewerDevices{name, has, devices}
	}
	b.Devices = devices
	return b, nil
}

func openFor(name string, devices int) (*Backend, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	engine, options, _ := strings.Cut(name, ":")
	switch engine {
	case "go":
		if options == "" {
			// Parallel operations can starve each other in the engine's pool of
			// workers (compute v0.1.3) and hang a training run forever. Without a
			// limit on workers (ops_parallel,parallelism=-1) they cannot, and a step
			// at the size of quick is 1.4 times as fast, but an operation that fails
			// keeps a lock for which the others wait. One operation at a time uses
			// the cores within it, and its parts wait for nothing.
			options = "ops_sequential"
		}
		b, err := gobackend.New(options)
		if err != nil {
			return nil, fmt.Errorf("backend %s: %w", name, err)
		}
		return &Backend{Backend: b, Kind: Go, Engine: "GoMLX's pure-Go engine", left: new(unfinished)}, nil
	default:
		return openXLA(options, devices)
	}
}

// CheckName returns an error for a name that is no backend's on any machine. Whether the
// backend is installed here is for [Open] to find out.
func CheckName(name string) error {
	engine, options, _ := strings.Cut(name, ":")
	switch engine {
	case "", Auto, "go":
		return nil
	case "xla":
		if plugin, _, _ := strings.Cut(options, ","); plugin == "" {
			return fmt.Errorf("backend xla: the device is missing; give %s, %s or %s", CPU, CUDA, TPU)
		}
		return nil
	}
	return fmt.Errorf("unknown backend %q%s; it is auto, go, xla:cpu, xla:cuda, xla:tpu or xla:/path/to/plugin.so", name, closest.Hint(name, []string{Auto, Go, CPU, CUDA, TPU}))
}
