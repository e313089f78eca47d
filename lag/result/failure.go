package result

import (
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/advice"
)

// Failure is a run in which the device failed in every try.
type Failure struct {
	Run   string `json:"run"` // a strategy, a decay branch of one, a control, or a stage of an arm
	Seed  int64  `json:"seed"`
	Steps int    `json:"steps"` // completed
	Error string `json:"error"` // error message of the device
}

func (f Failure) String() string {
	return fmt.Sprintf("%s under seed %d after %s", f.Run, f.Seed, plain.Count(f.Steps, "step"))
}

// Failed returns the number of failures.
func (r *Study) Failed() int { return len(r.Failures) }

// Failed returns the number of failures.
func (r *Stacking) Failed() int { return len(r.Failures) }

// BranchName returns the name of a strategy's decay branch in failures.
func BranchName(strategy string) string { return "decay branch of " + strategy }

// ControlName returns the name of a control in failures.
func ControlName(control string) string { return "control " + control }

// failureWarning names the runs in which the device failed and the errors. It
// returns "" if there are none.
func failureWarning(failures []Failure, words advice.Words) string {
	if len(failures) == 0 {
		return ""
	}
	var errors []string
	runs := make(map[string][]string)
	for _, f := range failures {
		if len(runs[f.Error]) == 0 {
			errors = append(errors, f.Error)
		}
		runs[f.Error] = append(runs[f.Error], f.String())
	}
	const most = 3
	for i, text := range errors {
		list := runs[text]
		if n := len(list) - most; n > 0 {
			list = append(list[:most:most], fmt.Sprintf("%d more", n))
		}
		errors[i] = fmt.Sprintf("%s (%s)", strings.Join(list, ", "), text)
	}
	passed := "which are passed over"
	if len(failures) == 1 {
		passed = "which is passed over"
	}
	return fmt.Sprintf("The device failed in %s, %s for that: %s. The same command tries them again; where memory is short, end other programs first, or take smaller batches for all (%s).",
		plain.Count(len(failures), "run"), passed, strings.Join(errors, "; "), words.For(advice.BatchSize))
}
