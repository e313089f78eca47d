package preview

import (
	"bufio"
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Coloured reports whether w is a terminal with colours and the environment
// variable NO_COLOR is not set.
func Coloured(w io.Writer) bool {
	return lipgloss.NewRenderer(w).ColorProfile() != termenv.Ascii
}

// spanColours are colours of the terminal's palette, which its theme keeps readable.
var spanColours = []lipgloss.Color{"4", "1", "2", "5", "6", "3"}

// styles returns the style of each role.
type styles struct{ renderer *lipgloss.Renderer }

func newStyles(w io.Writer, colour bool) styles {
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.Ascii)
	if colour {
		r.SetColorProfile(termenv.ANSI)
	}
	return styles{r}
}

func (s styles) of(p Piece) lipgloss.Style {
	style := s.renderer.NewStyle()
	switch p.Role {
	case Masked:
		return style.Foreground(lipgloss.Color("4")).Bold(true)
	case Replaced:
		return style.Foreground(lipgloss.Color("1")).Bold(true)
	case Kept:
		return style.Foreground(lipgloss.Color("2")).Bold(true)
	case Mode:
		return style.Reverse(true)
	case Sentinel:
		return style.Foreground(spanColours[p.Span%len(spanColours)]).Bold(true)
	case Hidden:
		return style.Foreground(spanColours[p.Span%len(spanColours)])
	case Target:
		return style.Foreground(lipgloss.Color("4"))
	case Special, Padding:
		return style.Faint(true)
	}
	return style
}

// Text writes examples and a legend to a terminal that is width columns wide,
// with colours if colour is true (see [Coloured]).
func Text(w io.Writer, examples []Example, width int, colour bool) error {
	out := bufio.NewWriter(w)
	s := newStyles(w, colour)
	title, faint := s.renderer.NewStyle().Bold(true), s.renderer.NewStyle().Faint(true)
	used := make(map[Role]bool)
	for _, e := range examples {
		out.WriteString(title.Render(e.Title) + "\n")
		for _, l := range e.Lines {
			head := "  " + l.Name
			if l.Note != "" {
				head += faint.Render(" (" + l.Note + ")")
			}
			out.WriteString(head + "\n")
			wrap := wrapper{out: out, indent: "    ", width: width}
			for _, p := range l.Pieces {
				used[p.Role] = true
				text := p.Text
				if p.Label != "" {
					text += "{" + p.Label + "}"
				}
				style := s.of(p)
				for _, word := range strings.Fields(text) {
					wrap.word(word, style)
				}
			}
			wrap.end()
		}
		out.WriteString("\n")
	}
	for _, r := range roles {
		if used[r.role] {
			out.WriteString("  " + s.of(Piece{Role: r.role}).Render(string(r.role)) + faint.Render("  "+r.text) + "\n")
		}
	}
	return out.Flush()
}

// wrapper wraps styled words into lines.
type wrapper struct {
	out    *bufio.Writer
	indent string
	width  int
	column int // columns used in the current line
}

func (w *wrapper) word(word string, style lipgloss.Style) {
	room := max(1, w.width-len(w.indent))
	if n := lipgloss.Width(word); w.column > 0 && w.column+1+n > room {
		w.end()
	}
	if w.column == 0 {
		w.out.WriteString(w.indent)
	} else {
		w.out.WriteString(" ")
		w.column++
	}
	// Break a word that is longer than a line.
	part := ""
	for _, r := range word {
		n := lipgloss.Width(string(r))
		if w.column > 0 && w.column+n > room {
			w.out.WriteString(style.Render(part))
			w.end()
			w.out.WriteString(w.indent)
			part = ""
		}
		part += string(r)
		w.column += n
	}
	w.out.WriteString(style.Render(part))
}

// end ends the line.
func (w *wrapper) end() {
	w.out.WriteString("\n")
	w.column = 0
}
