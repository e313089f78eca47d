package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// finalsAtMost is the largest number of seeds whose final losses have their own
// columns.
const finalsAtMost = 5

// Table returns the strategies as text, the best first: layer map (as in
// growth.Map.Draw, with a bar between encoder and decoder), initialization of
// duplicates, loss at 0, at the lag and at the end, and ranks at the lag and at
// the end. With several seeds, losses and ranks are those of the means; up to
// five seeds have columns with their final losses. A star marks LAG's picks,
// with the number of seeds.
func Table(r *result.Study) string { return TableWith(r, aggregate.Account{}) }

// TableWith is [Table] with the final losses also in bits per byte, if the account
// knows the bytes per token; see [aggregate.Account.BitsPerByte].
func TableWith(r *result.Study, a aggregate.Account) string {
	headers := []string{"strategy", "layer map", "init", "at 0", "at " + strconv.Itoa(r.Lag), finalColumn(r)}
	if a.KnowsBytes() {
		headers = append(headers, "bits/byte")
	}
	bySeed := len(r.Seeds) > 1 && len(r.Seeds) <= finalsAtMost
	if bySeed {
		for _, seed := range r.Seeds {
			headers = append(headers, fmt.Sprintf("seed %d", seed))
		}
	}
	headers = append(headers, "rank at "+strconv.Itoa(r.Lag), finalRankColumn(r))

	var cells [][]string
	starred := false
	for _, s := range aggregate.Strategies(r) {
		starred = starred || s.Picked > 0
		name := strings.TrimSuffix(s.Name+" "+s.PickNote("*"), " ")
		line := []string{name, aggregate.DrawMaps(s.Maps, aggregate.From(r)), s.What, number(s.AtInit, 4), number(s.AtLag, 4), ending(s.Unfinished, s.Final)}
		if a.KnowsBytes() {
			line = append(line, number(a.BitsPerByte(s.Final), 4))
		}
		if bySeed {
			for _, l := range s.Finals {
				line = append(line, number(l, 4))
			}
		}
		cells = append(cells, append(line, rank(s.LagRank), rank(s.EndRank)))
	}
	out := plainTable(headers, cells, 3)
	if starred {
		out += fmt.Sprintf("* LAG(%d)'s pick\n", r.Lag)
	}
	if n := len(r.Seeds); n > 1 {
		out += fmt.Sprintf("Losses are means over %s, except in the columns of one seed.\n", plain.Count(n, "seed"))
	}
	return out
}

// finalColumn is the heading of the final losses.
func finalColumn(r *result.Study) string {
	if r.FinalEvaluations < 2 {
		return "at " + strconv.Itoa(r.Steps)
	}
	return fmt.Sprintf("mean of last %d", r.FinalEvaluations)
}

// finalRankColumn is the heading of the ranks of the final losses.
func finalRankColumn(r *result.Study) string {
	if r.FinalEvaluations < 2 {
		return "rank at " + strconv.Itoa(r.Steps)
	}
	return "final rank"
}

// Picks returns the picks of each selection rule, their extra cost, their
// regret, and how often the pick is the best or among the best three. With
// several seeds these are means, and picks that differ have their number of
// seeds. Extra cost is in trainings of one candidate to the end.
func Picks(r *result.Study) string {
	var cells [][]string
	for _, s := range aggregate.Rules(r) {
		cells = append(cells, []string{
			s.Rule, s.Choices, s.Cost, number(float64(s.Regret), 4), number(float64(s.RegretNorm), 3), percent(s.Hit1), percent(s.Hit3)})
	}
	return plainTable([]string{"rule", "picks", "extra cost", "regret", "normalized", "hit@1", "hit@3"}, cells, 2)
}

// Controls returns the comparisons of training from scratch with LAG's picks.
// It is empty for a study without controls.
func Controls(r *result.Study) string {
	if len(r.Comparisons) == 0 {
		return ""
	}
	var cells [][]string
	for _, c := range aggregate.Controls(r) {
		cells = append(cells, []string{string(c.Control), fmt.Sprint(c.Steps), c.Cost, ending(c.Unfinished, float64(c.Final)), number(float64(c.Difference), 4), number(float64(c.Error), 4), c.Probes, share(c.BeatenBy)})
	}
	out := plainTable([]string{"control", "steps", "cost", "final", "above LAG's pick", "std. error", "LAG's probes", "candidates below"}, cells, 1)
	for _, c := range aggregate.Controls(r) {
		if c.Sweep != "" {
			out += fmt.Sprintf("%s is %s.\n", c.Control.Kind(), c.Sweep)
		}
	}
	return out
}

// Signals returns the correlations of early signals with the final loss.
func Signals(r *result.Study) string {
	var cells [][]string
	for _, s := range aggregate.Signals(r) {
		cells = append(cells, []string{s.Name, number(float64(s.Spearman), 3), interval(s.SpearmanLo, s.SpearmanHi), number(float64(s.Pearson), 3), number(float64(s.Kendall), 3)})
	}
	return plainTable([]string{"signal", "Spearman", "95% interval", "Pearson", "Kendall"}, cells, 1)
}

