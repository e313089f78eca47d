package main

import (
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
)

// TestPanel: the line of proportional cost goes from the origin through the last
// point, and all points are in the picture.
func TestPanel(t *testing.T) {
	s := &series{title: "a study", size: "candidates", sizes: []int{2, 4}, seconds: []float64{0.75, 1}}
	p := s.panel()
	line, points := p.Marks[0].Data, p.Marks[1].Data
	if line[0].X != 0 || line[0].Y != 0 || line[1].X != 4 || line[1].Y != 1 {
		t.Errorf("the line is %+v", line)
	}
	if len(points) != 2 || points[0].X != 2 || points[0].Y != 0.75 {
		t.Errorf("the points are %+v", points)
	}
	svg, err := draw([]*series{s, s, s}).SVG()
	if err != nil || strings.Count(string(svg), "a study") < 3 {
		t.Errorf("the picture lacks a panel: %v", err)
	}
}

// TestOnce measures what is smallest: a study without steps would fail, as would
// an analysis of nothing.
func TestOnce(t *testing.T) {
	s := &studies{dir: t.TempDir(), engine: backend.Go}
	for range 2 { // the second has a directory of its own, and so trains too
		if took, err := s.train(t.Context(), 2, 10); err != nil || took <= 0 {
			t.Fatalf("a study took %v, %v", took, err)
		}
	}
	if took, err := analyze(t.Context(), 5, 20); err != nil || took <= 0 {
		t.Errorf("the analysis took %v, %v", took, err)
	}
}
