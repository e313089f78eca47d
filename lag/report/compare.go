package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/result"
)

// comparedFact is a line of the table of a comparison, with a value for each study.
type comparedFact struct {
	Name  string
	Value func(s aggregate.Compared) string
}

// comparedFacts are the lines of the table.
var comparedFacts = []comparedFact{
	{"model", func(s aggregate.Compared) string { return s.Family }},
	{"layers", func(s aggregate.Compared) string {
		return aggregate.Join(aggregate.From(s.Study)) + " → " + aggregate.Join(aggregate.To(s.Study))
	}},
	{"backend", func(s aggregate.Compared) string { return s.Backend }},
	{"source: pretraining steps", func(s aggregate.Compared) string { return strconv.Itoa(s.Source.Steps) }},
	{"source: validation loss", func(s aggregate.Compared) string { return number(float64(s.Source.Loss), 3) }},
	{"source: unigram entropy", func(s aggregate.Compared) string { return number(s.Source.UnigramEntropy, 3) }},
	{"… how far the source is below it", func(s aggregate.Compared) string { return number(s.Beforehand().BelowUnigram, 3) }},
	{"strategies", func(s aggregate.Compared) string { return strconv.Itoa(s.PoolSize()) }},
	{"… that keep the source's loss", func(s aggregate.Compared) string { return percentOf(s.Beforehand().Kept) }},
	{"… spread of their losses at initialization", func(s aggregate.Compared) string { return number(s.Beforehand().Spread, 2) }},
	{"seeds", func(s aggregate.Compared) string { return strconv.Itoa(len(s.Seeds)) }},
	{"steps after growing", func(s aggregate.Compared) string { return strconv.Itoa(s.Steps) }},
	{"LAG picks after", func(s aggregate.Compared) string { return strconv.Itoa(s.Lag) }},
	{"… as a share", func(s aggregate.Compared) string { return percent(float64(s.Lag) / float64(max(s.Steps, 1))) }},
	{"rho at initialization", func(s aggregate.Compared) string { return number(s.AtInit, 2) }},
	{"rho at the lag", func(s aggregate.Compared) string { return number(s.AtLag, 2) }},
	{"lag time, steps", func(s aggregate.Compared) string {
		if s.LagTime == nil {
			return "never"
		}
		return strconv.Itoa(*s.LagTime)
	}},
	{"… as a share", func(s aggregate.Compared) string {
		if math.IsNaN(s.LagShare) {
			return "–"
		}
		return percent(s.LagShare)
	}},
	{"LAG's pick", func(s aggregate.Compared) string { return ruleOf(s, isLAG).Choices }},
	{"its regret, nats", func(s aggregate.Compared) string { return regretOf(s, isLAG) }},
	{"its extra cost", func(s aggregate.Compared) string { return ruleOf(s, isLAG).Cost }},
	{"regret of the loss at initialization", func(s aggregate.Compared) string { return regretOf(s, named(result.RuleLossAtInit)) }},
	{"regret of a random pick", func(s aggregate.Compared) string { return regretOf(s, named(result.RuleRandom)) }},
	{"spread of strategies over that of seeds", func(s aggregate.Compared) string { return number(float64(s.Noise.Ratio), 1) }},
}

func isLAG(r aggregate.Rule) bool { return r.Own }

func named(rule string) func(aggregate.Rule) bool {
	return func(r aggregate.Rule) bool { return r.Rule == rule }
}

// ruleOf returns the first rule of a study of a kind. Without one, all of it is
// undefined.
func ruleOf(s aggregate.Compared, is func(aggregate.Rule) bool) aggregate.Rule {
	for _, r := range s.Rules {
		if is(r) {
			return r
		}
	}
	undefined := aggregate.Rule{Choices: "–", Cost: "–"}
	undefined.Regret = result.Undefined()
	return undefined
}

func regretOf(s aggregate.Compared, is func(aggregate.Rule) bool) string {
	return number(float64(ruleOf(s, is).Regret), 4)
}

