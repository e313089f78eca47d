package corpus

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Limits of a document of a text file, in bytes. A text without blank lines is
// cut into documents of this size, so that memory does not grow with it.
const (
	softLimit = 1 << 20 // a document is cut at the first line end after this
	hardLimit = 4 << 20 // or, within a line, at this
)

// textFiles is a source of text files.
type textFiles struct {
	spec  string
	paths []string
}

// Files returns a source of text files: plain, or compressed if the name ends in
// .gz or .zst. Each pattern is a path or a glob; files come in the order of the
// patterns and of their names within one. A blank line ends a document, and so
// does the end of a file; a document of more than a MiB is cut at the next end
// of a line. It is an error if a pattern matches no file.
func Files(patterns ...string) (Source, error) {
	s := &textFiles{spec: strings.Join(patterns, ",")}
	for _, p := range patterns {
		paths, err := filepath.Glob(p)
		if err != nil {
			return nil, fmt.Errorf("corpus: %q is not a valid pattern: %w", p, err)
		}
		if _, err := os.Stat(p); err == nil {
			paths = []string{p} // a name may hold characters that mean something in a glob
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("corpus: there is no file %s: give the path of a .txt, .gz or .zst file, or %q for the text of the Go installation", p, GoSpec)
		}
		slices.Sort(paths)
		s.paths = append(s.paths, paths...)
	}
	if len(s.paths) == 0 {
		return nil, errors.New("corpus: no file was named")
	}
	for _, p := range s.paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("corpus: %s is not a file: name a file, or all of a directory as %s", p, filepath.Join(p, "*.txt"))
		}
		switch ext := filepath.Ext(p); ext {
		case ".parquet", ".jsonl", ".zip", ".xz", ".bz2", ".pdf":
			return nil, fmt.Errorf("corpus: %s: %s files cannot be read; give plain text, .gz or .zst", p, ext)
		}
	}
	return s, nil
}

func (s *textFiles) Info() Info {
	return Info{Name: s.spec, License: "unknown: the user's own files", Origin: strings.Join(s.paths, ", ")}
}

func (s *textFiles) Stamp(context.Context) (string, error) {
	var b strings.Builder
	b.WriteString("files")
	for _, p := range s.paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return "", fmt.Errorf("corpus: %w", err)
		}
		info, err := os.Stat(p)
		if err != nil {
			return "", fmt.Errorf("corpus: %w", err)
		}
		fmt.Fprintf(&b, "\n%q %d %d", abs, info.Size(), info.ModTime().UnixNano())
	}
	return b.String(), nil
}

func (s *textFiles) Documents(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		found := false
		for _, path := range s.paths {
			n := 0
			more, err := readDocuments(ctx, path, func(text string) bool {
				n, found = n+1, true
				return yield(Document{fmt.Sprintf("%s#%d", path, n), text}, nil)
			})
			if !more {
				return
			}
			if err != nil {
				yield(Document{}, fmt.Errorf("corpus: reading %s: %w", path, err))
				return
			}
		}
		if !found {
			yield(Document{}, fmt.Errorf("corpus: %s: %w", s.spec, ErrEmpty))
		}
	}
}

// ErrEmpty is wrapped by the error of a source without any text.
var ErrEmpty = errors.New("the corpus is empty: there is no text in it; name a file with text")

// readDocuments calls yield for each document of a file until it returns false;
// more tells whether it did not.
func readDocuments(ctx context.Context, path string, yield func(text string) bool) (more bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return true, err
	}
	defer f.Close()
	var r io.Reader = f
	switch filepath.Ext(path) {
	case ".gz":
		z, err := gzip.NewReader(f)
		if err != nil {
			return true, err
		}
		r = z
	case ".zst":
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return true, err
		}
		defer z.Close()
		r = z
	}

	in := bufio.NewReaderSize(r, 1<<16)
	var doc []byte
	emit := func(upTo int) bool {
		text := strings.ToValidUTF8(string(bytes.TrimSpace(doc[:upTo])), "\uFFFD")
		doc = append(doc[:0], doc[upTo:]...)
		return text == "" || yield(text)
	}
	for lineStart := 0; ; {
		part, err := in.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull && err != io.EOF {
			return true, err
		}
		doc = append(doc, part...)
		switch {
		case err == bufio.ErrBufferFull:
			if len(doc) >= hardLimit {
				if !emit(cut(doc)) {
					return false, nil
				}
				lineStart = 0
			}
		case err == io.EOF:
			return emit(len(doc)), nil
		case len(bytes.TrimSpace(doc[lineStart:])) == 0, len(doc) >= softLimit:
			if !emit(len(doc)) {
				return false, nil
			}
			lineStart = 0
			if err := ctx.Err(); err != nil {
				return true, err
			}
		default:
			lineStart = len(doc)
		}
	}
}

// cut returns where to cut a text without line ends: after the last space, or
// before the last character that may be incomplete.
func cut(text []byte) int {
	if i := bytes.LastIndexByte(text, ' '); i > 0 {
		return i + 1
	}
	end := len(text)
	for end > len(text)-4 && text[end-1]&0xC0 == 0x80 {
		end--
	}
	return end - 1
}
