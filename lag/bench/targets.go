package main

import (
	"fmt"
	"io"
)

// Targets on two cores.
const (
	jaxTarget     = 1.0  // speed relative to JAX with the same allocator
	studyTarget   = 1.3  // speed of the study relative to the best arrangement of the best peer
	targetSteps   = 100  // of a candidate
	shareTarget   = 0.08 // of a study's time, that is not training
	firstTarget   = 5    // seconds to the first step of mini
	layersTarget  = 2.2  // compiling 24 layers relative to 12
	growTarget    = 1    // seconds
	againTarget   = 1    // seconds
	analyzeTarget = 5    // seconds
)

// stepTargets are the speeds to reach, relative to the faster of some peers, or of
// all.
var stepTargets = map[string]struct {
	target float64
	of     []string
}{
	"quick": {1.2, compiled}, "toy": {1.2, compiled}, "mini": {1.1, compiled}, "small": {1.1, compiled}, "base": {1.05, nil}, "ul2-tiny": {1.05, nil},
}

// compiled are the two ways to use torch.compile.
var compiled = []string{torchCompile, torchAll}

// writeTargets writes what was to be reached and what was.
func (r *results) writeTargets(w io.Writer) {
	head(w, "", "target", "measured", "reached")
	for _, s := range r.Shapes {
		goal, ok := stepTargets[s.Shape]
		if !ok {
			continue
		}
		which, peer := "the best peer", s.bestPeer(relativeStep, goal.of...)
		if goal.of != nil {
			which = "torch.compile"
		}
		against := s.against(peer)
		row(w, fmt.Sprintf("%s: tokens/s relative to %s (%s)", s.Shape, which, peer), fmt.Sprintf("%.2f", goal.target), against.String(), against.reaches(goal.target))
		against = s.against(jaxTuned)
		row(w, s.Shape+": relative to JAX with the same allocator", fmt.Sprintf("%.2f", jaxTarget), against.String(), against.reaches(jaxTarget))
	}
	for _, s := range r.Shapes {
		if own, peer := s.contestant(ownName), s.contestant(s.bestPeer(peakMemory)); s.Shape == "base" && own != nil && peer != nil {
			row(w, "base: peak memory, MB", "at most the best peer's, "+thousands(peer.Peak)+" ("+peer.Contestant+")", thousands(own.Peak), yes(own.Peak <= peer.Peak))
		}
	}
	for _, s := range r.Studies {
		own, peer := s.best(true), s.best(false)
		if own == nil || peer == nil || s.Steps < targetSteps {
			continue
		}
		ratio := speedup(own.Seconds, peer.Seconds)
		row(w, fmt.Sprintf("study at %s: %s relative to %s", s.Shape, own.Arrangement, peer.Arrangement), fmt.Sprintf("%.2f", studyTarget), ratio.String(), ratio.reaches(studyTarget))
		if again := spreadOf(own.Again); again.Rounds > 0 {
			row(w, fmt.Sprintf("study at %s: asking again, s", s.Shape), fmt.Sprintf("at most %d", againTarget), seconds(own.Again), yes(again.Max <= againTarget))
		}
	}
	for _, p := range r.Presets {
		row(w, fmt.Sprintf("preset %s: all but training steps, of its time", p.Preset), "at most "+percent(shareTarget), percent(p.share()), yes(p.share() <= shareTarget))
	}
	if r.Rest == nil {
		return
	}
	f := r.Rest.Figures
	atMost := func(what string, list []float64, target float64) {
		row(w, what, fmt.Sprintf("at most %g", target), seconds(list), yes(spreadOf(list).Max <= target))
	}
	atMost("first training step of `mini` from `go run` on, no compiled programs, s", f.FirstStepCold, firstTarget)
	atMost("first training step of `mini` from `go run` on, s", f.FirstStep, firstTarget)
	layers := speedup(f.Layers12, f.Layers24)
	row(w, "compiling 24 layers relative to 12", fmt.Sprintf("at most %g", layersTarget), layers.String(), yes(layers.Max <= layersTarget))
	atMost("growing BERT-Base from 6 to 12 layers, s", f.Grow, growTarget)
	atMost("analysing 200 candidates with 1,000 evaluations, s", f.Analyze, analyzeTarget)
}

func yes(reached bool) string {
	if reached {
		return "yes"
	}
	return "no"
}
