package growth

import "fmt"

// wide returns the additional strategies of a wide pool that have their own maps.
func wide(from, to int, o Options) (Pool, error) {
	var c collector
	for block := 1; block <= from; block++ {
		if (to-from)%block == 0 {
			c.all(Insertions(from, to, block))
		}
	}
	if to%2 == 0 && to <= 2*from {
		c.one(SOLAR(from, to))
	}
	c.all(IdentityBlockGroups(from, to))
	c.one(LEMON(from, to))
	c.one(MSG(from, to, o.GateSteps))
	c.one(MSLT(from, to, o.RewarmSteps))
	c.one(LearnedLiGO(from, to, o.LearnSteps, DefaultLearnRate))
	return c.pool, c.err
}

// moreTraining returns the strategies of a pool with other policies for moments
// and other learning-rate schedules, renamed accordingly.
func moreTraining(base Pool, o Options) Pool {
	var pool Pool
	for _, change := range []struct {
		name  string
		apply func(*Strategy)
	}{
		{"moments-reset", func(s *Strategy) { s.Moments = MomentsReset }},
		{"moments-zero", func(s *Strategy) { s.Moments = MomentsZeroDuplicates }},
		{"rewarm", func(s *Strategy) { s.Rewarm = o.RewarmSteps }},
		{"restart", func(s *Strategy) { s.Restart = true }},
	} {
		for _, s := range base {
			s = s.clone()
			s.Name += "-" + change.name
			s.Moments = o.Moments
			change.apply(&s)
			pool = append(pool, s)
		}
	}
	return pool
}

// NewPoolFor returns the strategies that grow a model with one or two stacks.
// For one stack they are those of [NewPool]. If an encoder and a decoder both
// grow, they are the strategies whose name occurs in the pools of both stacks,
// so both grow in the same way; if the depths differ, fewer names occur in
// both. If only one of the two stacks grows, they are those of its pool, and
// the other stack keeps its layers.
func NewPoolFor(from, to Depths, opts *Options) (Pool, error) {
	if err := from.check(to); err != nil {
		return nil, err
	}
	if len(from) == 1 {
		return NewPool(from[0], to[0], opts)
	}
	var stacks [2]Pool
	for i := range stacks {
		if from[i] == to[i] {
			continue
		}
		var err error
		if stacks[i], err = NewPool(from[i], to[i], opts); err != nil {
			return nil, fmt.Errorf("%s: %w", stackNames[i], err)
		}
	}
	var pool Pool
	switch encoder, decoder := stacks[0], stacks[1]; {
	case encoder == nil:
		for _, s := range decoder {
			s.Encoder = span(0, from[0])
			pool = append(pool, s)
		}
	case decoder == nil:
		for _, s := range encoder {
			s.Encoder, s.Map = s.Map, span(0, from[1])
			pool = append(pool, s)
		}
	default:
		for _, s := range decoder {
			if other, ok := encoder.ByName(s.Name); ok {
				s.Encoder = other.Map
				pool = append(pool, s)
			}
		}
	}
	pool = pool.Dedupe()
	return pool, pool.Validate(from, to)
}
