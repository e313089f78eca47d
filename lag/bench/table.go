package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// write writes the results in Markdown.
func (r *results) write(w io.Writer) {
	r.writeTargets(w)
	for _, s := range r.Shapes {
		s.write(w)
	}
	for _, s := range r.Studies {
		s.write(w)
	}
	writePresets(w, r.Presets)
	if r.Rest != nil {
		r.Rest.write(w)
	}
}

// row writes a row of a Markdown table.
func row(w io.Writer, cells ...string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// head writes the head of a Markdown table.
func head(w io.Writer, cells ...string) {
	row(w, cells...)
	fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(cells)))
}

func (s shapeResult) write(w io.Writer) {
	fmt.Fprintf(w, "\n### %s: %s\n\n", s.Shape, s.About)
	fmt.Fprintf(w, "%.1f million parameters, %d tokens a step. %s.", float64(s.Parameters)/1e6, s.Tokens, s.Conditions)
	fmt.Fprint(w, "\n\n")
	head(w, "", "tokens/s", "lag's speed relative to it", "shown", "ms a step", "first step, s", "until ready, s", "GFLOP/s", "peak memory, MB (after one step)", "losses differ by")
	for _, m := range s.Contestants {
		ratio, shown, differ := "", "", ""
		if m.Contestant != ownName {
			against := s.against(m.Contestant)
			ratio, shown, differ = against.String(), "lag: "+against.verdict(), fmt.Sprintf("%.1g", m.Differ)
		}
		step := spreadOf(m.Steps)
		row(w, m.Contestant, thousands(float64(s.Tokens)/step.Median), ratio, shown,
			fmt.Sprintf("%.1f (%.1f to %.1f)", 1e3*step.Median, 1e3*step.Min, 1e3*step.Max),
			fmt.Sprintf("%.1f", m.First), fmt.Sprintf("%.1f", m.Start), s.rate(step.Median),
			fmt.Sprintf("%s (%s)", thousands(m.Peak), thousands(m.PeakFirst)), differ)
	}
	var versions []string
	for _, m := range s.Contestants {
		for name, version := range m.Versions {
			if text := name + " " + version; !slices.Contains(versions, text) {
				versions = append(versions, text)
			}
		}
	}
	slices.Sort(versions)
	fmt.Fprintf(w, "\n%d rounds. %s.\n", s.Conditions.Rounds, strings.Join(versions, ", "))
}

// rate writes the counted FLOP/s and, where it was measured, the share of the
// device's in matrix products.
func (s shapeResult) rate(step float64) string {
	text := thousands(s.FLOPs / step / 1e9)
	if s.MatrixRate > 0 {
		text += fmt.Sprintf(" (%.0f%%)", 100*s.FLOPs/step/s.MatrixRate)
	}
	return text
}

func (s studyResult) write(w io.Writer) {
	fmt.Fprintf(w, "\n### The study at %s: %d candidates x %d steps\n\n%s.\n\n", s.Shape, studyCandidates, s.Steps, s.Conditions)
	own := s.best(true)
	head(w, "arrangement", "seconds", "the best of lag relative to it", "asking lag again, s")
	for _, a := range s.Arrangements {
		ratio, again := "", ""
		if !a.Own && own != nil {
			ratio = speedup(own.Seconds, a.Seconds).String()
		}
		if len(a.Again) > 0 {
			again = seconds(a.Again)
		}
		row(w, a.Arrangement, seconds(a.Seconds), ratio, again)
	}
}

func (r *restResult) write(w io.Writer) {
	fmt.Fprintf(w, "\n### lag alone\n\n%s.\n\n", r.Conditions)
	head(w, "", "seconds")
	f := r.Figures
	row(w, "first training step of `mini`, from `go run` on, data prepared, no compiled programs", seconds(f.FirstStepCold))
	row(w, "the same with the programs of the run before", seconds(f.FirstStep))
	row(w, "compiling a step of 12 layers (H128)", seconds(f.Layers12))
	row(w, "compiling a step of 24 layers (H128)", seconds(f.Layers24))
	row(w, "growing BERT-Base from 6 to 12 layers in memory, with moments", seconds(f.Grow))
	row(w, "analysing 200 candidates with 1,000 evaluations each", seconds(f.Analyze))
}

func seconds(list []float64) string {
	s := spreadOf(list)
	if s.Rounds == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f (%.1f to %.1f)", s.Median, s.Min, s.Max)
}

// thousands writes a number in whole, with commas.
func thousands(x float64) string {
	text := fmt.Sprintf("%.0f", x)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
