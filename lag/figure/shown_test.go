package figure

import (
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/figure/internal/readback"
)

// checkTexts reports texts that leave the picture or run into each other, and texts
// that only one of the two drawings has.
func checkTexts(t *testing.T, f Figure) {
	t.Helper()
	picture, err := readback.SVG(f.SVG)
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
		return
	}
	var texts []string
	for i, text := range picture.Texts {
		if strings.TrimSpace(text.Text) == "" {
			continue
		}
		texts = append(texts, text.Text)
		if !(text.X0 >= 0 && text.Y0 >= 0 && text.X1 <= picture.Width && text.Y1 <= picture.Height) {
			t.Errorf("%s: %q leaves the picture of %.0f x %.0f: %+v", f.Name, text.Text, picture.Width, picture.Height, text)
		}
		for _, other := range picture.Texts[:i] {
			if strings.TrimSpace(other.Text) != "" && text.Overlaps(other) {
				t.Errorf("%s: %+v runs into %+v", f.Name, text, other)
			}
		}
	}
	slices.Sort(texts)
	titles, panels, err := readback.Vega(f.VegaLite)
	if err != nil {
		t.Errorf("%s: %v", f.Name, err)
		return
	}
	if strings.Contains(string(f.VegaLite), `"tickCount"`) { // Vega chooses the ticks
		return
	}
	if others := readback.Texts(titles, panels); !slices.Equal(texts, others) {
		t.Errorf("%s: the SVG has the texts %q, Vega-Lite %q", f.Name, texts, others)
	}
}
