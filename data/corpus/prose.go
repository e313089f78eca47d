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

// comment is a group of comments that no token and no blank line separates.
type comment struct {
	ast.CommentGroup
	beforePackage bool // before the package clause of the file
}

// comments returns the comments of a Go file, grouped as go/parser groups them.
// The scanner takes half the parser's time and accepts the Go installation's
// deliberately invalid files.
func comments(source []byte) []comment {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, func(token.Position, string) {}, scanner.ScanComments)

	var groups []comment
	open := false       // whether the next comment may join the last group
	lastLine := 0       // where the last comment ended
	trailing := false   // whether code precedes the last group on its line
	tokenLine := 0      // where the last token other than a comment began
	sawPackage := false // whether the package clause was read
	for {
		pos, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			return groups
		case tok == token.SEMICOLON && lit == "\n": // inserted automatically
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

// generated matches the marker of generated files, see `go help generate`.
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

// prose returns the prose paragraphs of a comment, each on one line.
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

// isProse reports whether a paragraph looks like sentences: it has four words
// or more, and of its characters other than spaces at least 75% are letters and
// at least 85% are letters or punctuation of sentences.
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

// bookPart is the least size of a document of a book, in bytes.
const bookPart = 8 << 10

// book splits a book of Project Gutenberg into documents of whole paragraphs,
// without Gutenberg's header and footer. As in comments, it joins the lines of
// a paragraph and omits tables and figures.
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
