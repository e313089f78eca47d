package chart

import "math"

// spec returns the type and style of a mark for Vega-Lite. clip cuts it at the
// edges of the area.
func (m Mark) spec(p Panel, clip bool) object {
	s := m.Style
	stroke := func(out object) object {
		out["color"], out["strokeWidth"], out["strokeDash"], out["clip"] = css(s.Color), s.Width, s.Dash.spec(), clip
		return out
	}
	switch m.Kind {
	case Line:
		return stroke(object{"type": "line"})
	case Segments:
		return stroke(object{"type": "rule"})
	case Area:
		return object{"type": "area", "color": css(s.Color), "clip": clip}
	case Points:
		return m.point(clip)
	case Bars:
		return m.bar(p)
	case Ticks:
		out := object{"type": "tick", "color": css(s.Color), "thickness": s.Width, "opacity": 1}
		if p.Y.Bands != nil {
			out["orient"], out["size"] = "vertical", s.share()*p.Height/float64(max(len(p.Y.Bands), 1))
		} else {
			out["orient"], out["size"] = "horizontal", s.share()*p.Width/float64(max(len(p.X.Bands), 1))
		}
		return out
	}
	weight := "normal"
	if s.Bold {
		weight = "bold"
	}
	return object{"type": "text", "color": css(s.Color), "align": [3]string{"left", "center", "right"}[s.Align], "baseline": "middle",
		"dx": s.Dx, "dy": s.Dy, "fontSize": s.textSize(), "fontWeight": weight}
}

func (s Style) share() float64 {
	if s.Share == 0 {
		return 1
	}
	return s.Share
}

// point returns the shapes of pen.shape. Paths extend from -1 to 1; Vega scales
// them by half the square root of the size.
func (m Mark) point(clip bool) object {
	s := m.Style
	shape, factor, filled := "circle", math.Pi, true
	switch s.Shape {
	case Ring:
		filled = false
	case Triangle:
		shape, factor = "M-1,0.82L1,0.82L0,-1Z", 4*1.1*1.1
	case Wedge:
		shape, factor = "M-1,-0.82L1,-0.82L0,1Z", 4*1.1*1.1
	case Square:
		shape, factor = "square", 4*0.9*0.9
	case OpenSquare:
		shape, factor, filled = "square", 4, false
	case Diamond:
		shape, factor = "M-1,0L0,-1L1,0L0,1Z", 4*1.2*1.2
	case Cross:
		shape, factor, filled = "M-1,-1L1,1M-1,1L1,-1", 4, false
	}
	out := object{"type": "point", "shape": shape, "filled": filled, "size": factor * s.Radius * s.Radius, "color": css(s.Color), "opacity": 1}
	if !filled {
		out["strokeWidth"] = s.outline()
	}
	if clip {
		out["clip"] = true
	}
	return out
}

func (m Mark) bar(p Panel) object {
	s := m.Style
	out := object{"type": "rect", "color": css(s.Color), "opacity": 1}
	switch {
	case p.Y.Bands != nil && p.X.Bands == nil:
		out["type"], out["orient"], out["height"] = "bar", "horizontal", object{"band": s.share()}
		out["yOffset"] = s.Offset * p.Height / float64(max(len(p.Y.Bands), 1))
	case p.X.Bands != nil && p.Y.Bands == nil:
		out["type"], out["orient"], out["width"] = "bar", "vertical", object{"band": s.share()}
		out["xOffset"] = s.Offset * p.Width / float64(max(len(p.X.Bands), 1))
	}
	if s.Border.A > 0 {
		out["stroke"], out["strokeWidth"], out["strokeDash"] = css(s.Border), max(1, s.Width), s.Dash.spec()
	}
	return out
}
