package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/cluster"
)

// A task is what an engine's workers are to do.
type task struct {
	work     func(lag.Options) (cluster.Work, error)
	progress func(ctx context.Context, dir string) (cluster.Progress, error)
}

func studyTask(c lag.StudyConfig) task { return task{c.Work, c.Progress} }

func stackingTask(c lag.Stacking) task { return task{c.Work, c.Progress} }

// done returns what is done of the task in a directory. It is a wrong use if the
// directory holds another configuration: workers would refuse it, each on its node.
func (t task) done(ctx context.Context, dir string) (cluster.Progress, error) {
	p, err := t.progress(ctx, dir)
	if other, ok := errors.AsType[*lag.OtherConfigError](err); ok {
		err = usageError{fmt.Errorf("%s holds another configuration, and workers join only their own; use another -name or -out, or remove that directory", other.Dir)}
	}
	return p, err
}
