package readme

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// A document is what is run of a README.
type document struct {
	steps      []step
	inCheckout bool // run in the checkout itself, not in a copy
}

// A step is a block, or a command that a comment tells to run.
type step struct {
	line     int    // of the document, from 1
	language string // of a block; "" for a command of a comment
	source   string
	output   string // what the document shows as the output, or ""
	marks    marks
}

// marks are what comments say of a block.
type marks struct {
	skip  string // the reason; "" runs it
	skips []pair // beginnings of lines, and reasons
	small []pair // beginnings of commands, and flags
	until []pair // beginnings of lines, and regular expressions
	put   []pair // placeholders, and what is put for them
	file  string
	main  []string // a path and imports
	limit time.Duration
}

type pair struct{ of, text string }

const (
	languageShell  = "sh"
	languageGo     = "go"
	languagePython = "python"
	languageSQL    = "sql"
	languageText   = "text"
)

// parse returns the steps of a document, or all of its faults in one error.
func parse(source []byte) (d document, err error) {
	p := reader{source: source}
	_ = ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(source)), p.visit)
	if p.marked {
		p.fault(p.pendingLine, "no block follows this comment")
	}
	if len(p.faults) > 0 {
		return document{}, fmt.Errorf("%s", strings.Join(p.faults, "\n"))
	}
	return p.document, nil
}

type reader struct {
	document
	source      []byte
	pending     marks // for the next block
	marked      bool  // pending has something
	pendingLine int
	faults      []string
	last        ast.Node // the block before
}

func (p *reader) fault(line int, format string, args ...any) {
	p.faults = append(p.faults, fmt.Sprintf("line %d: %s", line, fmt.Sprintf(format, args...)))
}

func (p *reader) visit(node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := node.(type) {
	case *ast.HTMLBlock:
		content := n.Lines().Value(p.source)
		if n.HasClosure() {
			content = append(bytes.Clone(content), n.ClosureLine.Value(p.source)...)
		}
		p.comments(p.line(n), string(content))
	case *ast.FencedCodeBlock:
		// The info may have more than a language.
		p.block(n, string(n.Language(p.source)))
	case *ast.CodeBlock:
		p.fault(p.line(n), "a block by indentation has no language; fence it")
	}
	return ast.WalkContinue, nil
}

// line returns the line in which a block begins, or its first line inside.
func (p *reader) line(n ast.Node) int {
	if n.Lines().Len() == 0 {
		return 1
	}
	return 1 + bytes.Count(p.source[:n.Lines().At(0).Start], []byte("\n"))
}

func (p *reader) block(n *ast.FencedCodeBlock, language string) {
	s := step{line: p.line(n), language: language, source: string(n.Lines().Value(p.source)), marks: p.pending}
	marked := p.marked
	p.pending, p.marked = marks{}, false
	defer func() { p.last = n }()
	if language == "" && !marked && p.follows(n) {
		p.steps[len(p.steps)-1].output = s.source
		return
	}
	if s.marks.skip == "" && s.marks.file == "" && s.marks.main == nil {
		switch language {
		case languageShell, languagePython, languageSQL, languageText:
		case "":
			p.fault(s.line, "this block has no language and is not the output of the one before; call it text if it is only shown")
			return
		case languageGo:
			p.fault(s.line, "a comment must say into which file this Go goes: ci: file: PATH, or ci: main: PATH IMPORTS")
			return
		default:
			p.fault(s.line, "blocks in %s cannot be run; say ci: file: PATH, or ci: skip: REASON", language)
			return
		}
	}
	if language != languageShell && len(s.marks.skips)+len(s.marks.small)+len(s.marks.until)+len(s.marks.put) > 0 {
		p.fault(s.line, "only sh blocks have lines of commands")
	}
	p.steps = append(p.steps, s)
}

// follows reports whether a block is the first thing after the sh block that is
// the last step.
func (p *reader) follows(n ast.Node) bool {
	if len(p.steps) == 0 || p.steps[len(p.steps)-1].language != languageShell {
		return false
	}
	return p.last != nil && n.PreviousSibling() == p.last
}
