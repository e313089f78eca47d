package figure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Figure is a drawing, ready to be written to files or shown in a notebook.
type Figure struct {
	Name  string // file name without extension, such as "loss-curves"
	Title string // one line
	Alt   string // what the figure shows, for readers who don't see it

	PNG      []byte
	SVG      []byte
	VegaLite []byte // Vega-Lite v5 specification, JSON

	Width, Height int // size at which to show the drawing, in CSS pixels; the PNG has twice as many

	// Err says why there is no drawing, nil where there is one. WriteFiles and
	// Show return it, so that a caller need not look at each figure.
	Err error
}

// ErrNoData is wrapped by the Err of figures whose result has nothing to draw.
var ErrNoData = errors.New("nothing to draw")

// All returns every figure of a study, in the order in which a report shows
// them. It leaves out those that have no data.
func All(r *result.Study) []Figure { return drawn(every(r)...) }

// AllStacking returns every figure of a stacking, in the order in which a report
// shows them. It leaves out those that have no data.
func AllStacking(r *result.Stacking) []Figure {
	return drawn(StackingArms(r), StackingCurves(r), StackingPicks(r))
}

// every returns the figures of a study also where there is nothing to draw.
func every(r *result.Study) []Figure {
	return []Figure{CorrelationCurve(r), LossCurves(r), EarlyVsFinal(r), Signals(r), Picks(r), RegretCost(r), Controls(r), Noise(r), Pairs(r), LayerMaps(r), PretrainCurve(r)}
}

// drawn leaves out the figures that have no data.
func drawn(figures ...Figure) []Figure {
	return slices.DeleteFunc(figures, func(f Figure) bool { return errors.Is(f.Err, ErrNoData) })
}

// WriteAll writes every figure of a study into a directory and returns how many
// there are. Those of an earlier result that this one has no data for are removed.
func WriteAll(dir string, r *result.Study) (n int, err error) {
	for _, f := range every(r) {
		if !errors.Is(f.Err, ErrNoData) {
			if err := f.WriteFiles(dir); err != nil {
				return n, err
			}
			n++
			continue
		}
		for _, extension := range extensions {
			if err := os.Remove(filepath.Join(dir, f.Name+extension)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return n, err
			}
		}
	}
	return n, nil
}

// extensions are those of the files of a figure.
var extensions = []string{".png", ".svg", ".vl.json"}

// WriteFiles writes Name.png, Name.svg and Name.vl.json to a directory, which it
// makes if need be.
func (f Figure) WriteFiles(dir string) error {
	if f.Err != nil {
		return f.Err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("figure %s: %w", f.Name, err)
	}
	for i, data := range [][]byte{f.PNG, f.SVG, f.VegaLite} {
		if err := os.WriteFile(filepath.Join(dir, f.Name+extensions[i]), data, 0o644); err != nil {
			return fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	return nil
}

// noData returns a figure that says why it is empty.
func noData(name, title, why string) Figure {
	return Figure{Name: name, Title: title, Err: fmt.Errorf("figure %s: %w: %s", name, ErrNoData, why)}
}

// pngScale is the number of pixels of a PNG to one CSS pixel.
const pngScale = 2

// render completes a figure that has its Name, Title and Alt with the drawings of
// a chart.
func render(f Figure, c chart.Chart) Figure {
	c.Title, c.Alt = f.Title, f.Alt
	f.Width, f.Height = c.Size()
	var png, svg, vegaLite error
	f.PNG, png = c.PNG(pngScale)
	f.SVG, svg = c.SVG()
	f.VegaLite, vegaLite = c.VegaLite()
	if err := errors.Join(png, svg, vegaLite); err != nil {
		return Figure{Name: f.Name, Title: f.Title, Err: fmt.Errorf("figure %s: %w", f.Name, err)}
	}
	return f
}
