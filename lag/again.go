package lag

import (
	"context"
	"path/filepath"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/result"
)

// AnalyzeAgain analyzes the recorded outcomes of a complete study again, with the same
// rules, and trains nothing. The final losses are means of as many evaluations as the
// configuration in the directory says. It writes nothing: save the result with
// [result.Study.Save]. Warnings have words for fields of the configuration, or the
// names of these if words is nil.
func AnalyzeAgain(ctx context.Context, dir string, words advice.Words) (*result.Study, error) {
	r, config, err := LoadStudy(dir)
	if err != nil {
		return nil, err
	}
	r.Words, r.FinalEvaluations = words, config.Growth.FinalEvaluations
	return r, r.Again(ctx)
}

// SetFinalEvaluations changes [Growth.FinalEvaluations] in the configuration of a
// complete study, for [AnalyzeAgain].
func SetFinalEvaluations(ctx context.Context, dir string, n int) error {
	if _, _, err := LoadStudy(dir); err != nil { // before the lock, which makes the directory
		return err
	}
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	r, config, err := LoadStudy(dir)
	if err != nil {
		return err
	}
	if err := result.CheckFinalEvaluations(n, r.EvaluationSteps(), r.Lag); err != nil {
		return err
	}
	config.Growth.FinalEvaluations = n
	return sealed.Write(filepath.Join(dir, result.StudyConfig), config)
}
