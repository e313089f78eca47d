package lag

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/stats"
	"github.com/landscape-aware/growing/lag/train"
)

// Control names a training that a study compares growing with: one of the model of
// the grown depth that starts from its own initialization (after Kaddour et al.
// 2023, No Train No Gain, arXiv 2307.06440). It follows the schedule of the
// candidates from that one's beginning to its end, with the warm-up of pretraining.
type Control string

const (
	// ControlScratch costs as many FLOPs as pretraining the source and training a
	// candidate together. What an initial model had cost before is not known, and
	// not counted.
	ControlScratch Control = "scratch"
	// ControlScratchSteps takes as many steps as a candidate, on the same batches.
	ControlScratchSteps Control = "scratch-steps"
)

// Controls returns the names of all controls.
func Controls() []Control { return []Control{ControlScratch, ControlScratchSteps} }

// ControlOutcome is what became of a control under one seed.
type ControlOutcome struct {
	Name       Control `json:"name"`
	Seed       int64   `json:"seed"`
	Steps      int     `json:"steps"` // that it was to be trained
	FLOPs      float64 `json:"flops"` // spent
	Curve      []Point `json:"curve"` // validation loss
	Final      Number  `json:"final"` // validation loss at the end, nats; null if it did not get there
	Status     Status  `json:"status"`
	DivergedAt *int    `json:"diverged_at,omitempty"`
	Failure    string  `json:"failure,omitempty"` // what the device said where it failed

	batches []float64 // loss at the end on each validation batch
}

// Comparison relates a control, over the seeds, with what LAG picks.
type Comparison struct {
	Control    Control `json:"control"`
	Final      Number  `json:"final"`      // mean, nats
	FLOPs      float64 `json:"flops"`      // mean
	Difference Number  `json:"difference"` // mean final loss less that of LAG's picks, nats; null where one of them did not get to the end
	Error      Number  `json:"error"`      // standard error of the difference over the validation batches, as in [Pair]
	Beaten     float64 `json:"beaten"`     // share of the candidates that end lower
}

// validateControls says which control is impossible.
func (g Growth) validateControls() error {
	for i, control := range g.Controls {
		if !slices.Contains(Controls(), control) {
			return fmt.Errorf("there is no control %q; the controls are %q", control, Controls())
		}
		if slices.Contains(g.Controls[:i], control) {
			return fmt.Errorf("the controls have %q twice; give each once", control)
		}
	}
	return nil
}

// ControlSchedule is the learning-rate schedule of the controls, with the steps of
// one that takes as many as a candidate.
func (c Config) ControlSchedule() train.Schedule {
	schedule := c.Growth.Schedule
	schedule.Start, schedule.Length, schedule.Rewarm, schedule.RewarmFrom = 0, 0, 0, 0
	schedule.WarmUp = c.Pretrain.Schedule.WarmUp
	return schedule
}

// controlSchedule is that of a control.
func (s *Study) controlSchedule(control Control) (train.Schedule, error) {
	c := s.Config
	schedule := c.ControlSchedule()
	if control == ControlScratch {
		grown, err := c.Model.WithDepths(c.Growth.To...)
		if err != nil {
			return schedule, err
		}
		schedule.Steps += int(float64(c.Pretrain.Schedule.Steps) * s.cost(c.Model).FLOPs / s.cost(grown).FLOPs)
	}
	if err := schedule.Validate(); err != nil {
		return schedule, fmt.Errorf("control %q: %w", control, err)
	}
	return schedule, nil
}

// control returns the run of a control under a seed.
func (s *Study) control(control Control, seed int64, event Event) (*train.Run, error) {
	c := s.Config
	schedule, err := s.controlSchedule(control)
	if err != nil {
		return nil, err
	}
	model, err := c.Model.WithDepths(c.Growth.To...)
	if err != nil {
		return nil, err
	}
	whole := c.Growth
	whole.Schedule = schedule
	evaluate := append(evaluationsEvery(c.Pretrain.EvaluateEvery, schedule.Steps), whole.evaluationSteps(nil)...)
	slices.Sort(evaluate)
	config := s.runConfig(PhaseControl, model, seed, schedule, slices.Compact(evaluate))
	if control == ControlScratchSteps {
		config.FirstBatch = c.Pretrain.Schedule.Steps
	}
	run, err := s.newRun(config, train.Checkpoints{Every: c.CheckpointEvery}, event)
	if err != nil {
		return nil, err
	}
	s.begin(run, func(context.Context) (*train.State, error) { return run.Program.NewState(seed), nil })
	return run, nil
}

