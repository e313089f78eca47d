package lag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/stats"
	"github.com/landscape-aware/growing/lag/train"
)

// probes are the candidates of a study, one set for each seed.
type probes struct {
	study      *Study
	candidates []*engine.Candidates
	decayed    []map[selection.Branch][]float64 // losses of the decay branches, by seed
	releaser   *engine.Releaser                 // nil if all states are kept
}

// probes returns the study's candidates, not yet trained.
func (s *Study) probes() (*probes, error) {
	p := &probes{study: s, decayed: make([]map[selection.Branch][]float64, len(s.Seeds()))}
	for i, seed := range s.Seeds() {
		c, err := s.candidates(seed, i)
		if err != nil {
			return nil, err
		}
		p.candidates = append(p.candidates, c)
	}
	var runs []*engine.Run
	for _, c := range p.candidates {
		runs = append(runs, c.Runs...)
	}
	p.releaser = s.releaser(runs...)
	return p, nil
}

// candidates returns the study's candidates for a seed. index is the position
// of the seed among the study's seeds.
func (s *Study) candidates(seed int64, index int) (*engine.Candidates, error) {
	source, err := s.source()
	if err != nil {
		return nil, err
	}
	c, n := s.Config, len(s.Pool)
	schedules, err := schedulesOf(c.Growth.Schedule, s.Pool)
	if err != nil {
		return nil, err
	}
	return s.session.NewCandidates(engine.Growing{
		Kind: progress.PhaseProbe, Source: source, To: c.Growth.To, Seed: seed, Pool: s.Pool, Schedules: schedules,
		Evaluate: c.Growth.evaluationSteps(s.rules), Early: c.early(), FirstBatch: c.Pretrain.Schedule.Steps,
		Checkpoints: train.Checkpoints{Every: c.CheckpointEvery}, Rules: s.rules, Last: true,
		Label: progress.Event{Phase: progress.PhaseProbe, Seed: seed, Index: index * n, Count: len(s.Seeds()) * n},
	})
}

// jobs returns a job for each candidate with each seed. It trains the candidate to
// the end and then its decay branches, so that the state at which they start is soon
// needed no more. One of many workers begins at another place in each seed.
func (p *probes) jobs() []engine.Job {
	var jobs []engine.Job
	for i, c := range p.candidates {
		p.decayed[i] = make(map[selection.Branch][]float64)
		for _, b := range selection.Branches(p.study.rules...) {
			p.decayed[i][b] = make([]float64, len(c.Runs))
		}
		for k := range c.Runs {
			j := p.study.session.Place(k, len(c.Runs))
			jobs = append(jobs, func(ctx context.Context, bring engine.Bring) error {
				return p.train(ctx, c.With(bring), i, j)
			})
		}
	}
	return jobs
}

// train trains candidate j of the i-th seed.
func (p *probes) train(ctx context.Context, c *engine.Candidates, i, j int) error {
	if err := c.To(ctx, []int{j}, c.Steps()); err != nil {
		return err
	}
	p.release(i, j) // before its branches take space
	branches := selection.Branches(p.study.rules...)
	if len(branches) == 0 {
		return nil
	}
	for _, b := range branches {
		losses, err := c.Decayed(ctx, []int{j}, b.Step, b.Decay)
		if err != nil {
			return err
		}
		p.decayed[i][b][j] = losses[0]
	}
	p.release(i, j)
	return nil
}

// Probe grows the source model, which must be trained, with every strategy of
// the pool and trains each candidate to the end. With the same seed, all
// candidates train on the same batches in the same order. If a candidate
// diverges, or the device fails in it, that is an outcome. If the device fails
// in all candidates, that is an error.
func (s *Study) Probe(ctx context.Context) ([]result.Outcome, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	p, err := s.probes()
	if err == nil {
		err = s.session.Do(ctx, p.jobs()...)
	}
	if err != nil {
		return nil, err
	}
	p.releaseAll()
	return p.outcomes()
}

// outcomes describes the trained candidates.
func (p *probes) outcomes() ([]result.Outcome, error) {
	var list []result.Outcome
	failed := 0
	for i, c := range p.candidates {
		for j := range c.Runs {
			o, err := p.study.outcome(c, j)
			if err != nil {
				return nil, err
			}
			for _, b := range selection.Branches(p.study.rules...) {
				o.Signals = append(o.Signals, result.DecayedLoss(b.Step, b.Decay, p.decayed[i][b][j]))
			}
			if o.Status == result.StatusFailed {
				failed++
			}
			list = append(list, o)
		}
	}
	if failed == len(list) {
		return nil, engine.Advise("every candidate failed", p.candidates[0].Outcome(0).Failed)
	}
	return list, nil
}

