package train

import (
	"context"
	"errors"
)

// Rehearse compiles what the run will execute: it evaluates as many batches as it does at once, and makes
// one update, on initial weights that it throws away. It writes nothing, and
// does not change the run. After cancellation of the context it returns its cause.
func (r *Run) Rehearse(ctx context.Context) (err error) {
	state := r.Program.NewState(r.Seed)
	defer func() { err = errors.Join(err, state.Finalize()) }()
	if len(r.Validation) > 0 {
		if _, err := r.Program.Loss(ctx, state, r.Validation[:r.Program.together(r.Validation)], r.gates(0)); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	_, _, err = r.update(ctx, state)
	return err
}
