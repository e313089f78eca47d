package engine

import (
	"context"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag/train"
)

// World is where a session's runs are trained and where it waits for other
// processes. A simulation has one of its own, so that what is simulated is the
// scheduler itself, see [Session.In].
type World struct {
	// Try trains a run to a step. ok is false if another process is training it.
	Try func(ctx context.Context, r *Run, step int) (outcome train.Outcome, ok bool, err error)
	// Ended returns the outcome of a run that has ended, without its lock.
	Ended func(r *Run) (outcome train.Outcome, ok bool)
	// Wait waits for a time.
	Wait func(ctx context.Context, d time.Duration) error
	// Holder returns who trains the run in a directory, see [dirlock.HolderOf].
	Holder func(dir string) (h dirlock.Holder, ok bool, err error)
	// Outcome returns the outcome of the run in a directory, see [train.ReadOutcome].
	Outcome func(dir string) (train.Outcome, error)
	// Release removes states of the run in a directory, see [train.Release].
	Release func(dir string, dropped bool, why string, keep func(step int) bool) (removed int64, free bool, err error)
}

// realWorld trains on the session's backend, and waits by the clock.
var realWorld = World{
	Try:   func(ctx context.Context, r *Run, step int) (train.Outcome, bool, error) { return r.TryTo(ctx, step) },
	Ended: func(r *Run) (train.Outcome, bool) { return r.Ended() },
	Wait: func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(d):
			return nil
		}
	},
	Holder:  dirlock.HolderOf,
	Outcome: train.ReadOutcome,
	Release: train.Release,
}

// In puts the session into another world.
func (s *Session) In(w World) { s.world = w }

// World returns the world of the session.
func (s *Session) World() World { return s.world }
