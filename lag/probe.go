package lag

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/stats"
	"github.com/landscape-aware/growing/lag/train"
)

// Run brings the study to its end: pretrains the source model, probes every
// strategy under every seed, trains the controls, writes result.json and returns
// what it says. Whatever was computed before is not computed again. Other
// processes that run the same study take part of the work. When the context is
// cancelled, the state of the run at hand is saved first.
func (s *Study) Run(ctx context.Context) (*result.Study, error) {
	s.failed = nil // it is tried again
	source, err := s.Pretrain(ctx)
	if err != nil {
		return nil, err
	}
	outcomes, err := s.Probe(ctx)
	if err != nil {
		return nil, err
	}
	controls, err := s.TrainControls(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.analyze(ctx, source, outcomes, controls)
	if err != nil {
		return nil, err
	}
	return save(s.dir, r, s.found)
}

// Probe grows the source model, which must be trained, in every way of the pool
// and trains each candidate to the end: under each seed all on the same batches
// in the same order. A candidate that diverges, or whose device fails, is an
// outcome; it is an error if the device fails in all of them.
func (s *Study) Probe(ctx context.Context) ([]result.Outcome, error) {
	var races []*race
	var runs []*train.Run
	for i, seed := range s.Config.seeds() {
		r, err := s.race(seed, i)
		if err != nil {
			return nil, err
		}
		races, runs = append(races, r), append(runs, r.runs...)
	}
	all, err := s.share(ctx, runs, math.MaxInt)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(o train.Outcome) bool { return o.Failed == nil }); i < 0 {
		return nil, advise("every candidate failed", all[0].Failed)
	}
	var outcomes []result.Outcome
	for i, r := range races {
		r.outcomes = all[i*len(s.Pool) : (i+1)*len(s.Pool)]
		branches := make(map[selection.Branch][]float64)
		for _, b := range selection.Branches(s.rules...) {
			if branches[b], err = r.Decayed(ctx, everyIndex(len(s.Pool)), b.Step, b.Decay); err != nil {
				return nil, err
			}
		}
		for j := range s.Pool {
			outcome, err := s.outcome(r, j, s.Config.seeds()[i])
			if err != nil {
				return nil, err
			}
			for _, b := range selection.Branches(s.rules...) {
				outcome.Signals = append(outcome.Signals, result.DecayedLoss(b.Step, b.Decay, branches[b][j]))
			}
			outcomes = append(outcomes, outcome)
		}
	}
	return outcomes, nil
}

// race returns the study's candidates under a seed, the index-th of the seeds.
func (s *Study) race(seed int64, index int) (*race, error) {
	source, err := s.pretraining()
	if err != nil {
		return nil, err
	}
	c := s.Config
	g := growing{
		kind: progress.PhaseProbe, source: source, model: c.Model, to: c.Growth.To, seed: seed, schedule: c.Growth.Schedule,
		evaluate: c.Growth.evaluationSteps(s.rules), firstBatch: c.Pretrain.Schedule.Steps, rules: s.rules, every: c.CheckpointEvery,
	}
	n := len(s.Pool)
	return s.newRace(g, s.Pool, progress.Event{Phase: progress.PhaseProbe, Seed: seed, Index: index * n, Count: len(c.seeds()) * n})
}

func everyIndex(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// save writes result.json, and returns what it says: where another process has
// written one meanwhile, and did what failed in this one, that is kept. found is
// what was there when the study was opened.
func save(dir string, r *result.Study, found [sha256.Size]byte) (*result.Study, error) {
	if len(r.Failures) > 0 && sumOf(dir, result.StudyResult) != found {
		if other, err := result.LoadStudy(dir); err == nil && len(other.Failures) < len(r.Failures) {
			return other, nil
		}
	}
	return r, atomicfile.WriteJSON(filepath.Join(dir, result.StudyResult), r)
}

// sumOf is the hash of a file's contents, zero where it cannot be read.
func sumOf(dir, name string) (sum [sha256.Size]byte) {
	if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
		sum = sha256.Sum256(text)
	}
	return sum
}

// statusOf is how a training ended.
func statusOf(o train.Outcome) result.Status {
	switch {
	case o.DivergedAt != nil:
		return result.StatusDiverged
	case o.Failed != nil:
		return result.StatusFailed
	}
	return result.StatusComplete
}

// outcome describes what became of a candidate.
func (s *Study) outcome(r *race, i int, seed int64) (result.Outcome, error) {
	trained, strategy, learn := r.outcomes[i], r.pool[i], r.grown.Candidates[i].LearnSteps
	o := result.Outcome{
		Name: strategy.Name, Map: strategy.Map, Encoder: strategy.Encoder, Init: strategy.Init.String(), Moments: string(strategy.Moments), Summary: strategy.Summary(), Seed: seed,
		Curve: points(trained.Curve), Status: result.StatusComplete, Final: result.Undefined(),
		FLOPs: float64(trained.Steps+learn) * r.runs[i].FLOPs, LearnSteps: learn,
	}
	for _, l := range trained.Curve {
		if g := s.Config.Growth; len(l.Batches) > 0 && (l.Step == g.Lag || l.Step == g.Schedule.Steps) {
			o.Batches = append(o.Batches, result.BatchLosses{Step: l.Step, Losses: l.Batches})
		}
	}
	switch o.Status = statusOf(trained); o.Status {
	case result.StatusDiverged:
		o.DivergedAt = trained.DivergedAt
	case result.StatusFailed:
		o.FailedAt = &trained.Steps
	default:
		o.Final = o.Curve[len(o.Curve)-1].Loss
	}
	dir, err := r.runs[i].Dir()
	if err != nil {
		return o, err
	}
	metrics, err := train.ReadMetrics(dir)
	if err != nil && !(trained.Steps == 0 && errors.Is(err, os.ErrNotExist)) { // it stopped before its first step
		return o, fmt.Errorf("strategy %s: %w; delete the run's directory %s to train it again", strategy.Name, err, dir)
	}
	o.RateAtLag = r.runs[i].Schedule.At(max(s.Config.Growth.Lag-1, 0))
	o.Signals = earlySignals(metrics, o.Curve, s.Config.Growth.Lag)
	return o, nil
}

// trainingWindow is how many steps a training loss is averaged over.
const trainingWindow = 10

// earlySignals are those that a candidate's log holds at the lag.
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
		{Name: result.SignalTrainingLoss, Step: lag, Value: result.Number(loss / n)}, // NaN where there is none
		{Name: result.SignalSlope, Step: lag, Value: result.Number(slope(curve, lag))},
	}
}

// slope is that of the validation loss against the logarithm of the step, in
// nats per e-fold, over the last evaluations up to the lag.
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

// analyze derives a study's result from its runs.
func (s *Study) analyze(ctx context.Context, source result.Source, outcomes []result.Outcome, controls []result.ControlOutcome) (*result.Study, error) {
	c := s.Config
	r := &result.Study{
		Family: c.Model.Family(), Backend: s.backend.Kind, Steps: c.Growth.Schedule.Steps, Lag: c.Growth.Lag,
		Source: source, Seeds: c.seeds(), Strategies: outcomes, Controls: controls, Failures: s.failures(c.seeds()...), Words: s.words,
	}
	r.SetGrown(c.Model.Depths(), c.Growth.To)
	return r, r.Analyze(ctx, s.rules)
}
