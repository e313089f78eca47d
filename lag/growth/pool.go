package growth

import (
	"errors"
	"fmt"
	"slices"
)

// Pool is an ordered set of strategies that grow one source to one depth.
type Pool []Strategy

// Union joins pools, in order. It drops nothing: see [Pool.Dedupe].
func (p Pool) Union(others ...Pool) Pool {
	return slices.Concat(append([]Pool{p}, others...)...)
}

// Filter returns the strategies that keep accepts.
func (p Pool) Filter(keep func(Strategy) bool) Pool {
	var kept Pool
	for _, s := range p {
		if keep(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// Dedupe drops every strategy that does what an earlier one does (see
// [Strategy.Key]): the first name wins.
func (p Pool) Dedupe() Pool {
	seen := make(map[string]bool, len(p))
	return p.Filter(func(s Strategy) bool {
		key := s.Key()
		first := !seen[key]
		seen[key] = true
		return first
	})
}

// WithInit returns the strategies of the pool with another init, renamed as
// [Strategy.WithInit] does it.
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

// ByName returns the strategy of that name.
func (p Pool) ByName(name string) (Strategy, bool) {
	i := slices.IndexFunc(p, func(s Strategy) bool { return s.Name == name })
	if i < 0 {
		return Strategy{}, false
	}
	return p[i], true
}

// Validate reports whether every strategy grows a model of depths from to depths
// to, and whether no two share a name or do the same.
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
				return fmt.Errorf("strategy %q grows to %d layers, the pool to %d: give its map %d places", s.Name, depth, to[i], to[i])
			}
		}
		if names[s.Name] {
			return fmt.Errorf("two strategies of the pool are named %q: rename one", s.Name)
		}
		names[s.Name] = true
		if other, ok := keys[s.Key()]; ok {
			return fmt.Errorf("strategies %q and %q do the same: drop one, or call Pool.Dedupe", other, s.Name)
		}
		keys[s.Key()] = s.Name
	}
	return nil
}

// Options are the choices of [NewPool] and [NewPoolFor]. Nil, or a zero field,
// means the default.
type Options struct {
	GateSteps int     // training steps until the gates are open; default DefaultGateSteps
	Moments   Moments // of every strategy but those that vary it; default MomentsCopy

	Wide        bool // add the strategies of [NewPool]'s second list
	RewarmSteps int  // training steps of learning-rate re-warm-up, and of training new layers alone, in a wide pool; default DefaultRewarmSteps
	LearnSteps  int  // steps of learning coefficients in a wide pool; default DefaultLearnSteps
}

// DefaultRewarmSteps is the length of re-warm-up where none is chosen.
const DefaultRewarmSteps = 100

// fill returns the options with defaults filled in, after checking them.
func (o *Options) fill() (Options, error) {
	if o == nil {
		o = &Options{}
	}
	filled := *o
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

// DefaultPool is NewPool with default options.
func DefaultPool(from, to int) (Pool, error) { return NewPool(from, to, nil) }

// NewPool returns the strategies that a first study of growing from layers to
// to layers wants, each doing something else, in a fixed order:
//
//   - stack and interleave;
//   - a block repeated in place and on top, at every index, the last and the
//     middle one under their own names (gradual stacking, MIDAS), the block
//     being the largest that divides the added depth and is smaller than the
//     source, so that there is an index to choose;
//   - the last, middle and first layer repeated in place;
//   - the middle block inserted in the middle;
//   - new layers at the bottom, in the middle, on top;
//   - stack, interleave and the last block repeated, with zero and gated
//     duplicates. These maps keep the source's order, so that a shut gate
//     leaves the source's function.
//
// 3 to 6 gives 17, 2 to 4 and 3 to 4 give 14, 4 to 8 gives 20, 6 to 12 gives 22
// and 24 to 48 gives 40 (see [Pool.Filter]). A source of one layer has little to
// choose from: 1 to 2 gives 5. The composition is this project's own.
//
// A wide pool has more, after these, of which what does the same as an earlier
// one is dropped:
//
//   - every block that adds up to the added depth inserted at every gap;
//   - depth up-scaling, identity blocks, LEMON, MSG, MSLT, and LiGO's depth
//     operator with learned coefficients;
//   - stack, interleave and the last block repeated, with duplicates scaled by
//     a half, with noise of a hundredth, and interpolated; with moments reset
//     and those of duplicates at zero; with re-warm-up and with the schedule
//     begun anew.
//
// 3 to 6 gives 45 so. The insertions grow with the square of the depth times
// the divisors of the added depth: 12 to 24 has hundreds.
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
	for i := range pool {
		pool[i].Moments = o.Moments
	}
	pool = pool.Union(variants).Dedupe()
	return pool, pool.Validate(Depths{from}, Depths{to})
}

// collector gathers strategies and keeps the first error.
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

// largestBlock returns the largest size, up to limit, that divides the added
// depth, or 0.
func largestBlock(limit, added int) int {
	for block := min(limit, added); block > 0; block-- {
		if added%block == 0 {
			return block
		}
	}
	return 0
}

// maxDepth is far above any model's depth. It turns a slip in a number into an
// error, where it would have exhausted memory.
const maxDepth = 10_000

func checkDepths(from, to int) error {
	if from < 1 {
		return fmt.Errorf("cannot grow from %d layers: the source needs at least 1", from)
	}
	if to <= from {
		return fmt.Errorf("cannot grow from %d layers to %d: choose a depth above %d", from, to, from)
	}
	if to > maxDepth {
		return fmt.Errorf("cannot grow to %d layers: choose a depth of at most %d", to, maxDepth)
	}
	return nil
}
