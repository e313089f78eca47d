package main

import (
	"fmt"
	"testing"

	"github.com/landscape-aware/growing/lag/advice"
)

// TestAdvice checks that errors of libraries name fields, and that the command
// names its flags instead.
func TestAdvice(t *testing.T) {
	err := fmt.Errorf("checking: %w", advice.Errorf(advice.BatchSize, "%d is too much", 9))
	if got, want := err.Error(), "checking: 9 is too much (batch_size)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, err := range []error{err, usageError{err}} {
		if got, want := withFlags(err), "checking: 9 is too much (-batch)"; got != want {
			t.Errorf("%T: got %q, want %q", err, got, want)
		}
	}
}
