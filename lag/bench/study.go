package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/backend/programs"
)

// The study: candidates are trained and evaluated, from the start of the command
// to its result.
const (
	studyCandidates  = 8
	studyEvaluations = 8  // of a peer's candidate; lag has 10
	studyPretraining = 20 // steps of lag's source model; the peers have none
)

// strategies are lag's candidates, which exist for 3 layers to 6 and 2 to 4.
const strategies = "stack,interleave,repeat-last-1,append-1@0,random-bottom,random-middle,random-top,stack-zero"

// arrangement is a way to run the study.
type arrangement struct {
	name string
	own  bool
	warm bool // what the arrangement before it compiled may be used
	run  func(ctx context.Context, s studyPlace) error
}

// studyPlace is where a study of a shape runs.
type studyPlace struct {
	shape   shape
	files   string // the shape's files, for the peers
	scratch string // a directory of its own
	cache   string // of compiled programs; empty at the start of a cold arrangement
	data    string // prepared data of lag
	log     *os.File
	steps   int // of each candidate
}

// studied is what an arrangement came to.
type studied struct {
	Arrangement string    `json:"arrangement"`
	Own         bool      `json:"own"`
	Seconds     []float64 `json:"seconds"`           // for each round
	Again       []float64 `json:"again_s,omitempty"` // asking again for the finished study
}

// arrangements lists all ways, each cold one before its warm one.
func (p peers) arrangements(lag string) []arrangement {
	var list []arrangement
	for workers := 1; workers <= 2; workers++ {
		for _, heat := range []string{"cold", "warm"} {
			list = append(list, arrangement{fmt.Sprintf("lag, %d, %s", workers, heat), true, heat == "warm", func(ctx context.Context, s studyPlace) error {
				return together(ctx, s.log, []*exec.Cmd{ownStudy(ctx, lag, s, workers)})
			}})
		}
	}
	for _, kind := range []struct {
		name, kind string
		caches     []string // whether it starts cold or warm, or neither
	}{{torchEager, "eager", []string{""}}, {torchCompile, "compile", []string{", cold", ", warm"}}, {jaxPlain, "jax", []string{", cold", ", warm"}}} {
		for processes := 1; processes <= 2; processes++ {
			for _, heat := range kind.caches {
				list = append(list, arrangement{fmt.Sprintf("%s, %d%s", kind.name, processes, heat), false, heat == ", warm", func(ctx context.Context, s studyPlace) error {
					return together(ctx, s.log, p.study(ctx, kind.kind, s, processes))
				}})
			}
		}
	}
	return list
}

// defaultArrangements are the best ways of each, as far as is known.
const defaultArrangements = "lag, 2, cold; lag, 2, warm; torch-eager, 2; torch-compile, 2, cold; torch-compile, 2, warm"

// chosen returns the arrangements with the given names.
func chosen(all []arrangement, names string) ([]arrangement, error) {
	var list []arrangement
	for name := range strings.SplitSeq(names, ";") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(all, func(a arrangement) bool { return a.name == name })
		switch {
		case i >= 0:
			list = append(list, all[i])
		case name == "all":
			list = append(list, all...)
		default:
			var known []string
			for _, a := range all {
				known = append(known, a.name)
			}
			return nil, fmt.Errorf("there is no arrangement %q; they are %q, or all", name, known)
		}
	}
	return list, nil
}

// ownStudy is lag's command. Its time holds the pretraining of the source.
func ownStudy(ctx context.Context, lag string, s studyPlace, workers int) *exec.Cmd {
	flags := append([]string{"study", "-preset", "quick", "-name", "bench", "-out", filepath.Join(s.scratch, "run"), "-data", s.data,
		"-workers", strconv.Itoa(workers), "-pretrain", strconv.Itoa(studyPretraining), "-pretrain-warmup", "10", "-steps", strconv.Itoa(s.steps),
		"-lag", strconv.Itoa(s.steps / 5), "-strategies", strategies, "-rules", fmt.Sprintf("lag:%d loss-at-init oracle", s.steps/5), "-gate", "1", "-early-validation", "0"}, s.shape.study...)
	cmd := exec.CommandContext(ctx, lag, flags...)
	cmd.Env = append(os.Environ(), programs.Env+"="+filepath.Join(s.cache, "programs"))
	return cmd
}

