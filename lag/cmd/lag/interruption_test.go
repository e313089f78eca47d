package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestInterruption: an interruption says that progress is saved only if nothing
// else went wrong, however the two are joined.
func TestInterruption(t *testing.T) {
	full := errors.New("no space left on device")
	for _, err := range []error{context.Canceled, fmt.Errorf("pretraining: %w", context.Canceled)} {
		if got := interruption(err); !strings.Contains(got.Error(), "progress is saved") || !errors.Is(got, context.Canceled) {
			t.Errorf("interruption(%v) = %v", err, got)
		}
	}
	for _, err := range []error{nil, full, errors.Join(context.Canceled, full), fmt.Errorf("%w: saving: %w", context.Canceled, full)} {
		if got := interruption(err); got != err {
			t.Errorf("interruption(%v) = %v", err, got)
		}
	}
}