// Comparison returns studies side by side as text: a column for each, and below
// what makes them less comparable and the settings in which they differ. settings
// may be nil, see [aggregate.Differences].
func Comparison(c *aggregate.Comparison, settings []aggregate.Setting) string {
	headers := []string{""}
	for _, s := range c.Studies {
		headers = append(headers, s.Name)
	}
	var cells [][]string
	for _, fact := range comparedFacts {
		line := []string{fact.Name}
		for _, s := range c.Studies {
			line = append(line, fact.Value(s))
		}
		cells = append(cells, line)
	}
	out := columnTables(headers, cells, widestComparison)
	for _, note := range c.Notes {
		out += "\n" + note
	}
	if len(c.Notes) > 0 {
		out += "\n"
	}
	rows, note := varianceRows(c, settings)
	if note != "" {
		out += "\n" + note + "\n"
	}
	if rows != nil {
		cells := make([][]string, len(rows))
		for i, row := range rows {
			cells[i] = append([]string{row.Name}, row.Values...)
		}
		out += "\n" + plainTable(varianceHeaders, cells, 1) + varianceText + "\n"
	}
	if headers, rows, says := rateRows(c, settings); rows != nil {
		cells := make([][]string, len(rows))
		for i, row := range rows {
			cells[i] = append([]string{row.Name}, row.Values...)
		}
		out += "\n" + columnTables(headers, cells, widestComparison) + strings.Join(says, "\n") + "\n"
	}
	if rows, note, err := budgetRows(c); err == nil && rows != nil {
		cells := make([][]string, len(rows))
		for i, row := range rows {
			cells[i] = append([]string{row.Name}, row.Values...)
		}
		out += "\n" + plainTable(budgetHeaders, cells, 1) + note + "\n"
	}
	if len(settings) == 0 {
		return out
	}
	headers[0], cells = "settings that differ", nil
	for _, s := range settings {
		line := []string{s.Name}
		for _, value := range s.Values {
			line = append(line, short(value))
		}
		cells = append(cells, line)
	}
	return out + "\n" + columnTables(headers, cells, widestComparison)
}

// widestComparison is how wide, in characters, a table with a column for each study may be.
const widestComparison = 140

// short cuts the value of a setting.
func short(value string) string {
	const longest = 40
	if value == "" {
		return "–"
	}
	runes := []rune(value)
	if len(runes) <= longest {
		return value
	}
	return string(runes[:longest-1]) + "…"
}

// varianceHeaders and varianceText go with [varianceRows].
var varianceHeaders = []string{"what final losses differ by", "standard deviation, nats", "share of the variance"}

// varianceText says how to read the table.
const varianceText = "Only the differences between strategies matter for a choice. A ranking is repeated as far as they exceed what a source, or a\nseed, does to individual strategies. A source comes with a validation set of its own, drawn by its seed."

// varianceRows returns the lines of the table that says where the variance is, if the
// studies are those of several sources, or a note on why there is none.
func varianceRows(c *aggregate.Comparison, settings []aggregate.Setting) (rows []comparedRow, note string) {
	v, note, ok := c.Variance(settings)
	if !ok {
		return nil, note
	}
	type part struct {
		name     string
		variance float64
	}
	parts := []part{
		{"strategies", v.Parts.Strategies}, {"sources, on all strategies", v.Parts.Sources}, {"sources, on individual strategies", v.Parts.Interaction},
		{"seeds of the training, on all strategies", v.Parts.Seeds}, {"seeds of the training, on individual strategies", v.Parts.Residual},
	}
	if v.Seeds == 1 {
		parts = []part{
			{"strategies", v.Parts.Strategies}, {"sources and seeds, on all strategies", v.Parts.Sources}, {"sources and seeds, on individual strategies", v.Parts.Interaction},
		}
	}
	total := 0.0
	for _, p := range parts {
		total += p.variance
	}
	for _, p := range parts {
		rows = append(rows, comparedRow{p.name, []string{number(math.Sqrt(p.variance), 4), percentOf(p.variance / total)}})
	}
	return append(rows,
		comparedRow{"share of the differences between strategies that is repeated: one source, one seed", []string{"", percentOf(v.Parts.Repeatability(1, 1))}},
		comparedRow{fmt.Sprintf("… %d sources, %s each", v.Sources, plain.Count(v.Seeds, "seed")), []string{"", percentOf(v.Parts.Repeatability(v.Sources, v.Seeds))}},
		comparedRow{fmt.Sprintf("degrees of freedom: strategies %d, sources %d; with few the parts are rough, and one estimated below 0 is 0", v.Parts.Counted-1, v.Sources-1), []string{"", ""}},
	), ""
}

