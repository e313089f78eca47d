package nbrun

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"regexp"
	"slices"
	"strings"
)

// PlotTag marks a cell that must show a plot but does not call a figure function itself.
const PlotTag = "lag:plot"

var (
	plotCall  = regexp.MustCompile(`\b(figure\.(Show|Live)|notebook\.Show)\w*\(`)
	printCall = regexp.MustCompile(`\bfmt\.Print(f|ln)?\(`)
	htmlCall  = regexp.MustCompile(`\b(notebook\.HTML|gonbui\.DisplayHTML)\(`)
)

// demands are what the source of a cell lets one expect of its output.
type demands struct {
	pictures    int
	text, html  bool
	patterns    []string
	unparseable []string // patterns that are none
}

// said is what a cell's output has.
type said struct {
	pictures, fragments int
	printed             bool   // something that can be seen on stdout
	text                string // all text
}

// add adds an output. Pictures are counted by whoever checks them.
func (s *said) add(o output) {
	if o.Type == "stream" && o.Name == "stdout" && strings.TrimSpace(string(o.Text)) != "" {
		s.printed = true
	}
	s.text += string(o.Text) + "\n" + o.plain() + "\n"
	if fragment := o.data("text/html"); fragment != "" {
		s.fragments++
		s.text += html.UnescapeString(tag.ReplaceAllString(fragment, " ")) + "\n"
	}
}

var tag = regexp.MustCompile(`(?s)<style.*?</style>|<[^>]*>`)

// plain returns the plain text of an output that is a display.
func (o output) plain() string { return o.data("text/plain") }

func (o output) data(mime string) string {
	var s text
	if raw, ok := o.Data[mime]; !ok || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return string(s)
}

// demands returns what is expected of a cell. What it prints or shows only in
// functions of its own is not known, except by its metadata.
func (c cell) demands() (d demands) {
	body := comment.ReplaceAllString(c.executed(), "")
	if plotCall.MatchString(body) || slices.Contains(c.Metadata.Tags, PlotTag) {
		d.pictures = max(1, shown(body))
	}
	d.text, d.html = printCall.MatchString(body), htmlCall.MatchString(body)
	for _, pattern := range c.Metadata.Expect {
		if _, err := regexp.Compile(pattern); err != nil {
			d.unparseable = append(d.unparseable, err.Error())
			continue
		}
		d.patterns = append(d.patterns, pattern)
	}
	return d
}

// shown returns how many figures the calls of Show in the body of main name. Of
// a list (Show(all...)) the length is not known: it counts as one. The result is
// 0 if the body cannot be parsed, such as one with its own func main.
func shown(body string) (figures int) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+body+"\n}", 0)
	if err != nil {
		return 0
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Show" {
			if in, ok := f.X.(*ast.Ident); ok && (in.Name == "notebook" || in.Name == "figure") {
				figures += len(call.Args)
			}
		}
		return true
	})
	return figures
}

// unmet returns the demands that an output does not meet.
func (d demands) unmet(got said) (list []string) {
	switch {
	case d.pictures > 0 && got.pictures == 0:
		list = append(list, "a plot was lost: the cell shows a figure, but no image/png came out")
	case got.pictures < d.pictures:
		list = append(list, fmt.Sprintf("a plot was lost: the cell shows %d figures, but %d came out", d.pictures, got.pictures))
	}
	if d.text && !got.printed {
		list = append(list, "the cell prints, but nothing came out")
	}
	if d.html && got.fragments == 0 {
		list = append(list, "the cell shows HTML, but no text/html came out")
	}
	for _, err := range d.unparseable {
		list = append(list, "an expectation in the cell's metadata is not a pattern: "+err)
	}
	for _, pattern := range d.patterns {
		if !regexp.MustCompile(pattern).MatchString(got.text) {
			list = append(list, fmt.Sprintf("the output says less than it should: nothing matches %q, which the cell's metadata expects", pattern))
		}
	}
	return list
}
