package account

import (
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/aggregate"
)

// Settings says what a study's configuration fixes for all strategies, for
// [aggregate.Checklist].
func Settings(c lag.StudyConfig) []aggregate.CheckItem {
	vocabulary := c.Model.Vocabulary()
	schedule := c.Growth.Schedule
	return []aggregate.CheckItem{
		{Mark: aggregate.Done, What: "text", Text: fmt.Sprintf("corpus %s, a vocabulary of %s, %g%% held out for validation", c.Data.Corpus, plain.Count(vocabulary, "token"), 100*c.Data.ValidationFraction)},
		{Mark: aggregate.Done, What: "batches", Text: fmt.Sprintf("%s of %s, objective %s", plain.Count(c.BatchSize, "sequence"), plain.Count(c.Objective.SequenceLength(), "token"), c.Objective.Settings.Kind())},
		{Mark: aggregate.InPart, What: "learning rate", Text: fmt.Sprintf("%s with a peak of %g and %s of warm-up; it was given, not tuned here", schedule.Kind, schedule.Peak, plain.Count(schedule.WarmUp, "step"))},
		{Mark: aggregate.Done, What: "moments of the optimizer", Text: fmt.Sprintf("%s, unless a strategy says otherwise", c.Growth.Moments)},
	}
}
