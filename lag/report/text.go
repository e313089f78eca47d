package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"

	"github.com/landscape-aware/growing/lag"
)

// Table returns the strategies as text, the best first: layer map (as
// growth.Map.Draw draws it), initialization of duplicates, loss at 0, at the lag
// and at the end, ranks at the lag and at the end. LAG's pick is starred.
func Table(r *lag.Result) string {
	seeds := severalSeeds(r)
	headers := []string{"strategy", "layer map", "init"}
	if seeds {
		headers = append(headers, "seed")
	}
	texts := len(headers)
	headers = append(headers, "at 0", "at "+strconv.Itoa(r.ProbeSteps), "at "+strconv.Itoa(r.Steps),
		"rank at "+strconv.Itoa(r.ProbeSteps), "rank at "+strconv.Itoa(r.Steps))

	var cells [][]string
	starred := false
	for _, w := range rows(r) {
		name := w.Name
		if w.Picked {
			name += " *"
			starred = true
		}
		line := []string{name, w.LayerMap().Draw(r.From), w.Init}
		if seeds {
			line = append(line, strconv.FormatInt(w.Seed, 10))
		}
		cells = append(cells, append(line, number(w.AtInit, 4), number(w.AtLag, 4), finalLoss(w), rank(w.LagRank), rank(w.EndRank)))
	}
	out := plainTable(headers, cells, texts)
	if starred {
		out += fmt.Sprintf("* LAG(%d)'s pick\n", r.ProbeSteps)
	}
	return out
}

// Picks returns what each selection rule picks, what that costs, and its regret.
// Extra cost counts the trainings of one candidate to the end.
func Picks(r *lag.Result) string {
	full := r.TrainingFLOPs()
	var cells [][]string
	for _, p := range r.Picks {
		cells = append(cells, []string{
			p.Rule, p.Choice(), extraCost(p, full), number(float64(p.Regret), 4), number(float64(p.RegretNorm), 3)})
	}
	return plainTable([]string{"rule", "picks", "extra cost", "regret", "normalized"}, cells, 2)
}

// plainTable aligns cells under headers: the first columns to the left, as many
// as texts says, the others, which hold numbers, to the right.
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

// Curve returns a plot, made of characters, of Spearman's correlation of the loss
// at each step with the final loss: ● is rho, │ its 95% confidence interval, ┄ the
// level 0.9. Columns are evaluations, not to scale. It is at most width columns
// wide, 80 where width is 0; where there are too many steps, some are left out.
func Curve(r *lag.Result, width int) string {
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
		for _, v := range []lag.Number{c.Spearman, c.SpearmanLo} {
			if f := float64(v); !math.IsNaN(f) {
				lowest = min(lowest, f)
			}
		}
	}
	level := func(v lag.Number) int { return int(math.Round(float64(v) * perUnit)) }

	var out strings.Builder
	out.WriteString("rho of the loss at a step with the final loss\n")
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
	if r.LagSteps != nil {
		fmt.Fprintf(&lines, "rho stays at 0.9 or above from step %d on\n", *r.LagSteps)
	} else {
		lines.WriteString("rho never stays at 0.9 or above\n")
	}
	return lines.String()
}

// thin returns at most n of the points, evenly spread, the first and last among them.
func thin(points []lag.Correlation, n int) []lag.Correlation {
	if len(points) <= n {
		return points
	}
	out := make([]lag.Correlation, n)
	for i := range out {
		out[i] = points[i*(len(points)-1)/(n-1)]
	}
	return out
}

func defined(values ...lag.Number) bool {
	for _, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}
