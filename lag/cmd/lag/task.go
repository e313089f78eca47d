package main

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/watch"
)

// A task is what an engine's workers are to do.
type task struct {
	work     func(lag.Options) (cluster.Work, error)
	progress func(ctx context.Context, dir, hash string) (cluster.Progress, error)
}

func studyTask(c lag.StudyConfig) task { return task{c.Work, studyProgress} }

func stackingTask(c lag.Stacking) task { return task{c.Work, stackingProgress} }

// studyProgress returns what is done of the study with that hash. A result with
// failures is not complete: what failed is tried again.
func studyProgress(ctx context.Context, dir, hash string) (p cluster.Progress, err error) {
	if r, err := result.LoadStudy(dir); err == nil && r.Origin().Config == hash && r.Failed() == 0 {
		return cluster.Progress{Complete: true, Trained: true}, nil
	}
	var there lag.StudyConfig
	if _, err := result.ReadConfig(dir, result.StudyConfig, &there); err != nil {
		return cluster.Progress{Unseen: true}, nil // nothing is there yet, or it is written again
	}
	if err := sameConfig(dir, there.Hash, hash); err != nil {
		return p, err
	}
	s, err := watch.Look(ctx, dir)
	p.Trained = s.Planned > 0 && s.Done >= s.Planned
	return p, err
}

// stackingProgress returns what is done of the stacking with that hash. How many
// runs it needs depends on what its rules pick.
func stackingProgress(_ context.Context, dir, hash string) (p cluster.Progress, err error) {
	if r, err := result.LoadStacking(dir); err == nil && r.Origin().Config == hash && r.Failed() == 0 {
		return cluster.Progress{Complete: true, Trained: true}, nil
	}
	var there lag.Stacking
	if _, err := result.ReadConfig(dir, result.StackingConfig, &there); err != nil {
		return cluster.Progress{Unseen: true}, nil // nothing is there yet, or it is written again
	}
	return p, sameConfig(dir, there.Hash, hash)
}

// sameConfig returns an error if the configuration in a directory is not the one
// with that hash. Workers would refuse it, each on its node.
func sameConfig(dir string, its func() (string, error), hash string) error {
	if found, err := its(); err != nil || found != hash {
		return usageError{fmt.Errorf("%s holds another configuration, and workers join only their own; use another -name or -out, or remove that directory", dir)}
	}
	return nil
}
