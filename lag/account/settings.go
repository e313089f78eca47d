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
	items := []aggregate.CheckItem{
		{Mark: aggregate.Done, What: "text", Text: fmt.Sprintf("corpus %s, a vocabulary of %s, %g%% held out for validation", c.Data.Corpus, plain.Count(vocabulary, "token"), 100*c.Data.ValidationFraction)},
		{Mark: aggregate.Done, What: "batches", Text: fmt.Sprintf("%s of %s, objective %s", plain.Count(c.BatchSize, "sequence"), plain.Count(c.Objective.SequenceLength(), "token"), c.Objective.Settings.Kind())},
		{Mark: aggregate.InPart, What: "learning rate", Text: fmt.Sprintf("%s with a peak of %g and %s of warm-up; it was given, not tuned here", schedule.Kind, schedule.Peak, plain.Count(schedule.WarmUp, "step"))},
		{Mark: aggregate.Done, What: "moments of the optimizer", Text: fmt.Sprintf("%s, unless a strategy says otherwise", c.Growth.Moments)},
	}
	steps, err := c.FinalSteps()
	if n := len(steps); err == nil && n > 1 {
		first, last := schedule.At(steps[0]-1), schedule.At(steps[n-1]-1) // of the updates before the evaluations
		item := aggregate.CheckItem{Mark: aggregate.Done, What: "learning rate between the last evaluations", Text: "constant, so that their mean has less noise than one of them"}
		if first != last {
			item.Mark, item.Text = aggregate.InPart, fmt.Sprintf("from %.2g to %.2g: the earlier evaluations are of a worse model, so the mean is biased", first, last)
		}
		items = append(items, item)
	}
	return items
}
