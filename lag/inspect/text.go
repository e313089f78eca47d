package inspect

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
)

// Write writes the report as text for people: a list of properties, a chart of
// the layers' weights, and the damage.
func (r *Report) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, preview.Visible(fmt.Sprintf(format, args...)))
	}
	kinds := map[Kind]string{
		Transformers: "a directory of transformers", Model: "a model directory", Run: "a run", File: "a safetensors file",
	}
	line("path", "%s, %s", r.Path, kinds[r.Kind])
	if r.Config != nil {
		line("model", "%s", r.Config.Describe())
	} else if r.Family != "" {
		line("model", "family %s, by the names of its tensors", r.Family)
	}
	if r.Weights != "" {
		line("weights", "%s, checksum %s", r.Weights, r.Checksum)
		line("tensors", "%d: %s", r.Tensors, r.dtypes())
		line("parameters", "%s, %s", humanize.Comma(int64(r.Count)), humanize.Bytes(uint64(r.Bytes)))
		for _, g := range r.Groups {
			line("  "+g.Name, "%s, %.1f%%", humanize.Comma(int64(g.Count)), 100*float64(g.Count)/float64(max(r.Count, 1)))
		}
	}
	if s := r.State; s != nil {
		line("checkpoint", "step %d, %d kept", s.Step, len(s.Checkpoints))
		line("optimizer", "%s", s.describe())
	}
	if r.Released != "" {
		line("checkpoint", "none: %s", r.Released)
	}
	if v := r.Tokenizer; v != nil && v.Error == "" {
		line("tokenizer", "%s, %s of %s tokens", filepath.Base(v.File), v.Kind, humanize.Comma(int64(v.Size)))
	} else if r.Kind != File {
		line("tokenizer", "none that can be read")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(r.Layers) > 0 {
		if err := r.writeLayers(w); err != nil {
			return err
		}
	}
	var b strings.Builder
	for _, d := range r.Damage {
		fmt.Fprintf(&b, "DAMAGE  %s\n", preview.Visible(d))
	}
	if len(r.Damage) == 0 {
		b.WriteString("No damage was found.\n")
	}
	_, err := io.WriteString(w, "\n"+b.String())
	return err
}

func (r *Report) dtypes() string {
	var list []string
	for _, d := range slices.Sorted(maps.Keys(r.DTypes)) {
		list = append(list, fmt.Sprintf("%d of %s", r.DTypes[d], d))
	}
	return strings.Join(list, ", ")
}

func (s *State) describe() string {
	if len(s.Moments) == 0 {
		return "no moments"
	}
	var list []string
	for _, m := range slices.Sorted(maps.Keys(s.Moments)) {
		list = append(list, fmt.Sprintf("%s of %s", m, plain.Count(s.Moments[m], "parameter")))
	}
	name := s.Optimizer
	if name == "" {
		name = "not named"
	}
	return name + ", moments " + strings.Join(list, ", ")
}

// barWidth is the length of the longest bar, in characters.
const barWidth = 16

// writeLayers draws the root mean square of each layer's weights as bars. Each
// column of bars has its own scale, from 0.
func (r *Report) writeLayers(w io.Writer) error {
	columns := []struct {
		name  string
		value func(Layer) float64
	}{
		{"attention", func(l Layer) float64 { return l.Attention }},
		{"feed-forward", func(l Layer) float64 { return l.FeedForward }},
		{"norm", func(l Layer) float64 { return l.Norm }},
	}
	most := make([]float64, len(columns))
	for i, c := range columns {
		for _, l := range r.Layers {
			most[i] = max(most[i], c.value(l))
		}
	}
	fmt.Fprintf(w, "\nroot mean square of the weights, by layer\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "layer")
	for _, c := range columns {
		fmt.Fprintf(t, "\t\t%s", c.name) // above the bars
	}
	fmt.Fprintln(t, "\t")
	for _, l := range r.Layers {
		fmt.Fprintf(t, "%s%d", l.Stack, l.Index)
		for i, c := range columns {
			fmt.Fprintf(t, "\t%.4f\t%s", c.value(l), bar(c.value(l), most[i]))
		}
		note := ""
		if l.Same != nil {
			note = fmt.Sprintf("same as %d", *l.Same)
		}
		fmt.Fprintf(t, "\t%s\n", note)
	}
	return t.Flush()
}

// bar returns a bar for a value, with a resolution of an eighth of a character.
func bar(value, most float64) string {
	if most == 0 {
		return ""
	}
	eighths := int(value/most*8*barWidth + 0.5)
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string(rune('█' + 8 - rest)) // U+2588 is full, U+258F an eighth
	}
	return text
}
