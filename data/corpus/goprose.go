package corpus

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/landscape-aware/growing/data/ordered"
)

// opticks is Project Gutenberg's text of Newton's Opticks, which is part of
// every Go installation.
const opticks = "testdata/Isaac.Newton-Opticks.txt"

// goProse is the prose of a Go installation.
type goProse struct {
	root  string // GOROOT
	files []string

	mu    sync.Mutex
	stamp string     // of the listed files; "" once Stamp returned it
	docs  []Document // all documents, after they were read once
}

// GoProse returns the English prose of the Go installation at goroot. If goroot
// is empty, it uses the installation of `go env GOROOT`. The prose consists of
// the comments of the Go source below src, one document a file, and of Newton's
// Opticks in documents of about 8 KiB.
//
// It omits testdata and generated files, licence headers, directives, code
// within comments (indented lines, "Output:" of examples), and paragraphs that
// do not look like prose (see [isProse]). It also omits repeated paragraphs,
// because files for different operating systems and vendored packages repeat
// many.
func GoProse(goroot string) (Source, error) {
	root, err := findGoroot(goroot)
	if err != nil {
		return nil, err
	}
	s := &goProse{root: root}
	if s.files, s.stamp, err = listGo(root); err != nil {
		return nil, err
	}
	return s, nil
}

// listGo returns the files to read, relative to root/src, and a stamp of them.
func listGo(root string) (files []string, stamp string, err error) {
	sum := sha256.New()
	src := filepath.Join(root, "src")
	// The separator enters a src that is a symbolic link, as in Debian's packages.
	err = filepath.WalkDir(src+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if d.Name() == "testdata" && rel != "testdata" || strings.HasPrefix(d.Name(), "_") {
				return filepath.SkipDir
			}
			return nil
		}
		if rel != opticks && (!strings.HasSuffix(rel, ".go") || strings.HasPrefix(rel, "testdata/")) || !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files = append(files, rel)
		fmt.Fprintf(sum, "%q %d %d\n", rel, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("corpus: looking for Go source in %s: %w", src, err)
	}
	if len(files) == 0 {
		return nil, "", fmt.Errorf("corpus: there is no Go source in %s: install Go from https://go.dev/dl (some distributions have the source in a separate package, such as golang-src), or name a text file instead of %q", src, GoSpec)
	}
	return files, fmt.Sprintf("go prose %d\n%q\n%x", proseVersion, root, sum.Sum(nil)), nil
}

// proseVersion is part of the stamp. Increase it when the same files give other text.
const proseVersion = 1

func findGoroot(goroot string) (string, error) {
	if goroot == "" {
		goroot = os.Getenv("GOROOT")
	}
	if goroot == "" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return "", fmt.Errorf("corpus: finding the Go installation with `go env GOROOT`: %w: put go on the PATH, set GOROOT, or name a text file instead of %q", err, GoSpec)
		}
		goroot = strings.TrimSpace(string(out))
	}
	info, err := os.Stat(filepath.Join(goroot, "src"))
	if err != nil || !info.IsDir() {
		return "", fmt.Errorf("corpus: there is no Go installation with source code in %q: set GOROOT, or name a text file instead of %q", goroot, GoSpec)
	}
	// A link and its target are the same installation.
	if real, err := filepath.EvalSymlinks(goroot); err == nil {
		goroot = real
	}
	return goroot, nil
}

func (s *goProse) Info() Info {
	version := "an unknown version"
	if data, err := os.ReadFile(filepath.Join(s.root, "VERSION")); err == nil {
		version, _, _ = strings.Cut(string(data), "\n")
	}
	return Info{
		Name:    GoSpec,
		License: "BSD-3-Clause (Go and its vendored packages); public domain in the USA (Newton's Opticks, Project Gutenberg)",
		Origin:  fmt.Sprintf("comments of the Go source and Newton's Opticks in %s (%s)", s.root, version),
	}
}

func (s *goProse) Fetch(context.Context, func(done, total int64)) error { return nil }

// Stamp lists the files again, except in the first call, which uses the list of
// GoProse.
func (s *goProse) Stamp(context.Context) (string, error) {
	s.mu.Lock()
	stamp := s.stamp
	s.stamp = ""
	s.mu.Unlock()
	if stamp != "" {
		return stamp, nil
	}
	_, stamp, err := listGo(s.root)
	return stamp, err
}

// Documents scans the files in parallel and yields the documents in order. It
// keeps them in memory, because scanning takes long and they are small (about
// 11 MB).
func (s *goProse) Documents(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		s.mu.Lock()
		docs := s.docs
		s.mu.Unlock()
		if docs != nil {
			for _, d := range docs {
				if err := ctx.Err(); err != nil {
					yield(Document{}, err)
					return
				}
				if !yield(d, nil) {
					return
				}
			}
			return
		}
		for d, err := range s.scan(ctx) {
			if !yield(d, err) || err != nil {
				return
			}
			docs = append(docs, d)
		}
		if len(docs) == 0 {
			yield(Document{}, fmt.Errorf("corpus: the Go installation in %s: %w", s.root, ErrEmpty))
			return
		}
		s.mu.Lock()
		s.docs = docs
		s.mu.Unlock()
	}
}

// errEnough stops a scan after the caller's yield returned false.
var errEnough = errors.New("no more documents are wanted")

// scan reads the documents from the files.
func (s *goProse) scan(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		files := func(yield func(string, error) bool) {
			for _, file := range s.files {
				if !yield(file, nil) {
					return
				}
			}
		}
		reader := func() func(string) ([]Document, error) {
			return func(file string) ([]Document, error) { return readGoFile(s.root, file) }
		}
		seen := make(map[[16]byte]bool)
		err := ordered.Map(ctx, runtime.GOMAXPROCS(0), files, reader, func(docs []Document) error {
			for _, d := range docs {
				if d.Text = dropSeen(d.Text, seen); d.Text != "" && !yield(d, nil) {
					return errEnough
				}
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(Document{}, err)
		}
	}
}

// dropSeen removes the paragraphs that are in seen from a text, and adds the
// others to seen.
func dropSeen(text string, seen map[[16]byte]bool) string {
	var kept []string
	for p := range strings.SplitSeq(text, "\n\n") {
		h := sha256.Sum256([]byte(p))
		key := [16]byte(h[:16])
		if !seen[key] {
			seen[key] = true
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\n\n")
}

// readGoFile returns the documents of a file below root/src.
func readGoFile(root, file string) ([]Document, error) {
	data, err := os.ReadFile(filepath.Join(root, "src", filepath.FromSlash(file)))
	if err != nil {
		return nil, fmt.Errorf("corpus: reading the Go installation: %w", err)
	}
	if file == opticks {
		return book(file, string(data)), nil
	}
	var paragraphs []string
	for _, group := range comments(data) {
		text := strings.ToValidUTF8(group.Text(), "\uFFFD")
		if group.beforePackage {
			if isGenerated(group) {
				return nil, nil
			}
			if isLicense(text) {
				continue
			}
		}
		paragraphs = append(paragraphs, prose(text)...)
	}
	if len(paragraphs) == 0 {
		return nil, nil
	}
	return []Document{{file, strings.Join(paragraphs, "\n\n")}}, nil
}