// Controls trains the study's controls under each of its seeds, all of a seed
// before the next. One that diverges, or whose device fails, is an outcome.
func (s *Study) Controls(ctx context.Context) ([]ControlOutcome, error) {
	var outcomes []ControlOutcome
	var runs []*train.Run
	controls, seeds := s.Config.Growth.Controls, s.Config.seeds()
	for _, seed := range seeds {
		for _, control := range controls {
			event := Event{Phase: PhaseControl, Run: string(control), Seed: seed, Index: len(runs), Count: len(controls) * len(seeds)}
			run, err := s.control(control, seed, event)
			if err != nil {
				return nil, err
			}
			runs = append(runs, run)
			outcomes = append(outcomes, ControlOutcome{Name: control, Seed: seed, Steps: run.Schedule.Steps, Final: undefined()})
		}
	}
	trained, err := share(ctx, runs, math.MaxInt)
	if err != nil {
		return nil, err
	}
	for i, t := range trained {
		o := &outcomes[i]
		o.Curve, o.FLOPs = points(t.Curve), float64(t.Steps)*runs[i].FLOPs
		switch end := t.Curve[len(t.Curve)-1]; {
		case t.DivergedAt != nil:
			o.Status, o.DivergedAt = StatusDiverged, t.DivergedAt
		case t.Failed != nil:
			o.Status, o.Failure = StatusFailed, t.Failed.Error()
		default:
			o.Status, o.Final, o.batches = StatusComplete, Number(end.Value()), end.Batches
		}
	}
	return outcomes, nil
}

// compare fills in how the controls relate to what LAG picks. The picks must be known.
func (r *Result) compare() {
	before := r.Comparisons
	r.Comparisons = nil
	for i, first := range r.Controls {
		if first.Seed != r.Seeds[0] {
			break
		}
		c := Comparison{Control: first.Name, Error: undefined()}
		var grown, scratch, beaten float64
		losses := make([][]float64, 2) // of the control and of the picks on each batch, the sums over the seeds
		for k, seed := range r.Seeds {
			o := r.Controls[i+k*len(r.Controls)/len(r.Seeds)]
			c.FLOPs += o.FLOPs / float64(len(r.Seeds))
			scratch += float64(o.Final)
			for _, candidate := range r.Under(k) {
				if candidate.Final < o.Final || candidate.Status == StatusComplete && o.Status != StatusComplete {
					beaten++
				}
			}
			pick := r.pickUnder(RuleLAG, seed)
			grown += float64(pick.Final)
			losses[0], losses[1] = addTo(losses[0], o.batches), addTo(losses[1], pick.batches[r.Steps])
		}
		n := float64(len(r.Seeds))
		c.Final, c.Difference, c.Beaten = Number(scratch/n), Number((scratch-grown)/n), beaten/float64(len(r.Strategies))
		if pairs := stats.PairedDifferences(losses); len(pairs) == 1 && !math.IsNaN(float64(c.Difference)) {
			c.Error = Number(pairs[0].StdErr / n)
		}
		if len(before) > i && losses[0] == nil {
			c.Error = before[i].Error // a result that was read has no losses of single batches
		}
		r.Comparisons = append(r.Comparisons, c)
	}
}

// pickUnder returns the outcome under a seed that a rule, or the first rule of a
// kind, picks; one without a final loss where there is none.
func (r *Result) pickUnder(rule string, seed int64) Outcome {
	first, ok := r.Pick(rule)
	for _, p := range r.Picks {
		if !ok || p.Rule != first.Rule || p.Seed != seed {
			continue
		}
		outcomes := r.Under(slices.Index(r.Seeds, seed))
		if i := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Name == p.Strategy }); i >= 0 {
			return outcomes[i]
		}
	}
	return Outcome{Final: undefined()}
}

// addTo adds a list to a sum of such; nil where they do not match.
func addTo(sum, list []float64) []float64 {
	if sum == nil {
		return slices.Clone(list)
	}
	if len(sum) != len(list) {
		return nil
	}
	for i, x := range list {
		sum[i] += x
	}
	return sum
}

// controlsInWords says how growing compares with the controls; empty without any.
func (r *Result) controlsInWords() (text string) {
	for _, c := range r.Comparisons {
		cost := "at the same cost, pretraining included"
		if c.Control == ControlScratchSteps {
			cost = "in as many steps"
		}
		text += fmt.Sprintf(" From scratch, %s, the deep model ", cost)
		if math.IsNaN(float64(c.Final)) {
			text += "does not get to the end."
			continue
		}
		text += fmt.Sprintf("ends at %.4f nats", float64(c.Final))
		if !math.IsNaN(float64(c.Difference)) {
			text += fmt.Sprintf(", LAG's pick at %.4f", float64(c.Final-c.Difference))
		}
		if !math.IsNaN(float64(c.Error)) {
			text += fmt.Sprintf(" (standard error of the difference %.4f)", float64(c.Error))
		}
		text += fmt.Sprintf("; %.0f%% of the candidates end lower than from scratch.", 100*c.Beaten)
	}
	return text
}
