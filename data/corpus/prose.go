package corpus

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// comment is a group of comments without a token or a blank line between.
type comment struct {
	ast.CommentGroup
	beforePackage bool // before the package clause of the file
}

// comments returns the comments of a Go file grouped as go/parser groups them.
// The scanner does that in half the parser's time, and does not stop at files
// that are wrong on purpose, of which the Go installation has some.
func comments(source []byte) []comment {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, func(token.Position, string) {}, scanner.ScanComments)

	var groups []comment
	open := false       // whether the next comment may join the last group
	lastLine := 0       // where the last comment ended
	trailing := false   // whether the last group began behind code on its line
	tokenLine := 0      // where the last token other than a comment began
	sawPackage := false // whether the package clause was met
	for {
		pos, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return groups
		case tok == token.SEMICOLON && lit == "\n": // inserted, not written
		case tok != token.COMMENT:
			open = false
			tokenLine = file.Line(pos) + strings.Count(lit, "\n")
			sawPackage = sawPackage || tok == token.PACKAGE
		default:
			line := file.Line(pos)
			if !open || line > lastLine+1 || trailing && line > lastLine {
				groups = append(groups, comment{beforePackage: !sawPackage})
				trailing = line == tokenLine
				open = true
			}
			g := &groups[len(groups)-1]
			g.List = append(g.List, &ast.Comment{Slash: pos, Text: lit})
			lastLine = line + strings.Count(lit, "\n")
		}
	}
}

// generated matches the comment of generated files, see `go help generate`.
var generated = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.$`)

func isGenerated(c comment) bool {
	for _, line := range c.List {
		if generated.MatchString(line.Text) {
			return true
		}
	}
	return false
}

func isLicense(text string) bool {
	for _, s := range []string{"Copyright", "copyright notice", "Use of this source code", "Permission is hereby granted", "Redistribution and use"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// prose returns the paragraphs of a comment that are prose, each on one line.
func prose(comment string) []string {
	lower := strings.ToLower(comment)
	if strings.HasPrefix(lower, "output:") || strings.HasPrefix(lower, "unordered output:") {
		return nil
	}
	var out, lines []string
	flush := func() {
		p := strings.Join(lines, " ")
		lines = lines[:0]
		if isProse(p) {
			out = append(out, p)
		}
	}
	for line := range strings.SplitSeq(comment, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case strings.HasPrefix(line, "\t"), strings.HasPrefix(line, "    "):
			flush() // code, or a table
		default:
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
	}
	flush()
	return out
}

// isProse tells whether a paragraph looks like sentences: four words or more,
// and of its characters other than spaces at least 85% letters, or punctuation
// as it is found in sentences, and at least 75% letters.
func isProse(p string) bool {
	words, letters, common, total := 0, 0, 0, 0
	for w := range strings.FieldsSeq(p) {
		inWord := 0
		for _, r := range w {
			total++
			switch {
			case unicode.IsLetter(r):
				letters++
				inWord++
			case strings.ContainsRune(".,;:'\"-?!`", r):
				common++
			}
		}
		if inWord > 1 || inWord == utf8.RuneCountInString(w) {
			words++
		}
	}
	return words >= 4 && letters*100 >= total*75 && (letters+common)*100 >= total*85
}

// bookPart is the size of a document of a book, in bytes.
const bookPart = 8 << 10

// book cuts a book of Project Gutenberg into documents of whole paragraphs,
// without the frame that Gutenberg puts around it. A paragraph's lines are
// joined, and tables and figures left out, as in comments.
func book(name, text string) []Document {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if i := strings.Index(text, "*** START OF"); i >= 0 {
		if j := strings.IndexByte(text[i:], '\n'); j >= 0 {
			text = text[i+j:]
		}
	}
	if i := strings.Index(text, "*** END OF"); i >= 0 {
		text = text[:i]
	}
	var docs []Document
	var part []string
	size := 0
	flush := func() {
		if len(part) > 0 {
			docs = append(docs, Document{fmt.Sprintf("%s#%d", name, len(docs)+1), strings.Join(part, "\n\n")})
		}
		part, size = nil, 0
	}
	for _, p := range prose(text) {
		part = append(part, p)
		if size += len(p); size >= bookPart {
			flush()
		}
	}
	flush()
	return docs
}