// study returns the processes of a peer's study, each with its share of the
// candidates and, if there are several, one core.
func (p peers) study(ctx context.Context, kind string, s studyPlace, processes int) []*exec.Cmd {
	var list []*exec.Cmd
	threads := max(1, p.threads/processes)
	for i := range processes {
		line := []string{p.python, filepath.Join(p.programs, "study.py"), kind, s.files,
			strconv.Itoa(studyCandidates / processes), strconv.Itoa(s.steps), strconv.Itoa(studyEvaluations), strconv.Itoa(threads)}
		if processes > 1 {
			line = append([]string{"taskset", "-c", strconv.Itoa(i)}, line...)
		}
		cmd := exec.CommandContext(ctx, line[0], line[1:]...)
		cmd.Env = append(os.Environ(), p.env(threads)...)
		cmd.Env = append(cmd.Env, "TORCHINDUCTOR_CACHE_DIR="+filepath.Join(s.cache, "inductor"),
			"JAX_COMPILATION_CACHE_DIR="+filepath.Join(s.cache, "jax"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0")
		list = append(list, cmd)
	}
	return list
}

// together runs commands at the same time until all have ended.
func together(ctx context.Context, log *os.File, commands []*exec.Cmd) error {
	var errs []error
	for _, cmd := range commands {
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = log, log, 5*time.Second
		ownGroup(cmd)
		cmd.Cancel = func() error { return end(cmd) }
		if err := cmd.Start(); err != nil {
			errs = append(errs, err)
		}
	}
	for _, cmd := range commands {
		if cmd.Process == nil {
			continue
		}
		if err := cmd.Wait(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w; its log is %s", filepath.Base(cmd.Path), err, log.Name()))
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(errs...)
}

// runStudy measures the arrangements at a shape, one after another in each
// round.
func (p peers) runStudy(ctx context.Context, lag string, place studyPlace, list []arrangement, rounds int) ([]*studied, error) {
	// Preparing the data is not measured: the peers have none to prepare.
	if err := prepareStudy(ctx, lag, place); err != nil {
		return nil, err
	}
	results := make([]*studied, len(list))
	for i, a := range list {
		results[i] = &studied{Arrangement: a.name, Own: a.own}
	}
	root := place.scratch
	for round := range rounds {
		for i, a := range list {
			at := place
			at.scratch = filepath.Join(root, fmt.Sprintf("%d-%d", round, i))
			at.cache = filepath.Join(root, "cache-"+cacheName(a.name))
			if !a.warm {
				if err := os.RemoveAll(at.cache); err != nil {
					return results, err
				}
			} else if _, err := os.Stat(at.cache); err != nil { // nothing cold ran before
				if err := a.run(ctx, warming(at)); err != nil {
					return results, err
				}
			}
			if err := errors.Join(os.MkdirAll(at.scratch, 0o777), os.MkdirAll(at.cache, 0o777)); err != nil {
				return results, err
			}
			begun := time.Now()
			if err := a.run(ctx, at); err != nil {
				return results, fmt.Errorf("the study of %s by %s: %w", place.shape.name, a.name, err)
			}
			seconds := time.Since(begun).Seconds()
			results[i].Seconds = append(results[i].Seconds, seconds)
			if a.own { // once more: all is there
				begun = time.Now()
				if err := a.run(ctx, at); err != nil {
					return results, err
				}
				results[i].Again = append(results[i].Again, time.Since(begun).Seconds())
			}
			log.Info("study", "shape", place.shape.name, "round", round+1, "of", a.name, "seconds", round2(seconds))
			if err := os.RemoveAll(at.scratch); err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

// cacheName is the name of the cache of an arrangement, cold or warm. It has no
// spaces, which torch.compile does not take in paths.
func cacheName(arrangement string) string {
	return strings.NewReplacer(", cold", "", ", warm", "", ", ", "-").Replace(arrangement)
}

// warming returns the place of a run that only fills the cache.
func warming(s studyPlace) studyPlace {
	s.scratch += "-warming"
	return s
}

// fewSteps are flags of lag study for one that has hardly any, and so only prepares
// the data.
var fewSteps = []string{"-pretrain", "1", "-pretrain-warmup", "0", "-steps", "2", "-lag", "1", "-warmup", "0", "-gate", "1", "-strategies", "stack", "-rules", "oracle"}

// prepareStudy has lag make its data, by a study that has hardly any steps.
func prepareStudy(ctx context.Context, lag string, s studyPlace) error {
	s.scratch = filepath.Join(s.scratch, "prepare")
	if err := os.MkdirAll(s.scratch, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(s.scratch)
	cmd := ownStudy(ctx, lag, s, 1)
	cmd.Args = append(cmd.Args, fewSteps...)
	return together(ctx, s.log, []*exec.Cmd{cmd})
}
