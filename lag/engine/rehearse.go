package engine

import (
	"context"

	"github.com/landscape-aware/growing/lag/backend"
)

// Rehearse compiles what a run will execute, so that the session, and with
// compiled programs on disk every process, has it when the run begins. It trains
// nothing. It does nothing where that would be of no use or in the way: the
// pure-Go engine compiles nothing, and the memory of an accelerator may be needed
// by the run that other processes train.
func (s *Session) Rehearse(ctx context.Context, r *Run) error {
	if s.backend.Kind != backend.CPU {
		return nil
	}
	return r.Run.Rehearse(ctx)
}
