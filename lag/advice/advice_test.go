package advice_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/landscape-aware/growing/lag/advice"
)

// Fields stand in the errors of libraries; a program puts its own words there.
func ExampleError_With() {
	err := &advice.Error{Fields: []string{advice.BatchSize, advice.Steps}, Err: errors.New("not enough memory; use less")}
	fmt.Println(err)
	fmt.Println(err.With(advice.Words{advice.BatchSize: "-batch"}))
	// Output:
	// not enough memory; use less (batch_size, growth.schedule.steps)
	// not enough memory; use less (-batch, growth.schedule.steps)
}

func ExampleValue() {
	err := advice.Value(advice.Lag, "is %d; it must be at least 1", 0)
	fmt.Println(err)
	var value *advice.ValueError
	if errors.As(err, &value) {
		fmt.Println(value.With(advice.Words{advice.Lag: "-lag"}))
	}
	// Output:
	// growth.lag is 0; it must be at least 1
	// -lag is 0; it must be at least 1
}

func TestUnwrap(t *testing.T) {
	err := fmt.Errorf("the study: %w", advice.Errorf(advice.Seeds, "reading: %w", io.ErrUnexpectedEOF))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v does not wrap its cause", err)
	}
}
