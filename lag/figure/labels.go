package figure

import (
	"cmp"
	"math"
	"slices"

	"github.com/landscape-aware/growing/lag/figure/chart"
)

// A point is a position in a panel, in CSS pixels from its lower left corner.
type point struct{ x, y float64 }

// A box is the area between two points.
type box struct{ min, max point }

func around(p point, r float64) box {
	return box{point{p.x - r, p.y - r}, point{p.x + r, p.y + r}}
}

func (b box) overlaps(o box) bool {
	return b.min.x < o.max.x && o.min.x < b.max.x && b.min.y < o.max.y && o.min.y < b.max.y
}

func (b box) within(o box) bool {
	return b.min.x >= o.min.x && b.max.x <= o.max.x && b.min.y >= o.min.y && b.max.y <= o.max.y
}

// middle returns the height of a box's middle.
func (b box) middle() float64 { return (b.min.y + b.max.y) / 2 }

// freePlace returns a place for a text to the right of a point that overlaps
// nothing in taken, as close to the point's height as possible.
func freePlace(at point, width, height, bottom, top float64, taken []box) box {
	place := func(dy float64) box {
		low := point{at.x + 11, at.y + dy - height/2}
		return box{low, point{low.x + width, low.y + height}}
	}
	for k := range 60 {
		dy := float64((k+1)/2) * height / 2
		if k%2 == 1 {
			dy = -dy
		}
		p := place(dy)
		if p.min.y >= bottom && p.max.y <= top+height/2 && !slices.ContainsFunc(taken, p.overlaps) {
			return p
		}
	}
	return place(0)
}

// placeAround returns the place for a text nearest to a point, on any side of
// it, that lies within an area and overlaps nothing in taken.
func placeAround(at point, width, height float64, area box, taken []box) (place box, ok bool) {
	nearest := math.Inf(1)
	for dx := -7.0; dx <= 7; dx++ {
		for dy := -9.0; dy <= 9; dy++ {
			middle := point{at.x + dx*(width/2+9)/2, at.y + dy*height/2}
			low := point{middle.x - width/2, middle.y - height/2}
			b := box{low, point{low.x + width, low.y + height}}
			// The distance from the point to the box, and to the right rather than
			// to the left.
			away := math.Hypot(max(0, b.min.x-at.x, at.x-b.max.x), 1.3*max(0, b.min.y-at.y, at.y-b.max.y)) + 0.001*(5-dx)
			if away < nearest && b.within(area) && !slices.ContainsFunc(taken, b.overlaps) {
				place, nearest, ok = b, away, true
			}
		}
	}
	return place, ok
}

// spread moves labels of some heights apart, along a line from lo to hi, and
// returns their middles. It keeps their order and moves them as little as it
// can; middles are where they should be.
func spread(middles, heights []float64, lo, hi float64) []float64 {
	order := make([]int, len(middles))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(middles[a], middles[b]) })
	// Labels that would overlap form a group. Its members touch, and it lies where
	// the mean of their wishes is.
	type group struct{ start, size, wish, n float64 }
	var groups []group
	var members [][]int
	settle := func(g *group) { g.start = min(max(g.wish/g.n, lo), max(lo, hi-g.size)) }
	for _, i := range order {
		g := group{size: heights[i], wish: middles[i] - heights[i]/2, n: 1}
		settle(&g)
		of := []int{i}
		for k := len(groups) - 1; k >= 0 && groups[k].start+groups[k].size > g.start; k-- {
			before := groups[k]
			g.wish, g.n = before.wish+g.wish-g.n*before.size, before.n+g.n
			g.size += before.size
			of = append(slices.Clone(members[k]), of...)
			settle(&g)
			groups, members = groups[:k], members[:k]
		}
		groups, members = append(groups, g), append(members, of)
	}
	places := make([]float64, len(middles))
	for k, g := range groups {
		at := g.start
		for _, i := range members[k] {
			places[i] = at + heights[i]/2
			at += heights[i]
		}
	}
	return places
}

// An endLabel names a line at its end.
type endLabel struct {
	name, note, series string
	y                  float64 // height of the line's end, in CSS pixels from the bottom
	style              chart.Style
	shape              chart.Style // of the point at the line's end; none if its radius is 0
	bold               bool
}

const (
	leader    = 16 // width of the lines from the ends of lines to their samples
	sample    = 26
	noteBelow = 14
)

// endLabels returns a panel to the right of another one, with a label for each
// line at the height of its end, and below them notes on the other lines.
func endLabels(labels, others []endLabel, height, width float64) chart.Panel {
	p := chart.Panel{Width: width, Height: height, X: chart.Hidden("x", 0, width), Y: chart.Hidden("y", 0, height)}
	text := func(text, series string, x, y float64, style chart.Style) {
		p.Marks = append(p.Marks, chart.Mark{Kind: chart.Texts, Series: series, Style: style,
			Data: []chart.Datum{{X: x, Y: y, Text: chart.Shorten(text, style.Size, style.Bold, width-x-1)}}})
	}
	middles, heights := make([]float64, len(labels)), make([]float64, len(labels))
	for i, l := range labels {
		middles[i], heights[i] = l.y, 19
		if l.note != "" {
			heights[i] += noteBelow
			middles[i] -= noteBelow / 2 // the name is at the height of the line
		}
	}
	places := spread(middles, heights, 19*float64(len(others)), height+8)
	line := func(l endLabel, x0, y0, x1, y1 float64, style chart.Style) {
		p.Marks = append(p.Marks, chart.Mark{Kind: chart.Segments, Series: l.series, Style: style, Data: []chart.Datum{{X: x0, Y: y0, X2: x1, Y2: y1}}})
	}
	key := func(l endLabel, y float64) {
		line(l, leader, y, leader+sample, y, l.style)
		if l.shape.Radius > 0 {
			p.Marks = append(p.Marks, chart.Mark{Kind: chart.Points, Series: l.series, Style: l.shape, Loose: true, Data: []chart.Datum{{X: leader + sample/2, Y: y}}})
		}
		text(l.name, l.series, leader+sample+7, y, chart.Style{Color: lagColor(l.bold, chart.Ink), Bold: l.bold, Size: chart.SizeNote})
	}
	for i, l := range labels {
		y := places[i]
		if l.note != "" {
			y += noteBelow / 2
			text(l.note, l.series, leader+sample+7, y-noteBelow-1, chart.Style{Color: chart.Grey, Size: sizeOfNote})
		}
		line(l, 0, l.y, leader-2, y, chart.Style{Color: l.style.Color, Width: 1})
		key(l, y)
	}
	for i, l := range others {
		key(l, 19*(float64(len(others)-1-i)+0.5)-4)
	}
	return p
}

// endLabelsWidth returns the width of a panel with these labels.
func endLabelsWidth(labels ...endLabel) float64 {
	width := 0.0
	for _, l := range labels {
		width = max(width, chart.TextWidth(l.name, chart.SizeNote, l.bold), chart.TextWidth(l.note, sizeOfNote, false))
	}
	return leader + sample + 9 + min(width, 215)
}
