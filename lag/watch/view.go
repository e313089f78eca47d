package watch

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/runs"
)

// State returns what is known. Its runs are those that changed after a version,
// which an earlier state had; 0 gives all of them.
func (w *Watcher) State(since int64) State {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := State{
		Version: w.version, Whole: since < max(w.reset, 1), Name: w.name, Dir: w.dir, Updated: w.updated,
		Work: []Work{}, Ranks: []Rank{}, Rho: []Rho{}, Warnings: []string{}, Notes: []string{}, Runs: []Run{}, Seeds: []int64{},
	}
	if w.index == nil {
		s.Status = Waiting
		if w.problem != nil {
			s.Warnings = append(s.Warnings, w.problem.Error())
		}
		return s
	}
	s.Kind, s.Unigram = string(w.index.Kind), w.unigram
	all := w.sorted()
	for _, r := range all {
		if s.Whole || r.version > since {
			s.Runs = append(s.Runs, w.view(r))
		}
		if r.held && !r.ended {
			s.Work = append(s.Work, w.work(r))
		}
	}
	s.Status = w.status(len(s.Work) > 0)
	w.progress(&s, all)
	if w.index.Kind == runs.Study {
		s.Steps, s.Lag, s.Seeds = w.study.Growth.Schedule.Steps, w.study.Growth.Lag, w.seeds()
		s.Ranks, s.Rho = w.rank()
	}
	w.tellProblems(&s, all)
	return s
}

// reading reports whether there was too much to read for one call of Refresh.
func (w *Watcher) reading() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left
}

// status tells how far the directory has come.
func (w *Watcher) status(working bool) Status {
	switch {
	case working:
		return Running
	case w.left:
		return Reading
	case w.complete, w.selected > 0 && w.selected >= len(w.seeds()):
		return Complete
	case w.updated.Sub(w.active) < between:
		return Running // from one run to the next
	}
	return Stopped
}

// seeds returns the seeds of the candidates, in the order of the plan.
func (w *Watcher) seeds() (list []int64) {
	for _, p := range w.planned {
		if p.Kind == progress.PhaseProbe && !slices.Contains(list, p.Seed) {
			list = append(list, p.Seed)
		}
	}
	return list
}

// view describes a run.
func (w *Watcher) view(r *watched) Run {
	v := Run{
		Name: r.info.Name, Phase: phaseOf(r), Label: w.label(r), Strategy: r.info.Strategy, Seed: r.info.Seed, Layers: r.info.Layers,
		Steps: r.steps, Of: r.info.Of, Status: r.status(), Curve: r.curve, Train: slices.Clone(r.training.Points),
		Counts: r.planned >= 0 || w.index.Kind != runs.Study,
	}
	v.Color, v.Dash = w.look(r)
	if n := len(r.curve); n > 0 {
		v.Loss = &r.curve[n-1][1]
	}
	if v.Curve == nil {
		v.Curve = [][2]float64{}
	}
	if v.Train == nil {
		v.Train = [][2]float64{}
	}
	return v
}

// phaseOf returns the part of a study that a run belongs to. The runs of a training
// have no kind.
func phaseOf(r *watched) string {
	return string(cmp.Or(r.info.Kind, progress.PhaseTrain))
}

// label tells a run apart from others of its seed.
func (w *Watcher) label(r *watched) string {
	switch {
	case !r.told:
		return r.info.Name
	case r.info.Kind == progress.PhaseBranch && r.info.Strategy != "" && w.index.Kind == runs.Study:
		return fmt.Sprintf("%s, decayed from step %d", r.info.Strategy, r.info.From)
	case r.info.Kind == progress.PhaseControl && r.planned >= 0:
		return w.planned[r.planned].Name
	case r.info.Strategy != "":
		return r.info.Strategy
	}
	return r.info.Layers
}

// work describes a run that is at work.
func (w *Watcher) work(r *watched) Work {
	one := Work{
		Run: r.info.Name, Phase: phaseOf(r), Label: w.label(r), Seed: r.info.Seed, Host: r.holder.Host, PID: r.holder.PID, Job: r.holder.Job,
		Step: r.steps, Of: r.info.Of, Speed: r.speed.perSecond(), Tokens: r.speed.tokens, Started: !r.logged.IsZero(),
	}
	if loss, ok := r.training.Latest(); ok {
		one.Loss = &loss
	}
	if one.Speed > 0 {
		left := float64(max(0, one.Of-one.Step)) / one.Speed
		one.Left = &left
	}
	since := r.logged
	if since.IsZero() {
		since = r.beating
	}
	one.Silent = max(0, w.updated.Sub(since).Seconds())
	return one
}

