package train_test

import (
	"fmt"
	"testing"

	"github.com/landscape-aware/growing/lag/train"
)

func ExampleSchedule_At() {
	s := train.Schedule{Kind: train.Linear, Peak: 1, WarmUp: 2, Steps: 6}
	for step := range 7 {
		fmt.Print(s.At(step), " ")
	}
	// Output: 0.5 1 1 0.75 0.5 0.25 0
}

func TestScheduleValidate(t *testing.T) {
	for name, s := range map[string]train.Schedule{
		"kind":    {Kind: "cosine", Peak: 1, Steps: 10},
		"peak":    {Kind: train.Constant, Peak: 0, Steps: 10},
		"warm-up": {Kind: train.Linear, Peak: 1, WarmUp: 11, Steps: 10},
	} {
		if s.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
