// Command probe opens one backend, runs a small graph on it, compares what it
// computes with float64, and prints the result as one line of JSON. `go run ./kernels doctor` runs it as a separate
// program, because a plugin may crash.
//
//	probe go | xla:cpu | xla:/path/to/plugin.so
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/charmbracelet/log"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/landscape-aware/growing/kernels/internal/doctor/report"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/selfcheck"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: probe go | xla:cpu | xla:/path/to/plugin.so")
		os.Exit(2)
	}
	log.SetLevel(log.WarnLevel)
	var r report.Probe
	if err := probe(os.Args[1], &r); err != nil {
		r.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		log.Fatal("printing the result", "error", err)
	}
}

func probe(name string, r *report.Probe) error {
	if err := inspect(name, r); err != nil {
		return err
	}
	b, err := backend.Open(name)
	if err != nil {
		return err
	}
	defer b.Finalize()
	r.Description = b.Description()
	sum, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node {
		return graph.ReduceAllSum(graph.MatMul(x, graph.Transpose(x, 0, 1)))
	}, [][]float32{{1, 2}, {3, 4}})
	if err != nil {
		return fmt.Errorf("running a small graph: %w", err)
	}
	// The sum of all elements of x times its transpose is |column sums|^2 = 4^2 + 6^2.
	if got, want := float64(sum.Value().(float32)), 52.0; math.Abs(got-want) > 1e-4 {
		return fmt.Errorf("a small graph gave %g, want %g", got, want)
	}
	checked, err := selfcheck.Run(context.Background(), b, selfcheck.Few)
	if err != nil {
		return err
	}
	r.Ran, r.Checked = true, checked.String()
	return nil
}