// rateRows returns the table of a sweep of the learning rate, if the studies are one,
// and what it says.
func rateRows(c *aggregate.Comparison, settings []aggregate.Setting) (headers []string, rows []comparedRow, says []string) {
	r, ok := c.Rates(settings)
	if !ok {
		return nil, nil, nil
	}
	headers = []string{"final loss at the peak rate"}
	for _, peak := range r.Peaks {
		headers = append(headers, fmt.Sprintf("%g", peak))
	}
	headers = append(headers, "its own best rate")
	for _, s := range r.Strategies {
		row := comparedRow{Name: s.Name}
		for _, loss := range s.Finals {
			row.Values = append(row.Values, number(loss, 4))
		}
		rows = append(rows, comparedRow{row.Name, append(row.Values, fmt.Sprintf("%g", r.Peaks[s.Own]))})
	}
	for k, peak := range r.Peaks {
		if r.Best[k] != "" {
			says = append(says, fmt.Sprintf("At %g the order agrees with that at each strategy's own best rate with rho = %s; the best there, %s, ends %s nats from the best of all.",
				peak, number(r.Agreement[k], 2), r.Best[k], number(r.Regret[k], 4)))
		}
	}
	if r.AtEdge > 0 {
		says = append(says, fmt.Sprintf("The best rate of %s is the lowest or the highest one, so a wider sweep may find a better.", plain.Count(r.AtEdge, "strategy")))
	}
	return headers, rows, append(says, fmt.Sprintf("The sweep costs %d times the training of the pool. Best rates are chosen by the same losses, which favors the sweep a little.", len(r.Peaks)))
}

type comparisonPage struct {
	pageHead
	BudgetHeads  []string
	Budgets      []comparedRow // may be empty
	BudgetsNote  string
	RateHeaders  []string
	Rates        []comparedRow // may be empty
	RatesSay     []string
	Variance     []comparedRow // may be empty
	VarianceNote string        // why it is
	Names        []string
	Rows         []comparedRow
	Notes        []string
	Settings     []aggregate.Setting
	Studies      []aggregate.Compared
}

type comparedRow struct {
	Name   string
	Values []string
}

// ComparisonHTML writes studies side by side as one HTML file, as [HTML] does one
// study. settings may be nil.
func ComparisonHTML(w io.Writer, c *aggregate.Comparison, settings []aggregate.Setting, meta Meta) error {
	data := comparisonPage{Notes: c.Notes, Settings: settings, Studies: c.Studies}
	for _, s := range c.Studies {
		data.Names = append(data.Names, s.Name)
	}
	for _, fact := range comparedFacts {
		row := comparedRow{Name: fact.Name}
		for _, s := range c.Studies {
			row.Values = append(row.Values, fact.Value(s))
		}
		data.Rows = append(data.Rows, row)
	}
	if meta.Title == "" {
		meta.Title = strings.Join(data.Names, ", ")
	}
	data.Variance, data.VarianceNote = varianceRows(c, settings)
	data.RateHeaders, data.Rates, data.RatesSay = rateRows(c, settings)
	var err error
	data.BudgetHeads = budgetHeaders
	if data.Budgets, data.BudgetsNote, err = budgetRows(c); err != nil {
		return err
	}
	if data.pageHead, err = newHead(meta, 1, []figure.Figure{figure.Compare(c), figure.Claims(c), figure.Budgets(c)}); err != nil {
		return err
	}
	return execute(w, "compare.html.tmpl", data)
}

// ComparisonCSV writes the correlations of the studies of a comparison, with a line
// for each study and step. The first line has the names of the columns: study,
// step, steps (after growing), share (of the training), spearman, spearman_lo,
// spearman_hi, pearson, kendall. An undefined correlation is left empty.
func ComparisonCSV(w io.Writer, c *aggregate.Comparison) error {
	lines := [][]string{{"study", "step", "steps", "share", "spearman", "spearman_lo", "spearman_hi", "pearson", "kendall"}}
	for _, s := range c.Studies {
		for _, one := range s.Correlation {
			lines = append(lines, []string{
				s.Name, strconv.Itoa(one.Step), strconv.Itoa(s.Steps), exact(result.Number(float64(one.Step) / float64(max(s.Steps, 1)))),
				exact(one.Spearman), exact(one.SpearmanLo), exact(one.SpearmanHi), exact(one.Pearson), exact(one.Kendall)})
		}
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("writing the correlations as CSV: %w", err)
	}
	return nil
}
