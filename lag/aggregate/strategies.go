package aggregate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/stats"
)

// Strategy is what a study says of one strategy over the seeds.
type Strategy struct {
	Name string
	Init string
	What string       // init, moments and schedule in words
	Maps []growth.Map // of each stack, the encoder's first

	Steps     []int     // at which it was evaluated under every seed
	Loss      []float64 // mean over the seeds at Steps[i]
	Low, High []float64 // lowest and highest of the seeds at Steps[i]

	AtInit, AtLag float64   // mean loss at step 0 and at the lag; not finite where there is none
	Final         float64   // mean final loss
	Finals        []float64 // of each seed, NaN where it did not get there
	Unfinished    string    // how it did not get to the end, see result.Unfinished

	LagRank, EndRank float64 // of AtLag and Final, 1 for the lowest; ties share a rank
	Order            int     // place by the final loss, 0 for the lowest
	Picked           int     // seeds under which LAG picks it
}

// Strategies returns the strategies of a study, the lowest final loss first.
// Those that did not get to the end come last, in the order of the pool.
func Strategies(r *result.Study) []*Strategy {
	all := make([]*Strategy, r.PoolSize())
	picked := r.PicksOf(result.RuleLAG)
	atLag, finals := make([]float64, len(all)), make([]float64, len(all))
	for i := range all {
		var outcomes []result.Outcome
		for seed := range max(1, len(r.Seeds)) {
			outcomes = append(outcomes, r.Under(seed)[i])
		}
		s := newStrategy(outcomes)
		s.AtInit, s.AtLag, s.Picked = r.MeanAt(i, 0), r.MeanAt(i, r.Lag), picked[s.Name]
		all[i], atLag[i], finals[i] = s, s.AtLag, s.Final
	}
	lagRanks, endRanks := stats.Ranks(atLag), stats.Ranks(finals)
	for i, s := range all {
		s.LagRank, s.EndRank = lagRanks[i], endRanks[i]
	}
	slices.SortStableFunc(all, func(a, b *Strategy) int { return cmp.Compare(LastIfUndefined(a.Final), LastIfUndefined(b.Final)) })
	for i, s := range all {
		s.Order = i
	}
	return all
}

// newStrategy averages the outcomes of a strategy, one for each seed.
func newStrategy(outcomes []result.Outcome) *Strategy {
	o := outcomes[0]
	s := &Strategy{Name: o.Name, Init: o.Init, What: cmp.Or(o.Summary, o.Init), Maps: maps(o.Encoder, o.Map)}
	losses := map[int][]float64{}
	var statuses []result.Status
	for _, o := range outcomes {
		final := float64(o.Final)
		if o.Status != result.StatusComplete || math.IsInf(final, 0) {
			final = math.NaN()
		}
		s.Finals, statuses = append(s.Finals, final), append(statuses, o.Status)
		for _, p := range o.Curve {
			losses[p.Step] = append(losses[p.Step], float64(p.Loss))
		}
	}
	s.Final, s.Unfinished = stat.Mean(s.Finals, nil), result.Unfinished(statuses...)
	for step, of := range losses {
		if len(of) == len(outcomes) {
			s.Steps = append(s.Steps, step)
		}
	}
	slices.Sort(s.Steps)
	for _, step := range s.Steps {
		of := losses[step]
		s.Loss, s.Low, s.High = append(s.Loss, stat.Mean(of, nil)), append(s.Low, slices.Min(of)), append(s.High, slices.Max(of))
	}
	return s
}

// maps are the layer maps of a model's stacks; one without an encoder has one.
func maps(encoder, layers growth.Map) []growth.Map {
	if len(encoder) > 0 {
		return []growth.Map{encoder, layers}
	}
	return []growth.Map{layers}
}

// Stopped reports whether the strategy did not get to the end, under a seed.
func (s *Strategy) Stopped() bool { return math.IsNaN(s.Final) }

// Seeds is the number of seeds.
func (s *Strategy) Seeds() int { return len(s.Finals) }

// At returns the mean loss at a step, NaN where there is none.
func (s *Strategy) At(step int) float64 {
	if i, ok := slices.BinarySearch(s.Steps, step); ok {
		return s.Loss[i]
	}
	return math.NaN()
}

// PickNote says that LAG picks the strategy, and under how many of several seeds:
// the sign alone, or "sign2/3". It is empty where LAG does not pick it.
func (s *Strategy) PickNote(sign string) string {
	switch {
	case s.Picked == 0:
		return ""
	case s.Seeds() == 1:
		return sign
	}
	return fmt.Sprintf("%s%d/%d", sign, s.Picked, s.Seeds())
}

// Status says how the strategy's trainings ended.
func (s *Strategy) Status() string { return cmp.Or(s.Unfinished, string(result.StatusComplete)) }

// Steps returns the steps at which some strategy was evaluated.
func Steps(all []*Strategy) []int {
	var steps []int
	for _, s := range all {
		steps = append(steps, s.Steps...)
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// From and To are the depths of a study's models, an encoder's first.
func From(r *result.Study) growth.Depths { return depths(r.EncoderFrom, r.From, r.EncoderTo) }
func To(r *result.Study) growth.Depths   { return depths(r.EncoderTo, r.To, r.EncoderTo) }

// depths leaves out the encoder where the grown model has none.
func depths(encoder, depth, grownEncoder int) growth.Depths {
	if grownEncoder > 0 {
		return growth.Depths{encoder, depth}
	}
	return growth.Depths{depth}
}

// Join writes depths as "3", or "2+2" for two stacks.
func Join(depths growth.Depths) string {
	var texts []string
	for _, n := range depths {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, "+")
}

// DrawMaps writes the layer map of each stack, the encoder's before a bar.
func DrawMaps(maps []growth.Map, from growth.Depths) string {
	var texts []string
	for k, m := range maps {
		texts = append(texts, m.Draw(from[k]))
	}
	return strings.Join(texts, " | ")
}

// LastIfUndefined is what to sort by so that NaN comes last.
func LastIfUndefined(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}