// outcome describes the result of a candidate.
func (s *Study) outcome(c *engine.Candidates, i int) (result.Outcome, error) {
	trained, run, strategy, learn := c.Outcome(i), c.Runs[i], s.Pool[i], c.Grown().Candidates[i].LearnSteps
	g := s.Config.Growth
	o := result.Outcome{
		Name: strategy.Name, Map: strategy.Map, Encoder: strategy.Encoder, Init: strategy.Init.String(), Moments: string(strategy.Moments),
		Summary: strategy.Summary(), Seed: run.Spec.Seed, Curve: points(trained.Curve), Status: statusOf(trained), Final: result.Undefined(),
		FLOPs: float64(trained.Steps+learn) * run.FLOPs, LearnSteps: learn,
	}
	compared := append(selection.Compares(g.Schedule.Steps, s.rules...), g.Lag, g.Schedule.Steps)
	for _, l := range trained.Curve {
		if len(l.Batches) > 0 && slices.Contains(compared, l.Step) {
			o.Batches = append(o.Batches, result.BatchLosses{Step: l.Step, Losses: l.Batches})
		}
	}
	switch o.Status {
	case result.StatusDiverged:
		o.DivergedAt = trained.DivergedAt
	case result.StatusFailed:
		o.FailedAt = &trained.Steps
	default:
		o.Final = o.Curve[len(o.Curve)-1].Loss
	}
	dir, err := run.Dir()
	if err != nil {
		return o, err
	}
	// The log of a complete run was checked. That of a failed one is repaired
	// when the run continues, and one that stopped before its first step has
	// none.
	metrics, err := train.ReadMetrics(dir)
	if gone := errors.Is(err, os.ErrNotExist) || sealed.IsDamaged(err); err != nil && !(gone && (trained.Steps == 0 || trained.Failed != nil)) {
		return o, fmt.Errorf("strategy %s: %w; run the study again, the run is then trained again", strategy.Name, err)
	}
	o.RateAtLag = run.Spec.Schedule.At(max(g.Lag-1, 0))
	o.Signals = earlySignals(metrics, o.Curve, g.Lag)
	return o, nil
}

// statusOf returns how a training ended.
func statusOf(o train.Outcome) result.Status {
	switch {
	case o.DivergedAt != nil:
		return result.StatusDiverged
	case o.Failed != nil:
		return result.StatusFailed
	}
	return result.StatusComplete
}

func points(curve []train.Loss) []result.Point {
	list := make([]result.Point, len(curve))
	for i, l := range curve {
		list[i] = result.Point{Step: l.Step, Loss: result.Number(l.Value())}
	}
	return list
}

// trainingWindow is the number of steps over which a training loss is averaged.
const trainingWindow = 10

// earlySignals returns the signals that a candidate's log contains at the lag.
func earlySignals(metrics []train.Metric, curve []result.Point, lag int) []result.Signal {
	gradient := result.Undefined()
	var loss, n float64
	for _, m := range metrics {
		if m.Event != train.EventTrain {
			continue
		}
		if m.Step == 0 {
			gradient = result.Number(m.GradientNorm)
		}
		if m.Step < lag && m.Step >= lag-trainingWindow {
			loss, n = loss+m.Loss, n+1
		}
	}
	return []result.Signal{
		{Name: result.SignalGradientNorm, Value: gradient},
		{Name: result.SignalTrainingLoss, Step: lag, Value: result.Number(loss / n)}, // NaN if there are no training losses
		{Name: result.SignalSlope, Step: lag, Value: result.Number(slope(curve, lag))},
	}
}

// slope returns the slope of the validation loss against the logarithm of the
// step, in nats per e-fold, over the last evaluations up to the lag.
func slope(curve []result.Point, lag int) float64 {
	const evaluations = 4
	var steps []int
	var losses []float64
	for _, p := range curve {
		if p.Step <= lag {
			steps, losses = append(steps, p.Step), append(losses, float64(p.Loss))
		}
	}
	return stats.LossSlope(steps, losses, evaluations)
}
