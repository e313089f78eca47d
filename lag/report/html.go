package report

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"gonum.org/v1/gonum/stat"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/result"
)

// Meta describes how the study was run. It is not part of a result, because it
// may differ between two runs of the same study.
type Meta struct {
	Title    string    // such as the name of the study; if empty, made from the result
	Command  string    // command that runs the study again
	Config   any       // shown as JSON; nil for none
	Versions []Version // programs and libraries used

	Account  aggregate.Account     // what the study read and took; the zero value knows nothing
	Settings []aggregate.CheckItem // what the configuration fixes, for the checklist

	Downstream *result.Downstream // what was measured of the study's models on other tasks; nil for nothing
}

// Version names a program or library and its version.
type Version struct{ Name, Version string }

//go:embed *.html.tmpl
var templates embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"number":          Number,
	"float":           number,
	"rank":            rank,
	"percent":         percent,
	"share":           share,
	"part":            percentOf,
	"between":         percentInterval,
	"figures":         figures,
	"seconds":         duration,
	"plural":          func(n int, noun string) string { return plain.Count(n, noun) },
	"flops":           func(x float64) string { return fmt.Sprintf("%.3g", x) },
	"finalrankcolumn": finalRankColumn,
	"finalcolumn":     finalColumn,
	"ending":          func(c aggregate.Control) string { return ending(c.Unfinished, float64(c.Final)) },
	"count":           func(n int) string { return message.NewPrinter(language.English).Sprintf("%d", n) }, // 412,000
}).ParseFS(templates, "*.html.tmpl"))

// pageHead contains the parts that all reports have.
type pageHead struct {
	Meta         Meta
	Config       string
	Figures      []template.HTML
	SeveralSeeds bool
}

type pageData struct {
	*result.Study
	pageHead
	FromLayers, ToLayers string
	Count                int     // strategies
	Spread               float64 // standard deviation of the strategies' final losses, nats
	Rows                 []pageRow
	RuleRows             []aggregate.Rule
	SignalRows           []aggregate.Signal
	ControlRows          []aggregate.Control
	Expenses             []aggregate.Expense
	Checklist            []aggregate.CheckGroup
	Downstream           []downstreamRow
	Foresights           []aggregate.Foresight
	TopK                 []int
	ClearDifference      string
	Epsilon              float64
}

type pageRow struct {
	*aggregate.Strategy
	Layers [][]pageLayer // of each stack, from the bottom
}

// pageLayer is a box of a layer map.
type pageLayer struct {
	Label, Class string
	Style        template.CSS
}

// HTML writes a report as one HTML file: warnings and verdict, figures, tables,
// definitions and the configuration. Figures and styles are included, so a
// browser loads nothing else. The colors are light or dark, depending on the
// reader's system.
func HTML(w io.Writer, r *result.Study, meta Meta) error {
	data := pageData{Study: r, FromLayers: aggregate.Join(aggregate.From(r)), ToLayers: aggregate.Join(aggregate.To(r)), Count: r.PoolSize(),
		RuleRows: aggregate.Rules(r), SignalRows: aggregate.Signals(r), ControlRows: aggregate.Controls(r),
		Expenses: meta.Account.Expenses(r), Checklist: aggregate.WithDownstream(aggregate.Checklist(r, meta.Account, meta.Settings...), r, meta.Downstream)}
	if meta.Title == "" {
		meta.Title = fmt.Sprintf("Growing %s from %s to %s layers", r.Family, data.FromLayers, data.ToLayers)
	}
	var err error
	figures := figure.All(r)
	if meta.Downstream != nil {
		data.Downstream = downstreamRows(r, meta.Downstream)
		if f := figure.Downstream(r, meta.Downstream); !errors.Is(f.Err, figure.ErrNoData) {
			figures = append(figures, f)
		}
	}
	if data.pageHead, err = newHead(meta, len(r.Seeds), figures); err != nil {
		return err
	}
	if data.Foresights, err = aggregate.Foresights(context.Background(), r); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	data.TopK, data.ClearDifference, data.Epsilon = aggregate.TopK[:], aggregate.ClearDifference(r), aggregate.Epsilon
	var finals []float64
	for _, s := range aggregate.Strategies(r) {
		data.Rows = append(data.Rows, pageRow{s, drawnMaps(s.Maps, aggregate.From(r))})
		if !s.Stopped() {
			finals = append(finals, s.Final)
		}
	}
	data.Spread = stat.StdDev(finals, nil) // as in Noise, which one seed does not have
	return execute(w, "report.html.tmpl", data)
}

type stackingPage struct {
	*result.Stacking
	pageHead
	Rows     []aggregate.Arm
	Growths  []pageGrowth
	PlanRows []pageStage
}

type pageGrowth struct {
	growthRow
	Drawn [][]pageLayer
}

type pageStage struct {
	Number int
	Layers string
	Steps  int
}

// StackingHTML is [HTML] for a stacking.
func StackingHTML(w io.Writer, r *result.Stacking, meta Meta) error {
	data := stackingPage{Stacking: r, Rows: aggregate.Arms(r)}
	for i, s := range r.Plan {
		data.PlanRows = append(data.PlanRows, pageStage{i + 1, aggregate.Join(s.Depths), s.Steps})
	}
	if meta.Title == "" {
		meta.Title = fmt.Sprintf("Stacking %s", r.Family)
	}
	var err error
	if data.pageHead, err = newHead(meta, len(r.Seeds), figure.AllStacking(r)); err != nil {
		return err
	}
	for _, g := range growthRows(r) {
		data.Growths = append(data.Growths, pageGrowth{g, drawnMaps(g.Maps, g.From)})
	}
	return execute(w, "stacking.html.tmpl", data)
}

func newHead(meta Meta, seeds int, figures []figure.Figure) (pageHead, error) {
	head := pageHead{Meta: meta, SeveralSeeds: seeds > 1}
	if meta.Config != nil {
		config, err := json.MarshalIndent(meta.Config, "", "  ")
		if err != nil {
			return head, fmt.Errorf("report: the configuration as JSON: %w", err)
		}
		head.Config = string(config)
	}
	for _, f := range figures {
		if f.Err != nil {
			return head, fmt.Errorf("report: %w", f.Err)
		}
		head.Figures = append(head.Figures, template.HTML(f.Inline())) // its texts are escaped
	}
	return head, nil
}

func execute(w io.Writer, name string, data any) error {
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// drawnMaps draws the layer map of each stack of a model grown from depths.
func drawnMaps(maps []growth.Map, from growth.Depths) [][]pageLayer {
	var drawn [][]pageLayer
	for k, m := range maps {
		drawn = append(drawn, drawnLayers(m, from[k]))
	}
	return drawn
}

func drawnLayers(m growth.Map, from int) []pageLayer {
	duplicate := m.Duplicates()
	layers := make([]pageLayer, len(m))
	for i, source := range m {
		if source == growth.New {
			layers[i] = pageLayer{Label: "N", Class: "new"}
			continue
		}
		fill, ink := figure.LayerColor(source, from)
		layers[i] = pageLayer{Label: strconv.Itoa(source)}
		// The colors are our own, so they need no escaping.
		if duplicate[i] {
			layers[i].Class, layers[i].Style = "duplicate", template.CSS("border-color:"+fill)
		} else {
			layers[i].Style = template.CSS("border-color:" + fill + ";background:" + fill + ";color:" + ink)
		}
	}
	return layers
}
