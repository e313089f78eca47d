package train

import (
	"context"
	"errors"
	"time"
)

// Steps of [Run.Speed].
const (
	speedWarmUp = 2 // the first compiles
	speedLeast  = 3
)

// Speed returns how many training steps a second the run makes. It trains initial
// weights, which it throws away, for at least a given time and three steps. ready is
// called before, when the program is compiled. It writes nothing, and does not
// change the run. After cancellation of the context it returns its cause.
func (r *Run) Speed(ctx context.Context, ready func() error, least time.Duration) (rate float64, err error) {
	state := r.Program.NewState(r.Seed)
	defer func() { err = errors.Join(err, state.Finalize()) }()
	step := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		_, _, err := r.update(ctx, state)
		return err
	}
	for range speedWarmUp {
		if err := step(); err != nil {
			return 0, err
		}
	}
	if err := ready(); err != nil {
		return 0, err
	}
	begun, steps := time.Now(), 0
	for steps < speedLeast || time.Since(begun) < least {
		if err := step(); err != nil {
			return 0, err
		}
		steps++
	}
	return float64(steps) / time.Since(begun).Seconds(), nil
}
