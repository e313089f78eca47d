package main

import (
	"context"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/cluster"
)

// A task is what an engine's workers are to do.
type task struct {
	work   func(lag.Options) (cluster.Work, error)
	submit func(context.Context, lag.Options) (cluster.Started, error)
}

func studyTask(c lag.StudyConfig) task { return task{c.Work, c.Submit} }

func stackingTask(c lag.Stacking) task { return task{c.Work, c.Submit} }
