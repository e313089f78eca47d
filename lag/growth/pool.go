package growth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// Pool is an ordered set of strategies that grow the same source to the same depth.
type Pool []Strategy

// Union concatenates pools. It keeps duplicates; see [Pool.Dedupe].
func (p Pool) Union(others ...Pool) Pool {
	return slices.Concat(append([]Pool{p}, others...)...)
}

// Filter returns the strategies for which keep returns true.
func (p Pool) Filter(keep func(Strategy) bool) Pool {
	var kept Pool
	for _, s := range p {
		if keep(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// Dedupe removes every strategy that is equivalent to an earlier one (see
// [Strategy.Key]).
func (p Pool) Dedupe() Pool {
	seen := make(map[string]bool, len(p))
	return p.Filter(func(s Strategy) bool {
		key := s.Key()
		first := !seen[key]
		seen[key] = true
		return first
	})
}

// WithInit applies [Strategy.WithInit] to all strategies of the pool.
func (p Pool) WithInit(init Init) Pool {
	changed := make(Pool, len(p))
	for i, s := range p {
		changed[i] = s.WithInit(init)
	}
	return changed
}

// Names returns the names in the pool's order.
func (p Pool) Names() []string {
	names := make([]string, len(p))
	for i, s := range p {
		names[i] = s.Name
	}
	return names
}

// ByName returns the strategy with the given name, and whether there is one.
func (p Pool) ByName(name string) (Strategy, bool) {
	i := slices.IndexFunc(p, func(s Strategy) bool { return s.Name == name })
	if i < 0 {
		return Strategy{}, false
	}
	return p[i], true
}

// Validate returns an error unless every strategy grows a model from depths
// from to depths to, and all differ in name and effect.
func (p Pool) Validate(from, to Depths) error {
	if err := from.check(to); err != nil {
		return err
	}
	if len(p) == 0 {
		return errors.New("the pool is empty: give it at least one strategy")
	}
	names := make(map[string]bool, len(p))
	keys := make(map[string]string, len(p))
	for _, s := range p {
		if err := s.Validate(from); err != nil {
			return err
		}
		for i, depth := range s.To() {
			if depth != to[i] {
				return fmt.Errorf("strategy %q grows to %s, but the pool grows to %d: give its map %s", s.Name, plain.Count(depth, "layer"), to[i], plain.Count(to[i], "place"))
			}
		}
		if names[s.Name] {
			return fmt.Errorf("two strategies of the pool are named %q: rename one", s.Name)
		}
		names[s.Name] = true
		if other, ok := keys[s.Key()]; ok {
			return fmt.Errorf("strategies %q and %q do the same: remove one, or call Pool.Dedupe", other, s.Name)
		}
		keys[s.Key()] = s.Name
	}
	return nil
}

// Options are the options of [NewPool] and [NewPoolFor]. Nil and zero fields
// mean the defaults.
type Options struct {
	GateSteps int     // training steps until gates are open; default DefaultGateSteps
	Moments   Moments // for all strategies except those that vary it; default MomentsCopy

	Few         bool // only the strategies that differ most, see [NewPool]; not in a wide pool
	Wide        bool // add the strategies of [NewPool]'s second list
	All         bool // add those of the second and the third list
	RewarmSteps int  // in a wide pool, training steps of learning-rate re-warm-up, and of training only new layers; default DefaultRewarmSteps
	LearnSteps  int  // in a wide pool, steps to learn coefficients; default DefaultLearnSteps
}

// DefaultRewarmSteps is the default of [Options].RewarmSteps.
const DefaultRewarmSteps = 100

// fill validates the options and returns them with defaults filled in.
func (o *Options) fill() (Options, error) {
	if o == nil {
		o = &Options{}
	}
	filled := *o
	filled.Wide = filled.Wide || filled.All
	if filled.GateSteps == 0 {
		filled.GateSteps = DefaultGateSteps
	}
	if filled.RewarmSteps == 0 {
		filled.RewarmSteps = DefaultRewarmSteps
	}
	if filled.LearnSteps == 0 {
		filled.LearnSteps = DefaultLearnSteps
	}
	if filled.Moments == "" {
		filled.Moments = MomentsCopy
	}
	err := errors.Join(filled.gate().Validate(), filled.Moments.Validate())
	if err == nil && filled.RewarmSteps < 1 {
		err = fmt.Errorf("rewarm steps are %d: give at least 1", filled.RewarmSteps)
	}
	if err == nil && filled.LearnSteps < 1 {
		err = fmt.Errorf("learn steps are %d: give at least 1", filled.LearnSteps)
	}
	if err != nil {
		err = fmt.Errorf("pool options: %w", err)
	}
	return filled, err
}

func (o Options) gate() Init { return Init{Kind: Gated, GateSteps: o.GateSteps} }

// DefaultPool returns the pool of [NewPool] with default options.
func DefaultPool(from, to int) (Pool, error) { return NewPool(from, to, nil) }

// NewPool returns the strategies for a first study of growing from from layers
// to to layers. All have different effects. In order they are:
//
//   - stack and interleave;
//   - a block repeated in place and on top, at every index; the last and the
//     middle one have their own names (gradual stacking, MIDAS). The block size
//     is the largest that divides the added depth and is smaller than the
//     source;
//   - the last, middle and first layer repeated in place;
//   - the middle block inserted in the middle;
//   - new layers at the bottom, in the middle, on top;
//   - stack, interleave and the last block repeated, with zero and gated
//     duplicates. These maps keep the source's order, so the source's function
//     does not change while the gates are 0.
//
// From 3 to 6 layers there are 17, from 2 to 4 and from 3 to 4 there are 14,
// from 4 to 8 there are 20, from 6 to 12 there are 22 and from 24 to 48 there
// are 40 (see [Pool.Filter]). A source of one layer gives few: from 1 to 2
// there are 5. The selection is this project's own.
//
// With few, those that differ most are left, 12 from 3 to 6 layers: stack,
// interleave, the last, the middle and the first layer repeated, new layers at
// the bottom and on top, stack and interleave with zero and with gated
// duplicates, and the last block repeated with gated ones.
//
// A wide pool also has the following, except those equivalent to an earlier
// one:
//
//   - every block whose size divides the added depth, inserted at every gap;
//   - depth up-scaling, identity blocks, LEMON, MSG, MSLT, and LiGO's depth
//     operator with learned coefficients;
//   - stack, interleave and the last block repeated, with duplicates that are
//     scaled by 0.5, with noise of 0.01, and interpolated; with all moments and
//     only those of duplicates reset; with re-warm-up and with a restarted
//     schedule.
//
// From 3 to 6 layers there are then 45. The number of insertions grows with the
// square of the depth times the number of divisors of the added depth: from 12
// to 24 there are hundreds.
//
// A pool of all strategies also has the following, except those equivalent to an
// earlier one:
//
//   - interposition, with the first and the last layer single; the block in the exact
//     middle (LIDAS), in every size of which copies fit and that is smaller than the
//     source; the middle layer as all layers;
//   - stack, interleave and the last block repeated, with duplicates whose attention
//     scores are halved, and with duplicates that are shrunk and perturbed.
//
// From 3 to 6 layers there are then 52.
func NewPool(from, to int, opts *Options) (Pool, error) {
	o, err := opts.fill()
	if err != nil {
		return nil, err
	}
	if err := checkDepths(from, to); err != nil {
		return nil, err
	}

	var c collector
	c.one(GStack(from, to))
	c.one(Interleave(from, to))
	block := largestBlock(from-1, to-from)
	if block > 0 {
		c.one(RepeatLast(from, to, block))
		c.one(RepeatMiddle(from, to, block))
		c.all(InPlaceBlocks(from, to, block))
		c.all(AppendBlocks(from, to, block))
		c.one(RepeatLast(from, to, 1))
		c.one(RepeatMiddle(from, to, 1))
		c.one(InPlaceBlock(from, to, 1, 0))
	}
	inserted := largestBlock(from, to-from)
	c.one(InsertBlock(from, to, inserted, (from-inserted)/2, from/2))
	c.all(RandomLayers(from, to))

	var ordered collector
	ordered.one(GStack(from, to))
	ordered.one(Interleave(from, to))
	if block > 0 {
		ordered.one(RepeatLast(from, to, block))
	}
	if err := errors.Join(c.err, ordered.err); err != nil {
		return nil, err
	}
	pool := c.pool.Union(ordered.pool.WithInit(Init{Kind: Zero}), ordered.pool.WithInit(o.gate()))
	if o.Few && !o.Wide {
		pool = pool.few()
	}
	var variants Pool
	if o.Wide {
		more, err := wide(from, to, o)
		if err != nil {
			return nil, err
		}
		for _, kind := range []Init{{Kind: Scaled, Factor: 0.5}, {Kind: Noise, Factor: 0.01}, {Kind: Interpolate}} {
			more = more.Union(ordered.pool.WithInit(kind))
		}
		pool = pool.Union(more)
		variants = moreTraining(ordered.pool, o)
	}
	var last Pool
	if o.All {
		if last, err = rest(from, to, ordered.pool); err != nil {
			return nil, err
		}
	}
	for _, list := range []Pool{pool, last} {
		for i := range list {
			list[i].Moments = o.Moments
		}
	}
	pool = pool.Union(variants, last).Dedupe()
	return pool, pool.Validate(Depths{from}, Depths{to})
}

// few returns the strategies of a pool that differ most.
func (p Pool) few() Pool {
	kept := []string{
		"stack", "interleave", "repeat-last-1", "repeat-middle-1", "in-place-1@0", "random-bottom", "random-top",
		"stack-zero", "interleave-zero", "stack-gated", "interleave-gated",
	}
	return p.Filter(func(s Strategy) bool {
		return slices.Contains(kept, s.Name) || strings.HasPrefix(s.Name, "repeat-last-") && s.Init.Kind == Gated
	})
}

// collector collects strategies and the first error.
type collector struct {
	pool Pool
	err  error
}

func (c *collector) one(s Strategy, err error) { c.all(Pool{s}, err) }

func (c *collector) all(p Pool, err error) {
	if c.err == nil {
		c.pool, c.err = append(c.pool, p...), err
	}
}

// largestBlock returns the largest block size, up to limit, that divides the
// added depth, or 0 if there is none.
func largestBlock(limit, added int) int {
	for block := min(limit, added); block > 0; block-- {
		if added%block == 0 {
			return block
		}
	}
	return 0
}

// MaxDepth is far above any model's depth. A mistyped number is then an error
// instead of exhausting memory.
const MaxDepth = 10_000

func checkDepths(from, to int) error {
	if from < 1 {
		return fmt.Errorf("cannot grow from %s: the source needs at least 1", Depths{from}.Layers())
	}
	if to <= from {
		return fmt.Errorf("cannot grow from %s to %d: choose a depth above %d", Depths{from}.Layers(), to, from)
	}
	if to > MaxDepth {
		return fmt.Errorf("cannot grow to %s: choose a depth of at most %d", Depths{to}.Layers(), MaxDepth)
	}
	return nil
}
