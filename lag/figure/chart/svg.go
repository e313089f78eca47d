package chart

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// SVG draws the chart as an SVG on white, as it may be put on any page. Title
// and Alt are for screen readers. A mark has its name and numbers as a title,
// which browsers show at the pointer.
func (c Chart) SVG() (data []byte, err error) {
	svg, err := c.svg()
	if err != nil {
		return nil, err
	}
	return append([]byte("<?xml version=\"1.0\"?>\n"), svg...), nil
}

// InlineSVG draws the chart as an SVG element for an HTML page. It has no
// background and takes the page's color for text, so that it suits dark pages.
func (c Chart) InlineSVG() (data []byte, err error) {
	svg, err := c.svg()
	if err != nil {
		return nil, err
	}
	// Texts hold no "<" and styles no text, so nothing else can match.
	paper := regexp.MustCompile(`<path d="[^"]*"\s*style="fill:#FFFFFF" />\n?`)
	if at := paper.FindIndex(svg); at != nil {
		svg = slices.Delete(svg, at[0], at[1])
	}
	ink := []byte(strings.ToUpper(Hex(Ink)))
	for _, property := range []string{"fill:", "stroke:"} {
		svg = bytes.ReplaceAll(svg, append([]byte(`style="`+property), ink...), []byte(`style="`+property+"currentColor"))
		svg = bytes.ReplaceAll(svg, append([]byte(";"+property), ink...), []byte(";"+property+"currentColor"))
	}
	return svg, nil
}

// svg returns the SVG element.
func (c Chart) svg() (data []byte, err error) {
	defer recoverDrawing(&err)
	width, height := c.Size()
	canvas := vgsvg.New(points(float64(width)), points(float64(height)))
	c.paint(draw.New(canvas), true)
	var buf bytes.Buffer
	if _, err := canvas.WriteTo(&buf); err != nil {
		return nil, err
	}
	return describeSVG(buf.Bytes(), c.Title, c.Alt)
}

// describeSVG adds a title and a description for screen readers, and the names
// of marks. It names fallback fonts with the same widths for systems without
// Liberation Sans.
func describeSVG(svg []byte, title, alt string) ([]byte, error) {
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;"), []byte("font-family:"+fonts+";"))
	start := bytes.Index(svg, []byte("<svg"))
	end := bytes.IndexByte(svg[max(start, 0):], '>')
	if start < 0 || end < 0 {
		return nil, fmt.Errorf("gonum/plot wrote no SVG")
	}
	end += start
	var out bytes.Buffer
	out.Write(svg[start:end])
	out.WriteString(` role="img">`)
	fmt.Fprintf(&out, "\n<title>%s</title>\n<desc>%s</desc>", html.EscapeString(title), html.EscapeString(alt))
	out.Write(svg[end+1:])
	named := nameStart.ReplaceAll(out.Bytes(), []byte("<g><title>$1</title>\n"))
	return nameEnd.ReplaceAll(named, []byte("</g>\n")), nil
}

// gonum/plot cannot name marks. A pen writes names as texts between characters
// that no other text has, and describeSVG makes groups with titles of them.
const opens, closes = "\ue000", "\ue001"

var (
	nameStart = regexp.MustCompile(`<text [^>]*>` + opens + `([^<]*)</text>\n?`)
	nameEnd   = regexp.MustCompile(`<text [^>]*>` + closes + `</text>\n?`)
	unmarked  = strings.NewReplacer(opens, "\ufffd", closes, "\ufffd")
)

// name gives the marks that follow a name, up to unname.
func (p pen) name(text string) { p.sign(text, opens+unmarked.Replace(text)) }

func (p pen) unname(text string) { p.sign(text, closes) }

func (p pen) sign(text, sign string) {
	if p.names && text != "" {
		style := textStyle(SizeNote, false, Ink)
		p.FillString(style.Handler.Cache().Lookup(style.Font, style.Font.Size), p.point(0, 0), sign)
	}
}

// spoken returns the name and the numbers of a datum, those of its tooltip in
// Vega-Lite.
func (c Chart) spoken(p Panel, m Mark, d Datum) string {
	var parts []string
	if m.Series != "" && !p.X.Hidden {
		parts = append(parts, m.Series)
	}
	if !m.Loose && m.Kind != Segments {
		for i, a := range []Axis{p.X, p.Y} {
			switch v := [2]float64{d.X, d.Y}[i]; {
			case a.Hidden:
			case a.Bands != nil:
				parts = append(parts, fmt.Sprint(a.datum(v)))
			default:
				parts = append(parts, fmt.Sprintf("%s %.5g", a.Name, v))
			}
		}
	}
	for _, t := range d.Tips {
		switch v := t.Value.(type) {
		case float64:
			parts = append(parts, fmt.Sprintf("%s %.5g", t.Name, v))
		default:
			parts = append(parts, fmt.Sprintf("%s %v", t.Name, v))
		}
	}
	return strings.Join(parts, ", ")
}
