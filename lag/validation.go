package lag

import (
	"context"
	"errors"

	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/replay"
)

// WriteValidation writes the validation set of the run in a directory to a file of
// batches (see package replay), with which another program can check an exported model:
// its loss, the mean over all predicted tokens, is the run's. The data must be
// prepared. Dir and Backend of the options must be empty, as in [Continue].
func WriteValidation(ctx context.Context, dir, path string, o Options) (err error) {
	if o.Dir != "" || o.Backend != "" {
		return errors.New("the run determines directory and backend; leave Dir and Backend out")
	}
	s, run, err := engine.OpenRun(ctx, dir, o.engine(""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return replay.WriteBatches(path, run.Model.Config, run.Validation)
}
