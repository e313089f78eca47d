package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// A pruned program is a program without the declarations that main does not need.
type pruned struct {
	source []byte // every position is that of the whole program
	whole  bool   // nothing was left out
	rest   string // hash of all but main: what was declared by cells before
}

// A part is what is left out or kept as a whole: a function, a block of constants,
// one variable, type or import.
type part struct {
	from, to token.Pos
	node     ast.Node
	names    []string // what it declares
	root     bool     // it is needed in any case
	main     bool
}

// prune leaves out of a program what main cannot reach: functions, types,
// constants and imports. A program that imports less links in a fraction of the
// time. Variables stay, because their values may be computed for an effect, and
// so does what uses packages of others, which may register something.
//
// Names are compared without regard to scopes, so more may stay than is needed.
func prune(source []byte) (pruned, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "main.go", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return pruned{}, err
	}
	parts := partsOf(file)
	used, usedByRest, usedAtAll := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, p := range parts {
		for _, name := range identifiers(p.node) {
			usedAtAll[name] = true
		}
	}
	for i := range parts {
		parts[i].root = parts[i].root || slices.ContainsFunc(identifiers(parts[i].node), func(name string) bool {
			return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return !isOwn(spec) && importName(spec, usedAtAll) == name })
		})
	}
	needed := reach(parts)
	for i, p := range parts {
		for _, name := range identifiers(p.node) {
			used[name] = used[name] || needed[i]
			usedByRest[name] = usedByRest[name] || !p.main
		}
	}
	result := pruned{source: slices.Clone(source), whole: true}
	rest := sha256.New()
	at := func(pos token.Pos) int { return fset.Position(pos).Offset }
	blank := func(from, to token.Pos) {
		result.whole = false
		for i := at(from); i < at(to); i++ {
			if result.source[i] != '\n' {
				result.source[i] = ' '
			}
		}
	}
	for i, p := range parts {
		if !p.main {
			rest.Write(source[at(p.from):at(p.to)])
		}
		if !needed[i] {
			blank(p.from, p.to)
		}
	}
	for _, spec := range file.Imports {
		name := importName(spec, usedAtAll)
		if name == "" || usedByRest[name] {
			rest.Write([]byte(spec.Path.Value))
		}
		if name != "" && !used[name] {
			blank(spec.Pos(), spec.End())
		}
	}
	result.rest = hex.EncodeToString(rest.Sum(nil))
	return result, nil
}

// isOwn reports whether an import is of the standard library or of this module.
// Another package may register something when it is imported.
func isOwn(spec *ast.ImportSpec) bool {
	path, err := strconv.Unquote(spec.Path.Value)
	first, _, _ := strings.Cut(path, "/")
	return err == nil && (!strings.Contains(first, ".") || strings.HasPrefix(path, checkout.Module+"/"))
}

// partsOf returns the parts of a program but its imports.
func partsOf(file *ast.File) (parts []part) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			p := part{from: d.Pos(), to: d.End(), node: d, names: []string{d.Name.Name}}
			if d.Doc != nil {
				p.from = d.Doc.Pos()
			}
			if d.Recv != nil {
				p.names = nil // it is kept with its type, see reach
			} else {
				p.main = d.Name.Name == "main"
				p.root = p.main || d.Name.Name == "init"
			}
			parts = append(parts, p)
		case *ast.GenDecl:
			switch {
			case d.Tok == token.IMPORT:
			case d.Tok == token.VAR:
				for _, spec := range d.Specs {
					parts = append(parts, part{from: spec.Pos(), to: spec.End(), node: spec, root: true})
				}
			case d.Tok == token.TYPE && d.Lparen.IsValid():
				for _, spec := range d.Specs {
					parts = append(parts, part{from: spec.Pos(), to: spec.End(), node: spec, names: declared(spec)})
				}
			default: // constants of a block count lines, and a lone declaration goes with its keyword
				p := part{from: d.Pos(), to: d.End(), node: d}
				for _, spec := range d.Specs {
					p.names = append(p.names, declared(spec)...)
				}
				if d.Doc != nil {
					p.from = d.Doc.Pos()
				}
				p.root = slices.Contains(p.names, "_")
				parts = append(parts, p)
			}
		}
	}
	return parts
}

// declared returns the names that a specification declares.
func declared(spec ast.Spec) (names []string) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		names = append(names, s.Name.Name)
	case *ast.ValueSpec:
		for _, name := range s.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// identifiers returns all names in a part of a program.
func identifiers(node ast.Node) (names []string) {
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// reach returns which parts the roots need, directly or through others. A method
// is needed with the type of its receiver, since an interface may call it.
func reach(parts []part) (needed []bool) {
	declaring := make(map[string][]int)
	for i, p := range parts {
		for _, name := range p.names {
			declaring[name] = append(declaring[name], i)
		}
		if f, ok := p.node.(*ast.FuncDecl); ok && f.Recv != nil {
			for _, name := range identifiers(f.Recv) {
				declaring[name] = append(declaring[name], i)
			}
		}
	}
	needed = make([]bool, len(parts))
	var visit func(i int)
	visit = func(i int) {
		if needed[i] {
			return
		}
		needed[i] = true
		for _, name := range identifiers(parts[i].node) {
			for _, j := range declaring[name] {
				visit(j)
			}
		}
	}
	for i, p := range parts {
		if p.root {
			visit(i)
		}
	}
	return needed
}

// version is the last element of the path of a module of a later major version.
var version = regexp.MustCompile(`^v[0-9]+$`)

// importName returns the name of an import in the program, or "" if it is not
// known or if the import has to stay. The package's own name can be another
// than its path suggests; then none of the names that are used is the one that
// is guessed here.
func importName(spec *ast.ImportSpec, used map[string]bool) string {
	if spec.Name != nil {
		if spec.Name.Name == "_" || spec.Name.Name == "." {
			return ""
		}
		return spec.Name.Name
	}
	full, err := strconv.Unquote(spec.Path.Value)
	if err != nil || full == "C" {
		return ""
	}
	name := path.Base(full)
	if version.MatchString(name) {
		name = path.Base(path.Dir(full))
	}
	name, _, _ = strings.Cut(name, ".")
	if !used[name] {
		return ""
	}
	return name
}
