package preview

import (
	_ "embed"
	"html/template"
	"math"
	"strings"
)

//go:embed preview.html.tmpl
var fragmentText string

var fragment = template.Must(template.New("preview").Funcs(template.FuncMap{
	"hue":  hue,
	"says": says,
}).Parse(fragmentText))

// hue returns the hue of a span's colour, in degrees. Multiples of the golden
// angle give neighbouring spans very different hues.
func hue(span int) int { return int(math.Mod(210+137.508*float64(span), 360)) }

// says returns the legend's text for a role.
func says(role Role) string {
	for _, r := range roles {
		if r.role == role {
			return r.text
		}
	}
	return ""
}

// legendEntry is a line of the legend.
type legendEntry struct {
	Role Role
	Text string
}

// HTML returns examples as an HTML fragment with its own style. Its colours are
// tints of the background, so it is readable in light and dark themes. All text
// is escaped.
func HTML(examples []Example) (string, error) {
	used := make(map[Role]bool)
	for _, e := range examples {
		for _, l := range e.Lines {
			for _, p := range l.Pieces {
				used[p.Role] = true
			}
		}
	}
	data := struct {
		Examples []Example
		Legend   []legendEntry
	}{Examples: examples}
	for _, r := range roles {
		if used[r.role] {
			data.Legend = append(data.Legend, legendEntry{r.role, says(r.role)})
		}
	}
	var b strings.Builder
	err := fragment.Execute(&b, data)
	return b.String(), err
}
