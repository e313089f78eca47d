package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// Downstream returns what was measured of a study's models on other tasks as text: a
// line for each task, and a table of the strategies, the lowest final loss first, with
// their mean scores over the seeds in the first tasks.
func Downstream(r *result.Study, d *result.Downstream) string {
	const most = 6 // tasks in the table of strategies
	tasks := aggregate.DownstreamTasks(r, d)
	var cells [][]string
	for _, t := range tasks {
		cells = append(cells, []string{t.Name, string(t.Measure), measured(t), span(t), number(t.Error, 3), number(t.Source, 3),
			Number(t.Baseline, 3), number(t.Reliability, 2), number(t.Rho, 2), interval(result.Number(t.RhoLo), result.Number(t.RhoHi)), number(t.Lost, 4)})
	}
	text := plainTable([]string{"task", "measure", "strategies", "scores", "± of one", "source", "chance", "reliability", "rho", "95% interval", "lost"}, cells, 2)

	more := len(tasks) - most
	tasks = tasks[:min(len(tasks), most)]
	headers := []string{"strategy", "final loss"}
	for _, t := range tasks {
		headers = append(headers, t.Name)
	}
	cells = nil
	for i, s := range aggregate.Strategies(r) {
		line := []string{s.Name, ending(s.Unfinished, s.Final)}
		for _, t := range tasks {
			line = append(line, number(t.Mean[i], 4))
		}
		cells = append(cells, line)
	}
	text += "\n" + columnTables(headers, cells, widestComparison)
	if more > 0 {
		text += fmt.Sprintf("… and %s more, see %s\n", plain.Count(more, "task"), result.DownstreamTable)
	}
	return text
}

// measured returns how many strategies have a score, and of how many if some do not.
func measured(t aggregate.Downstream) string {
	if t.Partial() {
		return fmt.Sprintf("%d of %d", t.Measured, t.Ended)
	}
	return strconv.Itoa(t.Measured)
}

// span returns the lowest and the highest mean score of a strategy.
func span(t aggregate.Downstream) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, mean := range t.Mean {
		if !math.IsNaN(mean) {
			low, high = min(low, mean), max(high, mean)
		}
	}
	if t.Measured == 0 {
		return "–"
	}
	return number(low, 3) + " to " + number(high, 3)
}

// downstreamRow is a task in a page.
type downstreamRow struct {
	aggregate.Downstream
	Strategies, Scores, Interval string
}

func downstreamRows(r *result.Study, d *result.Downstream) []downstreamRow {
	var rows []downstreamRow
	for _, t := range aggregate.DownstreamTasks(r, d) {
		rows = append(rows, downstreamRow{t, measured(t), span(t), interval(result.Number(t.RhoLo), result.Number(t.RhoHi))})
	}
	return rows
}

// DownstreamCSV writes the scores of a study's models on other tasks, with a line for
// each task, model and seed. The first line has the names of the columns: task, measure,
// strategy (empty for the source), seed, final (the final validation loss), score, and lo
// and hi, its 95% interval. Numbers have all their digits; what is undefined is empty.
func DownstreamCSV(w io.Writer, r *result.Study, d *result.Downstream) error {
	lines := [][]string{{"task", "measure", "strategy", "seed", "final", "score", "lo", "hi"}}
	measures := make(map[string]result.Measure)
	for _, t := range d.Tasks {
		measures[t.Name] = t.Measure
	}
	finals := make(map[string]result.Number)
	name := func(strategy string, seed int64) string { return fmt.Sprintf("%s\n%d", strategy, seed) }
	for _, o := range r.Strategies {
		finals[name(o.Name, o.Seed)] = o.Final
	}
	for _, s := range d.Scores {
		final := r.Source.Loss
		if s.Strategy != "" {
			var ok bool
			if final, ok = finals[name(s.Strategy, s.Seed)]; !ok {
				final = result.Undefined()
			}
		}
		lines = append(lines, []string{s.Task, string(measures[s.Task]), s.Strategy, strconv.FormatInt(s.Seed, 10), exact(final), exact(s.Score), exact(s.Lo), exact(s.Hi)})
	}
	return writeAll(csv.NewWriter(w), lines)
}
