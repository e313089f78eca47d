package chart

// A Chart is a picture: a title, panels in a grid, and a legend.
type Chart struct {
	Title   string
	Caption string // what to look at; drawn below the title, in lines as long as the picture is wide
	Alt     string // description for readers who cannot see the chart

	Rows   [][]Panel // rows of the grid, from the top; their lengths may differ
	Legend Legend

	Series string // what a series is, such as "strategy"; also the field's name in the data
	Choose bool   // a click on the legend makes the other series pale; Vega-Lite only
	Hover  bool   // the line nearest to the pointer is named and drawn boldly; Vega-Lite only

	MinWidth, MinHeight float64 // least size of the picture
}

// A Panel is an area with marks, axes and a title above. A panel of zero width
// leaves its cell of the grid empty.
type Panel struct {
	Title         string
	Width, Height float64 // size of the area, without axes and title
	X, Y          Axis
	Marks         []Mark // from bottom to top
	Zoom          bool   // the pointer can move and scale it; Vega-Lite only
}

// Kind is how a mark draws its data.
type Kind int

const (
	Line     Kind = iota // through the points (X, Y)
	Area                 // between the points (X, Y) and (X, Y2)
	Points               // a shape at each (X, Y)
	Segments             // a straight line from (X, Y) to (X2, Y2)
	Bars                 // a box from (X, Y) to (X2, Y2); on an axis of bands, across the band
	Ticks                // a short line across the band, at the value on the other axis
	Texts                // a text at each (X, Y); it may be outside the area
)

// A Mark is a layer of a panel: data with one kind and one style.
type Mark struct {
	Kind   Kind
	Series string // series of the data; may be empty
	Style  Style
	Data   []Datum
	Loose  bool // positions are not values, so tooltips omit them
}

// A Datum is an element of a mark. On an axis of bands, a position is the index
// of a band.
type Datum struct {
	X, Y, X2, Y2 float64
	Text         string // only for Texts
	Tips         []Tip  // additional entries of the tooltip
}

// A Tip is a named value: a string, an int64 or a float64.
type Tip struct {
	Name  string
	Value any
}

// panels returns the panels of the grid, row by row, and the number of columns.
// It fills rows up with empty panels.
func (c Chart) panels() (all []Panel, columns int) {
	for _, row := range c.Rows {
		columns = max(columns, len(row))
	}
	for _, row := range c.Rows {
		for _, p := range row {
			p.X.Ticks = p.X.roomy(p.Width)
			all = append(all, p)
		}
		for range columns - len(row) {
			all = append(all, Panel{})
		}
	}
	return all, columns
}

func (p Panel) empty() bool { return p.Width <= 0 }

// at returns the position of values in the area, from its upper left corner.
func (p Panel) at(x, y float64) (px, py float64) {
	px, py = p.Width*p.X.Place(x), p.Height*p.Y.Place(y)
	if p.Y.Bands == nil {
		py = p.Height - py
	}
	return px, py
}

// within returns the mark without data that cannot be drawn: coordinates that
// are not finite, and points outside the axes.
func (p Panel) within(m Mark) Mark {
	kept := make([]Datum, 0, len(m.Data))
	for _, d := range m.Data {
		ok := finite(d.X) && finite(d.Y)
		switch m.Kind {
		case Area:
			ok = ok && finite(d.Y2)
		case Segments, Bars:
			ok = ok && finite(d.X2) && finite(d.Y2)
		case Points, Ticks:
			ok = ok && p.X.holds(d.X) && p.Y.holds(d.Y)
		}
		if ok {
			kept = append(kept, d)
		}
	}
	m.Data = kept
	return m
}