// progress computes what is done of the plan, and how long the rest takes.
func (w *Watcher) progress(s *State, all []*watched) {
	if w.index.Kind != runs.Study {
		w.progressOfRuns(s, all)
		return
	}
	s.Planned = len(w.planned)
	stepsOf := make(map[int]int) // done, of each run of the plan
	costs := make(map[progress.Phase]*kindCost)
	cost := func(kind progress.Phase) *kindCost {
		if costs[kind] == nil {
			costs[kind] = &kindCost{}
		}
		return costs[kind]
	}
	for _, r := range all {
		if r.planned < 0 {
			continue
		}
		p := w.planned[r.planned]
		if stepsOf[r.planned] = min(r.steps, p.Steps); r.ended {
			s.Done++
			stepsOf[r.planned] = p.Steps // a diverged one trains no further
		}
		if p.Steps > 0 {
			c := cost(p.Kind)
			c.flops += float64(r.speed.steps) * p.FLOPs / float64(p.Steps)
			c.seconds += r.speed.seconds
		}
	}
	total, done := 0.0, 0.0
	for i, p := range w.planned {
		total += p.FLOPs
		if p.Steps > 0 {
			share := float64(stepsOf[i]) / float64(p.Steps)
			done += share * p.FLOPs
			cost(p.Kind).left += (1 - share) * p.FLOPs
		}
	}
	if total > 0 {
		s.Share = done / total
	}
	if w.complete {
		s.Share = 1
		return
	}
	if w.selected == 0 { // else a rule says how much is left
		s.Left = timeLeft(costs, len(s.Work))
	}
}

// progressOfRuns is progress where no plan is known: of the newest run of a training,
// and of the runs of a stacking that there are.
func (w *Watcher) progressOfRuns(s *State, all []*watched) {
	if w.index.Kind != runs.Training {
		for _, r := range all {
			if r.ended {
				s.Done++
			}
		}
		return // later stages are not there yet
	}
	newest := w.newest()
	if s.Planned = 1; newest == nil || newest.info.Of == 0 {
		return
	}
	if newest.ended {
		s.Done = 1
	}
	s.Share = float64(min(newest.steps, newest.info.Of)) / float64(newest.info.Of)
	if speed := newest.speed.perSecond(); speed > 0 && !newest.ended {
		left := float64(max(0, newest.info.Of-newest.steps)) / speed
		s.Left = &left
	}
}

// kindCost is what runs of a kind have cost, and what those that are left will.
type kindCost struct{ flops, seconds, left float64 }

// timeLeft returns the time for what is left, by the speed that runs of the same
// kind had, or else those of other kinds, shared by the processes at work. It
// returns nil if no speed is known.
func timeLeft(costs map[progress.Phase]*kindCost, processes int) *float64 {
	all, left := kindCost{}, 0.0
	for _, c := range costs {
		all.flops, all.seconds = all.flops+c.flops, all.seconds+c.seconds
	}
	if all.flops <= 0 || all.seconds <= 0 {
		return nil
	}
	for kind, c := range costs {
		speed := all
		if c.flops > 0 && c.seconds > 0 {
			speed = *c
		}
		seconds := c.left * speed.seconds / speed.flops
		if kind != progress.PhasePretrain { // one process trains the source
			seconds /= float64(max(processes, 1))
		}
		left += seconds
	}
	if math.IsNaN(left) || math.IsInf(left, 0) {
		return nil
	}
	return &left
}

// readUnigram looks for the unigram entropy of the data in the usual place of
// prepared data, beside the directory.
func (w *Watcher) readUnigram() {
	if w.unigram != nil || w.fingerprint != "" {
		return
	}
	if w.result != nil {
		entropy := w.result.Source.UnigramEntropy
		w.unigram = &entropy
		return
	}
	for _, r := range w.runs {
		if !r.told || !r.info.Fits {
			continue
		}
		spec, err := engine.ReadSpec(r.path)
		if err != nil {
			continue
		}
		w.fingerprint = spec.Data            // looked for once
		absolute, err := filepath.Abs(w.dir) // "." has no parent
		if err != nil {
			return
		}
		dir := filepath.Join(filepath.Dir(absolute), runs.DataDir)
		entries, err := os.ReadDir(dir)
		if err != nil {
			return
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if !data.IsDataset(path) {
				continue
			}
			if found, err := data.FingerprintOf(path); err != nil || found != spec.Data {
				continue
			}
			if entropy, err := data.UnigramEntropyOf(path); err == nil {
				w.unigram = &entropy
			}
			return
		}
		return
	}
}
