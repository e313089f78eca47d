package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"

	"github.com/landscape-aware/growing/lag/backend"
	_ "github.com/landscape-aware/growing/lag/model/families"
	"github.com/landscape-aware/growing/lag/train"
)

// compete is lag as a contestant: it answers the requests on in, see
// [contestant], for the shape of a directory.
func compete(dir string, in io.Reader, out io.Writer) error {
	file, weights, batches, err := readShape(dir)
	if err != nil {
		return err
	}
	engine, err := backend.Open(file.Backend)
	if err != nil {
		return err
	}
	defer engine.Finalize()
	program, err := train.NewProgram(engine, file.Model, file.Optimizer)
	if err != nil {
		return err
	}
	var start train.Snapshot
	start.Params = weights
	state, err := program.Restore(start)
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(answer{Versions: map[string]string{"engine": engine.Engine, "gomlx": gomlx()}}); err != nil {
		return err
	}
	done := 0
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		var a answer
		for range r.Steps {
			u, err := program.Step(state, train.Step{Batches: []train.Batch{batches[done%len(batches)]}, Rate: file.Rate})
			if err != nil {
				return err
			}
			if u.Diverged() || math.IsNaN(u.Loss) {
				return fmt.Errorf("step %d diverged", done)
			}
			a.Losses = append(a.Losses, u.Loss)
			done++
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

// gomlx returns the version of GoMLX in this program.
func gomlx() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, m := range info.Deps {
			if m.Path == "github.com/gomlx/gomlx" {
				return m.Version
			}
		}
	}
	return "unknown"
}

// executable returns the command line of this program as a contestant.
func executable() ([]string, error) {
	path, err := os.Executable()
	return []string{path, competeCommand}, err
}

// competeCommand is the argument with which this program starts itself.
const competeCommand = "compete"
