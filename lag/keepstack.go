package lag

import (
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// stackStates removes states of a stacking that nothing needs any more. Arms with one
// seed share runs, so it waits until all arms with that seed are over.
type stackStates struct {
	releaser *engine.Releaser
	arms     []*armTraining
}

// newStackStates returns what removes states, or nil if all are kept. A stacking that
// had its result before it was asked for again removes none.
func (c Stacking) newStackStates(s *engine.Session, arms []*armTraining) *stackStates {
	if _, err := os.Stat(filepath.Join(s.Dir(), result.StackingResult)); err == nil || c.Keep.all() {
		return nil
	}
	r := s.NewReleaser(whyReleased)
	r.Since = lastResult(s.Dir(), result.StackingResult)
	return &stackStates{r, arms}
}

// release removes the states of all runs with a seed but the final ones of the arms'
// last models, if all its arms are over and no device failed in them: what failed is
// tried again.
func (t *stackStates) release(seed int64) {
	if t == nil || len(t.arms) == 0 || len(t.arms[0].session.Failures(seed)) > 0 {
		return
	}
	finals := make(map[string]bool)
	for _, a := range t.arms {
		if a.seed != seed {
			continue
		}
		if !a.over {
			return
		}
		if a.final != nil {
			finals[a.final.Address()] = true
		}
	}
	for _, a := range t.arms {
		if a.seed != seed {
			continue
		}
		for _, run := range a.runs {
			if finals[run.Address()] {
				t.releaser.ButFinal(run)
			} else {
				t.releaser.Dropped(run)
			}
		}
	}
}

// releaseLeft removes what another process had locked before.
func releaseLeft(arms []*armTraining) {
	for _, a := range arms {
		a.states.release(a.seed)
	}
}

// end says that the arm is over. final is the run of its last stage, or nil.
func (a *armTraining) end(final *engine.Run) {
	a.final, a.over = final, true
	a.states.release(a.seed)
}

// used records the candidates of a stage and their decay branches.
func (a *armTraining) used(c *engine.Candidates, rules []selection.Rule) {
	a.runs = append(a.runs, c.Runs...)
	for i := range c.Runs {
		for _, b := range selection.Branches(rules...) {
			if run, err := c.Branch(i, b); err == nil { // else the rule has given the error
				a.runs = append(a.runs, run)
			}
		}
	}
}
