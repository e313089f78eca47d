package interrupt

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"testing"
)

func TestOnly(t *testing.T) {
	full := errors.New("the disk is full")
	for _, test := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{full, false},
		{context.Canceled, true},
		{context.DeadlineExceeded, false},
		{fmt.Errorf("pretraining: %w", context.Canceled), true},
		{errors.Join(context.Canceled, fmt.Errorf("again: %w", context.Canceled)), true},
		{errors.Join(context.Canceled, full), false},
		{fmt.Errorf("%w: saving: %w", context.Canceled, full), false},
		{fmt.Errorf("a run: %w", fmt.Errorf("%w: %w", context.Canceled, full)), false},
		{&exec.Error{Name: "git", Err: exec.ErrNotFound}, false},
	} {
		if got := Only(test.err); got != test.want {
			t.Errorf("Only(%v) = %v", test.err, got)
		}
	}
}
