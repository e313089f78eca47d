package figure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/result"
)

// Figure is a drawing that can be written to files or shown in a notebook.
type Figure struct {
	Name    string // file name without extension, such as "loss-curves"
	Title   string // one line
	Caption string // what to look at
	Alt     string // description for readers who cannot see the figure

	PNG      []byte
	SVG      []byte
	VegaLite []byte // Vega-Lite v5 specification, JSON

	Width, Height int // size at which to show the drawing, in CSS pixels; the PNG has twice as many

	// Err reports why there is no drawing, or nil. WriteFiles and Show return
	// it, so callers need not check each figure.
	Err error
}

// ErrNoData is wrapped by the Err of figures whose result has nothing to draw.
var ErrNoData = errors.New("nothing to draw")

// All returns every figure of a study in the order of a report. It omits
// figures without data.
func All(r *result.Study) []Figure { return drawn(every(context.Background(), r)...) }

// AllStacking returns every figure of a stacking in the order of a report. It
// omits figures without data.
func AllStacking(r *result.Stacking) []Figure {
	return drawn(StackingArms(r), StackingCurves(r), StackingPicks(r))
}

// every returns the figures of a study, including those without data. It draws
// several at once, and begins none after the context is canceled.
func every(ctx context.Context, r *result.Study) []Figure {
	earlyVsFinal := func(r *result.Study) Figure { return EarlyVsFinal(r) }
	draw := []func(*result.Study) Figure{CorrelationCurve, Decisions, SignalNoise, LossCurves, earlyVsFinal, Signals, Picks, RegretCost, Controls, Noise, Pairs, LayerMaps, PretrainCurve}
	figures := make([]Figure, len(draw))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, one := range draw {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			figures[i] = one(r) // has its own error
			return nil
		})
	}
	_ = group.Wait()
	return figures
}

// drawn omits figures without data.
func drawn(figures ...Figure) []Figure {
	return slices.DeleteFunc(figures, func(f Figure) bool { return errors.Is(f.Err, ErrNoData) })
}

// WriteAll writes every figure of a study to a directory and returns their
// number. It removes figures of an earlier result for which this one has no
// data.
func WriteAll(dir string, r *result.Study) (n int, err error) {
	return WriteAllContext(context.Background(), dir, r)
}

// WriteAllContext is [WriteAll]. If the context is canceled before the figures are
// drawn, it writes none and returns the context's cause.
func WriteAllContext(ctx context.Context, dir string, r *result.Study) (n int, err error) {
	figures := every(ctx, r)
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	for _, f := range figures {
		if !errors.Is(f.Err, ErrNoData) {
			if err := f.WriteFiles(dir); err != nil {
				return n, err
			}
			n++
			continue
		}
		if err := f.RemoveFiles(dir); err != nil {
			return n, err
		}
	}
	return n, nil
}

// extensions are the extensions of a figure's files.
var extensions = []string{".png", ".svg", ".vl.json"}

// WriteFiles writes Name.png, Name.svg and Name.vl.json to a directory. It
// creates the directory if necessary.
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

// RemoveFiles removes what [Figure.WriteFiles] wrote to a directory, if it is there.
func (f Figure) RemoveFiles(dir string) error {
	for _, extension := range extensions {
		if err := os.Remove(filepath.Join(dir, f.Name+extension)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	return nil
}

// Inline returns the SVG as an element for an HTML page. It suits light and dark
// pages: it has no background and takes the page's color for text.
func (f Figure) Inline() []byte { return chart.Inline(f.SVG) }

// noData returns an empty figure with the reason.
func noData(name, title, why string) Figure {
	return Figure{Name: name, Title: title, Err: fmt.Errorf("figure %s: %w: %s", name, ErrNoData, why)}
}

// pngScale is the number of PNG pixels per CSS pixel.
const pngScale = 2

// render adds the drawings of a chart to a figure that has its Name, Title,
// Caption and Alt.
func render(f Figure, c chart.Chart) Figure {
	c.Title, c.Caption, c.Alt = f.Title, f.Caption, f.Alt
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
