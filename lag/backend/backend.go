package backend

import (
	"fmt"
	"os"
	"strings"

	"github.com/charmbracelet/log"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"

	"github.com/landscape-aware/growing/data/closest"
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

	left *unfinished // what [Backend.Leave] has left
}

// Open opens the backend with the given name and logs which one it opened and
// why. An empty name means [Auto].
//
// If a backend is not installed the error says how to install it.
func Open(name string) (*Backend, error) {
	why := "as asked"
	if name == "" || name == Auto {
		name, why = Auto, ""
		for _, env := range []string{Env, "GOMLX_BACKEND"} {
			if value := os.Getenv(env); value != "" && value != Auto {
				name, why = value, "$"+env
				break
			}
		}
	}
	if name != Auto {
		b, err := open(name)
		if err != nil {
			return nil, err
		}
		report(b, why)
		return b, nil
	}
	var reasons []string
	for _, candidate := range []string{CUDA, TPU, CPU, Go} {
		b, err := open(candidate)
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

func report(b *Backend, why string) {
	log.Info("backend "+b.Kind, "engine", b.Engine, "devices", b.NumDevices(), "why", why)
}

func open(name string) (*Backend, error) {
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
		return &Backend{b, Go, "GoMLX's pure-Go engine", new(unfinished)}, nil
	case "xla":
		return openXLA(options)
	}
	return nil, fmt.Errorf("unknown backend %q%s; it is auto, go, xla:cpu, xla:cuda, xla:tpu or xla:/path/to/plugin.so", name, closest.Hint(name, []string{Auto, Go, CPU, CUDA, TPU}))
}
