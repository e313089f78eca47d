package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// CSV writes the validation losses of a study, with a line for each strategy,
// seed and step. The first line has the names of the columns: strategy, map (as
// "0 1 2 N"), init, moments, seed, status, step, loss, final (the final loss of the
// analysis, see [result.Study.FinalSteps]), encoder_map (empty for a model with one
// stack). Controls follow, with names such as
// "control: scratch" and without a map, init and moments. Numbers have all
// their digits; a loss that is NaN or infinite is left empty.
func CSV(w io.Writer, r *result.Study) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"strategy", "map", "init", "moments", "seed", "status", "step", "loss", "final", "encoder_map"}}
	for _, o := range r.Strategies {
		for _, p := range o.Curve {
			lines = append(lines, []string{
				o.Name, o.LayerMap().String(), o.Init, o.Moments, strconv.FormatInt(o.Seed, 10), string(o.Status),
				strconv.Itoa(p.Step), exact(p.Loss), exact(o.Final), growth.Map(o.Encoder).String()})
		}
	}
	for _, o := range r.Controls {
		for _, p := range o.Curve {
			lines = append(lines, []string{
				"control: " + string(o.Name), "", "", "", strconv.FormatInt(o.Seed, 10), string(o.Status),
				strconv.Itoa(p.Step), exact(p.Loss), exact(o.Final), ""})
		}
	}
	return writeAll(out, lines)
}

// StackingCSV writes the validation losses of a stacking, with a line for each
// arm, seed and point. The first line has the names of the columns: arm, rule,
// seed, status, step, flops, loss, final. The end of a stage and the start of
// the next have the same step.
func StackingCSV(w io.Writer, r *result.Stacking) error {
	lines := [][]string{{"arm", "rule", "seed", "status", "step", "flops", "loss", "final"}}
	for _, o := range r.Arms {
		for _, p := range o.Curve {
			lines = append(lines, []string{
				o.Name, o.Rule, strconv.FormatInt(o.Seed, 10), string(o.Status),
				strconv.Itoa(p.Step), exact(result.Number(p.FLOPs)), exact(p.Loss), exact(o.Final)})
		}
	}
	return writeAll(csv.NewWriter(w), lines)
}

func writeAll(out *csv.Writer, lines [][]string) error {
	if err := out.WriteAll(lines); err != nil {
		return fmt.Errorf("writing the curves as CSV: %w", err)
	}
	return nil
}

func exact(n result.Number) string {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return ""
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
