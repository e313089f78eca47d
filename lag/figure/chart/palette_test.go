package chart

import (
	"fmt"
	"image/color"
	"math"
	"testing"

	"github.com/lucasb-eyer/go-colorful"
)

// visions simulate color vision, as matrices on linear RGB. Those of dichromats
// are the matrices for severity 1.0 of Machado, Oliveira and Fernandes, "A
// physiologically-based model for simulation of color vision deficiency", IEEE
// Transactions on Visualization and Computer Graphics 15(6), 2009.
var visions = map[string][3][3]float64{
	"normal":       {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// seen returns a color as somebody sees it.
func seen(c color.NRGBA, vision [3][3]float64) colorful.Color {
	of, _ := colorful.MakeColor(color.NRGBA{c.R, c.G, c.B, 0xff})
	r, g, b := of.LinearRgb()
	row := func(m [3]float64) float64 { return max(0, min(1, m[0]*r+m[1]*g+m[2]*b)) }
	return colorful.LinearRgb(row(vision[0]), row(vision[1]), row(vision[2]))
}

// TestSimulation checks the matrices: they keep greys, and confuse what such a
// reader confuses.
func TestSimulation(t *testing.T) {
	for name, vision := range visions {
		for i, row := range vision {
			if sum := row[0] + row[1] + row[2]; math.Abs(sum-1) > 2e-6 {
				t.Errorf("%s: row %d has the sum %v; grey does not stay grey", name, i, sum)
			}
		}
	}
	red, green := color.NRGBA{0xc0, 0x60, 0x20, 0xff}, color.NRGBA{0x80, 0x80, 0x20, 0xff}
	normal, deuteranopia := visions["normal"], visions["deuteranopia"]
	if a, b := difference(red, green, normal), difference(red, green, deuteranopia); a < 25 || b > 12 {
		t.Errorf("red and green differ by %.0f, with deuteranopia by %.0f", a, b)
	}
}

// difference is CIEDE2000, in which 1 can just be seen and 10 at a glance.
func difference(a, b color.NRGBA, vision [3][3]float64) float64 {
	return 100 * seen(a, vision).DistanceCIEDE2000(seen(b, vision))
}

// TestSeriesColors checks that the colors of series differ from each other, from
// LAG's color and from the grey of other series for readers of any color vision;
// that the named colors, which some figures have together, do; and that series
// show on white and on JupyterLab's dark background.
func TestSeriesColors(t *testing.T) {
	all := append([]color.NRGBA{Vermillion, {0x8a, 0x8a, 0x8a, 0xff}}, seriesColors[:]...)
	checkDifferences(t, all, 14)
	checkDifferences(t, []color.NRGBA{Blue, SkyBlue, Green, Vermillion, Purple}, 12)
	for _, page := range []color.NRGBA{White, {0x11, 0x11, 0x11, 0xff}} {
		for _, c := range append(all, Grey) {
			if ratio := contrast(c, page); ratio < 2.3 {
				t.Errorf("%s has a contrast of %.1f on %s", Hex(c), ratio, Hex(page))
			}
		}
	}
}

func checkDifferences(t *testing.T, colors []color.NRGBA, least float64) {
	t.Helper()
	for name, vision := range visions {
		for i, a := range colors {
			for _, b := range colors[:i] {
				if d := difference(a, b, vision); d < least {
					t.Errorf("%s: %s and %s differ by %.1f, want %.0f", name, Hex(a), Hex(b), d, least)
				}
			}
		}
	}
}

// contrast is the contrast ratio of WCAG 2.
func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x/y, y/x)
}

// TestSeriesStyles checks that series can be told apart, also without color.
func TestSeriesStyles(t *testing.T) {
	inGrey, inColor := map[string]int{}, map[string]int{}
	for i := range 30 {
		s := SeriesStyle(i)
		grey, full := fmt.Sprint(s.Dash, s.Shape), fmt.Sprint(Hex(s.Color), s.Dash)
		if other, ok := inGrey[grey]; ok && i < 25 {
			t.Errorf("series %d and %d have one dash and shape", i, other)
		}
		if other, ok := inColor[full]; ok {
			t.Errorf("series %d and %d have one color and dash", i, other)
		}
		inGrey[grey], inColor[full] = i, i
		if next := SeriesStyle(i + 1); next.Color == s.Color || next.Dash == s.Dash {
			t.Errorf("series %d and the next are alike", i)
		}
	}
	patterns := map[string]bool{}
	for d := range dashes {
		patterns[fmt.Sprint(d.pattern())] = true
	}
	if len(patterns) != int(dashes) {
		t.Errorf("%d patterns of %d dashes", len(patterns), dashes)
	}
}
