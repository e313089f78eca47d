package chart

import "slices"

// A Legend explains marks, to the right of the panels or below them.
type Legend struct {
	Title   string
	Entries []Entry
	Below   bool
	Width   float64 // width of the column on the right; 0 for as much as it needs
}

// An Entry is a sample of a mark and its label.
type Entry struct {
	Label  string
	Series string // series that a click on the label selects; may be empty
	Kind   Kind   // Line, Area, Points or Bars
	Style  Style
	Text   string // in the box of Bars
}

const (
	sampleWidth  = 30
	sampleGap    = 7
	legendRow    = 19 // height of an entry
	legendColumn = 48 // entries per column
	labelWidth   = 300
)

// Height returns the height of a legend to the right of the panels.
func (l Legend) Height() float64 {
	rows := min(len(l.Entries), legendColumn)
	if l.Title != "" {
		rows++
	}
	return legendRow * float64(rows)
}

// Columns returns the number of columns of a legend to the right of the panels.
func (l Legend) Columns() int { return max(1, (len(l.Entries)+legendColumn-1)/legendColumn) }

// sample returns the width of the sample of the i-th entry. All samples in a
// column have the same width.
func (l Legend) sample(i int) float64 {
	points := func(e Entry) bool { return e.Kind == Points }
	if points(l.Entries[i]) && (l.Below || !slices.ContainsFunc(l.Entries, func(e Entry) bool { return !points(e) })) {
		return 14
	}
	return sampleWidth
}

// panel returns the legend as a panel. Lines of a legend below the panels are
// at most width long.
func (l Legend) panel(width float64) Panel {
	if len(l.Entries) == 0 {
		return Panel{}
	}
	type place struct{ x, y float64 } // left end and middle of an entry
	places := make([]place, len(l.Entries))
	title, right, bottom := place{0, legendRow / 2}, TextWidth(l.Title, SizeNote, false), 0.0
	x, y := 0.0, 0.0
	if l.Title != "" && l.Below {
		x = right + 14
	} else if l.Title != "" {
		y = legendRow
	}
	first, widest := y, 0.0
	for i := range l.Entries {
		own := l.sample(i) + sampleGap + TextWidth(l.label(i), SizeNote, false)
		if l.Below {
			if x > 0 && x+own > width {
				x, y = 0, y+legendRow
			}
			places[i] = place{x, y + legendRow/2}
			right, bottom = max(right, x+own), y+legendRow
			x += own + 20
			continue
		}
		if i > 0 && i%legendColumn == 0 {
			x, y, widest = x+widest+18, first, 0
		}
		places[i], widest = place{x, y + legendRow/2}, max(widest, own)
		y += legendRow
		right, bottom = max(right, x+own), max(bottom, y)
	}
	if !l.Below {
		right = max(right, l.Width)
	}
	p := Panel{Width: right, Height: bottom, X: Hidden("x", 0, right), Y: Hidden("y", 0, bottom)}
	if l.Title != "" {
		p.Marks = append(p.Marks, Mark{Kind: Texts, Style: Style{Color: Ink}, Data: []Datum{{X: title.x, Y: bottom - title.y, Text: l.Title}}})
	}
	for i, e := range l.Entries {
		at, y, w := places[i], bottom-places[i].y, l.sample(i)
		m := Mark{Kind: e.Kind, Series: e.Series, Style: e.Style, Data: []Datum{{X: at.x + w/2, Y: y}}}
		switch e.Kind {
		case Line:
			m.Kind, m.Data = Segments, []Datum{{X: at.x, Y: y, X2: at.x + w, Y2: y}}
			if e.Style.Radius > 0 {
				dot := Mark{Kind: Points, Series: e.Series, Style: e.Style, Data: []Datum{{X: at.x + w/2, Y: y}}}
				p.Marks = append(p.Marks, dot)
			}
		case Area, Bars:
			m.Kind, m.Data = Bars, []Datum{{X: at.x, Y: y - 7, X2: at.x + w, Y2: y + 7}}
		}
		p.Marks = append(p.Marks, m)
		if e.Text != "" {
			p.Marks = append(p.Marks, Mark{Kind: Texts, Style: Style{Color: TextOn(e.Style.Color), Align: Middle, Size: SizeNote - 2},
				Data: []Datum{{X: at.x + w/2, Y: y, Text: e.Text}}})
		}
	}
	for i, e := range l.Entries {
		p.Marks = append(p.Marks, Mark{Kind: Texts, Series: e.Series, Style: Style{Color: Ink},
			Data: []Datum{{X: places[i].x + l.sample(i) + sampleGap, Y: bottom - places[i].y, Text: l.label(i)}}})
	}
	return p
}

// label returns the label of an entry, cut to the width of the legend.
func (l Legend) label(i int) string {
	width := float64(labelWidth)
	if l.Width > 0 && !l.Below {
		width = l.Width - sampleWidth - sampleGap
	}
	return Shorten(l.Entries[i].Label, SizeNote, false, width)
}