func interval(lo, hi result.Number) string {
	if !defined(lo, hi) {
		return "–"
	}
	return number(float64(lo), 2) + " to " + number(float64(hi), 2)
}

// plainTable aligns cells under headers: the first texts columns to the left,
// and the others, which contain numbers, to the right.
func plainTable(headers []string, cells [][]string, texts int) string {
	t := table.New().
		Border(lipgloss.NormalBorder()).BorderHeader(true).BorderColumn(false).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		Headers(headers...).Rows(cells...).
		StyleFunc(func(_, column int) lipgloss.Style {
			style := lipgloss.NewStyle().PaddingRight(2)
			if column >= texts {
				return style.Align(lipgloss.Right)
			}
			return style
		})
	var out strings.Builder
	for line := range strings.Lines(t.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// columnTables is [plainTable] for a table with one column of texts, the names of its
// lines, and others. A table that is wider than widest characters becomes several below
// each other, each with some of the other columns.
func columnTables(headers []string, cells [][]string, widest int) string {
	width := func(column int) int {
		w := lipgloss.Width(headers[column])
		for _, line := range cells {
			w = max(w, lipgloss.Width(line[column]))
		}
		return w + 2
	}
	var tables []string
	for from := 1; from < len(headers); {
		used, to := width(0)+width(from), from+1
		for to < len(headers) && used+width(to) <= widest {
			used += width(to)
			to++
		}
		part := make([][]string, len(cells))
		for i, line := range cells {
			part[i] = append([]string{line[0]}, line[from:to]...)
		}
		tables = append(tables, plainTable(append([]string{headers[0]}, headers[from:to]...), part, 1))
		from = to
	}
	return strings.Join(tables, "\n")
}

// Curve returns a plot, made of characters, of Spearman's correlation of the
// loss at each step with the final loss: ● is rho, │ its 95% confidence
// interval, ┄ the level 0.9. Columns are evaluations, not to scale. The plot is
// at most width columns wide, or 80 if width is 0; if there are too many steps,
// some are omitted.
func Curve(r *result.Study, width int) string {
	const label = 6 // columns left of the plot
	if width <= 0 {
		width = 80
	}
	cell := 3
	for _, c := range r.Correlation {
		cell = max(cell, len(strconv.Itoa(c.Step))+1)
	}
	points := thin(r.Correlation, max(2, (width-label)/cell))
	if len(points) == 0 {
		return "no correlations\n"
	}
	const perUnit = 10 // rows per unit of correlation
	lowest := 0.0
	for _, c := range points {
		for _, v := range []result.Number{c.Spearman, c.SpearmanLo} {
			if f := float64(v); !math.IsNaN(f) {
				lowest = max(min(lowest, f), -1)
			}
		}
	}
	level := func(v result.Number) int { return int(math.Round(float64(v) * perUnit)) }

	var out strings.Builder
	out.WriteString("rho of the loss at a step with the final loss" + ofSeeds(len(r.Seeds)) + "\n")
	for y := perUnit; y >= int(math.Floor(lowest*perUnit)); y-- {
		if y%2 == 0 || y == 9 {
			fmt.Fprintf(&out, "%4.1f ┤", float64(y)/perUnit)
		} else {
			out.WriteString("     │")
		}
		for _, c := range points {
			fill, mark := " ", " "
			switch y {
			case 9:
				fill, mark = "┄", "┄"
			case 0:
				fill, mark = "─", "─"
			}
			if defined(c.SpearmanLo, c.SpearmanHi) && level(c.SpearmanLo) <= y && y <= level(c.SpearmanHi) {
				mark = "│"
			}
			if defined(c.Spearman) && level(c.Spearman) == y {
				mark = "●"
			}
			out.WriteString(strings.Repeat(fill, cell-1) + mark)
		}
		out.WriteByte('\n')
	}
	out.WriteString(" step ")
	for _, c := range points {
		fmt.Fprintf(&out, "%*d", cell, c.Step)
	}
	out.WriteByte('\n')

	var lines strings.Builder
	for line := range strings.Lines(out.String()) {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if r.LagTime != nil {
		fmt.Fprintf(&lines, "rho stays at 0.9 or above from step %d on\n", *r.LagTime)
	} else {
		lines.WriteString("rho never stays at 0.9 or above\n")
	}
	return lines.String()
}

func ofSeeds(n int) string {
	if n > 1 {
		return fmt.Sprintf(", mean of %s", plain.Count(n, "seed"))
	}
	return ""
}

// thin returns at most n of the points, evenly spaced, including the first and
// the last.
func thin(points []result.Correlation, n int) []result.Correlation {
	if len(points) <= n {
		return points
	}
	out := make([]result.Correlation, n)
	for i := range out {
		out[i] = points[i*(len(points)-1)/(n-1)]
	}
	return out
}

func defined(values ...result.Number) bool {
	for _, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}
