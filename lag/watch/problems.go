package watch

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
)

// mostProblems is the number of runs that are named for one kind of problem.
const mostProblems = 3

// Abandoned is the warning of a state that is [Stopped].
const Abandoned = "No process is at work here, and not everything is done. The command that began it goes on where it stopped."

// quiet is the time without a new line in its log after which a run at work is
// worth a look: compilation for a device may take minutes.
const quiet = 5 * time.Minute

// tellProblems adds the warnings and the notes.
func (w *Watcher) tellProblems(s *State, all []*watched) {
	warn := func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }
	note := func(format string, args ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, args...)) }
	if w.problem != nil {
		warn("%v", w.problem)
	}
	if w.index.Edited {
		warn("The configuration was changed after it was written, on purpose or by damage; it is used as it is.")
	}
	if w.resultBad != nil {
		warn("%v", w.resultBad)
	}
	if s.Status == Stopped {
		warn(Abandoned)
	}
	var damaged, diverged, left []*watched
	others := 0
	for _, r := range all {
		switch {
		case w.index.Kind == runs.Study && r.told && r.planned < 0 && !r.held:
			others++
			continue
		case r.bad != nil:
			damaged = append(damaged, r)
		case r.diverged:
			diverged = append(diverged, r)
		case !r.ended && !r.held && r.steps > 0 && s.Status == Running:
			left = append(left, r)
		}
		if silent := w.updated.Sub(r.logged); r.held && !r.ended && !r.logged.IsZero() && silent > quiet {
			warn("%s, seed %d: process %d on %s has logged no step for %s.", w.label(r), r.info.Seed, r.holder.PID, r.holder.Host, silent.Round(time.Minute))
		}
	}
	for i, r := range damaged {
		if i == mostProblems {
			warn("Damaged files also in %s.", plain.Count(len(damaged)-i, "more run"))
			break
		}
		warn("%v; what was lost is trained again when the run is.", r.bad)
	}
	for i, r := range diverged {
		if i == mostProblems {
			warn("%s diverged.", plain.Count(len(diverged)-i, "more run"))
			break
		}
		warn("%s, seed %d diverged at step %d: a loss or a gradient was not finite.", w.label(r), r.info.Seed, r.steps)
	}
	if w.result != nil {
		s.Verdict = w.result.Verdict
		s.Warnings = append(s.Warnings, w.result.Warnings...)
	} else if source := w.source(all); source != nil && source.ended && len(source.curve) > 0 && w.unigram != nil {
		loss := source.curve[len(source.curve)-1][1]
		if s := (result.Source{Loss: result.Number(loss), UnigramEntropy: *w.unigram, ShuffledLoss: result.Undefined()}); !s.LeftPlateau() {
			warn("The source model is still on the unigram plateau: its loss is %.3f nats and the unigram entropy %.3f, so what grows from it says little about growing.", loss, *w.unigram)
		}
	}
	if len(left) > 0 {
		note("%s begun and not at work now: another process takes %s up, or a rule dropped %s.", plain.Count(len(left), "run"), them(len(left)), them(len(left)))
	}
	if w.selected > 0 && w.result == nil {
		note("A rule picked while this study trained, with %d of %d seeds, so it did not need all of the planned runs; its picks are in %s.", w.selected, len(w.seeds()), filepath.Join(w.dir, result.SelectedDir))
	}
	if others > 0 {
		note("%s in %s not counted, of another configuration.", plain.Count(others, "run"), filepath.Base(w.dir))
	}
	if w.index.Kind == runs.Stacking && !w.complete {
		note("How many runs a stacking needs depends on what its rules pick, so only those that have begun are counted.")
	}
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// source returns the run of the source model, or nil.
func (w *Watcher) source(all []*watched) *watched {
	for _, r := range all {
		if r.planned == 0 {
			return r
		}
	}
	return nil
}
