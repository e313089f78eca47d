package lag

import (
	"context"
	"errors"
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/replay"
	"github.com/landscape-aware/growing/lag/train"
)

// WriteValidation writes the validation set of the run in a directory to a file of
// batches (see package replay), with which another program can check an exported model:
// its loss, the mean over all predicted tokens, is the run's. The data must be
// prepared. Dir and Backend of the options must be empty, as in [Continue].
func WriteValidation(ctx context.Context, dir, path string, o Options) error {
	return o.withRun(ctx, dir, func(run *engine.Run) error {
		return replay.WriteBatches(path, run.Model.Config, run.Validation)
	})
}

// mostWritten is how large a file of batches may become, in bytes. All of it is in
// memory while it is made.
const mostWritten = 2 << 30

// WriteTraining writes the batches of the first steps of the run in a directory to such
// a file, so that another program can train on them as the run did; 0 means all steps.
// Micro-batches are batches of their own. It is an error if the file would be larger than
// 2 GiB.
func WriteTraining(ctx context.Context, dir, path string, steps int, o Options) error {
	return o.withRun(ctx, dir, func(run *engine.Run) (err error) {
		if steps < 0 || steps > run.Spec.Schedule.Steps {
			return fmt.Errorf("the run has %d steps, so the batches of %d cannot be written", run.Spec.Schedule.Steps, steps)
		}
		if steps == 0 {
			steps = run.Spec.Schedule.Steps
		}
		var all []train.Batch
		defer func() {
			for _, batch := range all {
				err = errors.Join(err, batch.Finalize())
			}
		}()
		for step := range steps {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			batches, err := run.Batch(step)
			if err != nil {
				return err
			}
			all = append(all, batches...)
			if step == 0 {
				if size := bytesOf(batches) * int64(steps); size > mostWritten {
					return fmt.Errorf("the batches of %s would take %s; write those of fewer steps", plain.Count(steps, "step"), humanize.IBytes(uint64(size)))
				}
			}
		}
		return replay.WriteBatches(path, run.Model.Config, all)
	})
}

// bytesOf returns the size of batches.
func bytesOf(batches []train.Batch) (size int64) {
	for _, batch := range batches {
		for _, t := range batch {
			size += int64(t.ByteSize())
		}
	}
	return size
}

// withRun calls use with the run in a directory.
func (o Options) withRun(ctx context.Context, dir string, use func(*engine.Run) error) (err error) {
	if o.Dir != "" || o.Backend != "" {
		return errors.New("the run determines directory and backend; leave Dir and Backend out")
	}
	s, run, err := engine.OpenRun(ctx, dir, o.engine(""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return use(run)
}
