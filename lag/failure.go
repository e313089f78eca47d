package lag

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/train"
)

// settle makes a failure of the device, such as a lack of memory, the outcome of
// the run that met it: that of one candidate must not take the others with it.
// All other errors stay errors.
func settle(ctx context.Context, run *train.Run, o train.Outcome, err error) (train.Outcome, error) {
	if !errors.Is(err, train.ErrDevice) || ctx.Err() != nil {
		return o, err
	}
	if len(o.Curve) == 0 {
		o.Curve = []train.Loss{{}} // of step 0, and not known
	}
	o.Failed = err
	dir, _ := run.Dir()
	log.Warn("a run failed; the others go on", "error", err, "run", dir)
	return o, nil
}

// share brings runs to a step, or to their ends where they end before. Other
// processes at the same directory take part: what one of them is at is passed
// over, and waited for at the end. Runs whose device fails are tried once more
// then, when it may have memory to spare again.
func share(ctx context.Context, runs []*train.Run, step int) ([]train.Outcome, error) {
	outcomes := make([]train.Outcome, len(runs))
	var again []int
	for i, run := range runs {
		outcome, ok, err := run.TryTo(ctx, min(step, run.Schedule.Steps))
		if outcome, err = settle(ctx, run, outcome, err); err != nil {
			return nil, err
		}
		if outcomes[i] = outcome; !ok || outcome.Failed != nil {
			again = append(again, i)
		}
	}
	for _, i := range again {
		outcome, err := runs[i].To(ctx, min(step, runs[i].Schedule.Steps))
		if outcomes[i], err = settle(ctx, runs[i], outcome, err); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// failures says which candidates their device stopped; it is empty where none was.
func failures(outcomes []Outcome) string {
	var list []string
	for _, o := range outcomes {
		if o.Status == StatusFailed {
			list = append(list, fmt.Sprintf("%s under seed %d after %d steps (%s)", o.Name, o.Seed, *o.FailedAt, o.Failure))
		}
	}
	const most = 3
	if n := len(list) - most; n > 0 {
		list = append(list[:most], fmt.Sprintf("%d more", n))
	}
	return strings.Join(list, ", ")
}
