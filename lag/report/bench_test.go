package report_test

import (
	"io"
	"testing"

	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
)

// BenchmarkLarge measures what `lag report -again` does with a study of 200
// candidates with 1,000 evaluations each.
func BenchmarkLarge(b *testing.B) {
	r := synthetic.Large(200, 1000)
	rules := synthetic.Rules(r)
	dir := b.TempDir()
	if err := r.Analyze(b.Context(), rules); err != nil {
		b.Fatal(err)
	}
	if err := r.Save(dir); err != nil {
		b.Fatal(err)
	}
	for _, stage := range []struct {
		name string
		do   func() error
	}{
		{"Load", func() error { _, err := result.LoadStudy(dir); return err }},
		{"Analyze", func() error { return r.Again(b.Context()) }},
		{"Figures", func() error { _, err := figure.WriteAll(dir, r); return err }},
		{"CSV", func() error { return report.CSV(io.Discard, r) }},
		{"Save", func() error { return r.Save(dir) }},
		{"HTML", func() error { return report.HTML(io.Discard, r, report.Meta{Title: "large"}) }},
		{"Text", func() error {
			_ = report.Table(r) + report.Picks(r) + report.Signals(r) + report.Curve(r, 80)
			return nil
		}},
	} {
		b.Run(stage.name, func(b *testing.B) {
			for b.Loop() {
				if err := stage.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
