package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
)

// loadModel loads a model with its weights from its directory or from that of a run.
func loadModel(dir string) (*trained.Model, error) {
	m, err := trained.Load(dir)
	return m, namingRun(dir, err)
}

// namingRun replaces the advice of an error that says that a directory has no model
// if that is the directory of a study, a stacking or a training: it names a run.
func namingRun(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) || !runs.IsOne(dir) {
		return err
	}
	if study, err := result.LoadStudy(dir); err == nil {
		if strategy, run, ok := pickedRun(dir, study); ok {
			return fmt.Errorf("%s is the directory of a study; name one of its runs, such as that of LAG's pick, %s: %s", dir, strategy, run)
		}
	}
	list, _ := runs.List(dir)
	if len(list) == 1 {
		return fmt.Errorf("%s is the directory of a training; name its run, %s", dir, filepath.Join(dir, list[0].Name))
	}
	return fmt.Errorf("%s has several models; name one of its runs, which `lag runs %s` lists", dir, plain.Quoted(dir))
}

// pickedRun returns LAG's pick with the study's first seed, and the directory of its
// run, if that reached its end.
func pickedRun(dir string, study *result.Study) (strategy, run string, ok bool) {
	pick, ok := study.Pick(result.RuleLAG)
	list, err := runs.List(dir)
	if !ok || err != nil || len(study.Seeds) == 0 {
		return "", "", false
	}
	i := slices.IndexFunc(list, func(r runs.Run) bool {
		return r.Kind == progress.PhaseProbe && r.Strategy == pick.Strategy && r.Seed == study.Seeds[0] && r.Status == runs.Complete
	})
	if i < 0 {
		return "", "", false
	}
	return pick.Strategy, filepath.Join(dir, list[i].Name), true
}
