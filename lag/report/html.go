package report

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/growth"
)

// Meta is what a report says about how the study was run; a result does not hold
// it, since it may differ between two executions of one study.
type Meta struct {
	Title    string    // such as the name of the study; empty for a title made from the result
	Command  string    // that runs the study again
	Config   any       // shown as JSON; nil for none
	Versions []Version // of what took part
}

// Version names a program or library and its version.
type Version struct{ Name, Version string }

//go:embed report.html.tmpl
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"number": func(n lag.Number, decimals int) string { return number(float64(n), decimals) },
	"float":  number,
	"rank":   rank,
	"final":  func(r pageRow) string { return finalLoss(r.row) },
	"picked": lag.Pick.Choice,
	"count":  func(n int) string { return message.NewPrinter(language.English).Sprintf("%d", n) }, // 412,000
}).Parse(pageText))

type pageData struct {
	*lag.Result
	Meta         Meta
	Config       string
	Count        int // strategies, without counting seeds
	Figures      []pageFigure
	Rows         []pageRow
	SeveralSeeds bool
	Costs        []string // of Picks, in its order
}

type pageFigure struct {
	Title, Alt    string
	Width, Height int
	Source        template.URL
}

type pageRow struct {
	row
	Layers []pageLayer // bottom first
}

// pageLayer is a box of a drawn layer map.
type pageLayer struct {
	Label, Class string
	Style        template.CSS
}

// HTML writes a report as one HTML file: verdict and warnings, figures, tables,
// definitions and what was run. Its figures and its style are inside; a browser
// requests nothing else to show it, in light or dark colours as the reader's
// system has them.
func HTML(w io.Writer, r *lag.Result, meta Meta) error {
	data := pageData{Result: r, Meta: meta, SeveralSeeds: severalSeeds(r)}
	if data.Meta.Title == "" {
		data.Meta.Title = fmt.Sprintf("Growing %s from %d to %d layers", r.Family, r.From, r.To)
	}
	if meta.Config != nil {
		config, err := json.MarshalIndent(meta.Config, "", "  ")
		if err != nil {
			return fmt.Errorf("report: the configuration as JSON: %w", err)
		}
		data.Config = string(config)
	}
	for _, f := range figure.All(r) {
		if f.Err != nil {
			return fmt.Errorf("report: %w", f.Err)
		}
		data.Figures = append(data.Figures, pageFigure{
			Title: f.Title, Alt: f.Alt, Width: f.Width, Height: f.Height,
			Source: template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(f.SVG)),
		})
	}
	names := map[string]bool{}
	for _, w := range rows(r) {
		names[w.Name] = true
		data.Rows = append(data.Rows, pageRow{w, drawnLayers(w.Outcome, r.From)})
	}
	data.Count = len(names)
	full := r.TrainingFLOPs()
	for _, p := range r.Picks {
		data.Costs = append(data.Costs, extraCost(p, full))
	}
	if err := page.Execute(w, data); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func drawnLayers(o lag.Outcome, from int) []pageLayer {
	duplicate := o.LayerMap().Duplicates()
	layers := make([]pageLayer, len(o.Map))
	for i, source := range o.Map {
		if source == growth.New {
			layers[i] = pageLayer{Label: "N", Class: "new"}
			continue
		}
		fill, ink := figure.LayerColor(source, from)
		layers[i] = pageLayer{Label: strconv.Itoa(source)}
		// The colours are ours, not the user's, so they need no escaping.
		if duplicate[i] {
			layers[i].Class, layers[i].Style = "duplicate", template.CSS("border-color:"+fill)
		} else {
			layers[i].Style = template.CSS("border-color:" + fill + ";background:" + fill + ";color:" + ink)
		}
	}
	return layers
}
