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

// Strategy is one strategy of a study over the seeds.
type Strategy struct {
	Name string
	Init string
	What string       // description of init, moments and schedule
	Maps []growth.Map // of each stack, the encoder first

	Steps     []int     // steps at which it was evaluated with every seed
	Loss      []float64 // mean over the seeds at Steps[i]
	Low, High []float64 // lowest and highest over the seeds at Steps[i]

	AtInit, AtLag float64   // mean loss at step 0 and at the lag; not finite if there is none
	Final         float64   // mean final loss
	Finals        []float64 // of each seed, NaN if it did not reach the end
	Unfinished    string    // how it did not reach the end, see result.Unfinished

	LagRank, EndRank float64 // ranks of AtLag and Final, 1 for the lowest; ties share a rank
	Order            int     // position by final loss, 0 for the lowest
	Place            int     // position in the pool
	Picked           int     // number of seeds with which LAG picks it
	PickedAtInit     int     // number of seeds with which the loss at initialization picks it
}

// Strategies returns the strategies of a study, the lowest final loss first.
// Those that did not reach the end come last, in the order of the pool.
func Strategies(r *result.Study) []*Strategy {
	all := make([]*Strategy, r.PoolSize())
	picked, atInit := r.PicksOf(result.RuleLAG), r.PicksOf(result.RuleLossAtInit)
	atLag, finals := make([]float64, len(all)), make([]float64, len(all))
	for i := range all {
		var outcomes []result.Outcome
		for seed := range max(1, len(r.Seeds)) {
			outcomes = append(outcomes, r.Under(seed)[i])
		}
		s := newStrategy(outcomes)
		s.Place, s.Picked, s.PickedAtInit = i, picked[s.Name], atInit[s.Name]
		s.AtInit, s.AtLag = r.MeanAt(i, 0), r.MeanAt(i, r.Lag)
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
	s := &Strategy{Name: o.Name, Init: o.Init, Maps: maps(o.Encoder, o.Map)}
	s.What = growth.Shown(cmp.Or(o.Summary, o.Init), s.Maps...)
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

// maps returns the layer maps of a model's stacks: one, or two if there is an
// encoder.
func maps(encoder, layers growth.Map) []growth.Map {
	if len(encoder) > 0 {
		return []growth.Map{encoder, layers}
	}
	return []growth.Map{layers}
}

// Stopped reports whether the strategy did not reach the end with some seed.
func (s *Strategy) Stopped() bool { return math.IsNaN(s.Final) }

// Seeds returns the number of seeds.
func (s *Strategy) Seeds() int { return len(s.Finals) }

// At returns the mean loss at a step, NaN if there is none.
func (s *Strategy) At(step int) float64 {
	if i, ok := slices.BinarySearch(s.Steps, step); ok {
		return s.Loss[i]
	}
	return math.NaN()
}

// PickNote marks a strategy that LAG picks: sign if there is one seed,
// "sign2/3" if it is picked with two of three seeds, and "" if it is not
// picked.
func (s *Strategy) PickNote(sign string) string {
	switch {
	case s.Picked == 0:
		return ""
	case s.Seeds() == 1:
		return sign
	}
	return fmt.Sprintf("%s%d/%d", sign, s.Picked, s.Seeds())
}

// Status describes how the strategy's trainings ended.
func (s *Strategy) Status() string { return cmp.Or(s.Unfinished, string(result.StatusComplete)) }

// Steps returns all steps at which strategies were evaluated.
func Steps(all []*Strategy) []int {
	var steps []int
	for _, s := range all {
		steps = append(steps, s.Steps...)
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}

// From and To return the depths of a study's models, the encoder's first.
func From(r *result.Study) growth.Depths { return depths(r.EncoderFrom, r.From, r.EncoderTo) }
func To(r *result.Study) growth.Depths   { return depths(r.EncoderTo, r.To, r.EncoderTo) }

// depths omits the encoder if the grown model has none.
func depths(encoder, depth, grownEncoder int) growth.Depths {
	if grownEncoder > 0 {
		return growth.Depths{encoder, depth}
	}
	return growth.Depths{depth}
}

// Join formats depths as "3", or "2+2" for two stacks.
func Join(depths growth.Depths) string {
	var texts []string
	for _, n := range depths {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, "+")
}

// DrawMaps formats the layer maps of all stacks, with a bar between encoder and
// decoder.
func DrawMaps(maps []growth.Map, from growth.Depths) string {
	var texts []string
	for k, m := range maps {
		texts = append(texts, m.Draw(from[k]))
	}
	return strings.Join(texts, " | ")
}

// LastIfUndefined returns a sort key that puts NaN last.
func LastIfUndefined(x float64) float64 {
	if math.IsNaN(x) {
		return math.Inf(1)
	}
	return x
}
