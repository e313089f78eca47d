package corpus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// format is the format of a file.
type format int

const (
	textFormat format = iota
	jsonLines
	parquetFormat
)

// formatOf returns the format and the compression ("", ".gz" or ".zst") of a
// file, according to its name. Case does not matter.
func formatOf(name string) (f format, compression string, err error) {
	rest := strings.ToLower(name)
	switch ext := filepath.Ext(rest); ext {
	case ".gz", ".zst":
		rest, compression = strings.TrimSuffix(rest, ext), ext
	}
	switch ext := filepath.Ext(rest); ext {
	case ".jsonl", ".ndjson", ".json":
		return jsonLines, compression, nil
	case ".parquet":
		if compression != "" {
			return 0, "", fmt.Errorf("corpus: %s: a compressed Parquet file cannot be read (Parquet itself compresses its data): decompress it", name)
		}
		return parquetFormat, "", nil
	case ".zip", ".tar", ".tgz", ".xz", ".bz2", ".7z", ".pdf", ".arrow", ".docx", ".epub":
		return 0, "", fmt.Errorf("corpus: %s: %s files cannot be read: give plain text or JSON lines (.jsonl), also compressed as .gz or .zst, or .parquet", name, ext)
	}
	return textFormat, compression, nil
}

// files is a source of files on this machine.
type files struct {
	info  Info
	paths []string
	field string // field of JSON lines, or column of Parquet
}

// openFiles returns the source of the files in a specification, see
// [sourcePaths].
func openFiles(spec Spec) (Source, error) {
	s := &files{field: spec.field(), info: Info{Name: spec.Source, License: spec.License}}
	var err error
	if s.paths, err = sourcePaths(spec.Source); err != nil {
		return nil, err
	}
	fields := false // whether any file has fields
	type named struct {
		path string
		info fs.FileInfo
	}
	bySize := make(map[int64][]named)
	for _, p := range s.paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("corpus: %s is not a file: name a file, or all files of a directory as %s", p, filepath.Join(p, "*.txt"))
		}
		for _, other := range bySize[info.Size()] {
			if os.SameFile(other.info, info) {
				return nil, fmt.Errorf("corpus: the file %s is named twice, also as %s: name it once", p, other.path)
			}
		}
		bySize[info.Size()] = append(bySize[info.Size()], named{p, info})
		f, _, err := formatOf(p)
		if err != nil {
			return nil, err
		}
		fields = fields || f != textFormat
	}
	if spec.Field != "" && !fields {
		return nil, fmt.Errorf("corpus: %s is plain text, which has no field %q: leave the field out", spec.Source, spec.Field)
	}
	if s.info.License == "" {
		s.info.License = "unknown: the user's own files"
	}
	s.info.Origin = strings.Join(s.paths, ", ")
	return s, nil
}

func (s *files) Info() Info { return s.info }

func (s *files) Fetch(context.Context, func(done, total int64)) error { return nil }

func (s *files) Stamp(context.Context) (string, error) {
	return stampFiles(fmt.Sprintf("files %q", s.field), s.paths, stampFile)
}

// stampFiles returns a stamp: head and the stamp of each file.
func stampFiles(head string, files []string, stamp func(file string) (string, error)) (string, error) {
	var b strings.Builder
	b.WriteString(head)
	for _, f := range files {
		line, err := stamp(f)
		if err != nil {
			return "", err
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// stampFile returns a line that changes whenever the file at path may have changed.
func stampFile(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("corpus: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("corpus: %w", err)
	}
	return fmt.Sprintf("\n%q %d %d", abs, info.Size(), info.ModTime().UnixNano()), nil
}

func (s *files) Documents(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		same := func(path string) string { return path }
		readFiles(ctx, s.info.Name, s.paths, same, s.field, yield)
	}
}

// readFiles yields the documents of files in order. Path returns the path of a
// file, and source names them all in the error for files without text.
func readFiles(ctx context.Context, source string, files []string, path func(file string) string, field string, yield func(Document, error) bool) {
	found := false
	for _, name := range files {
		more, err := readFile(ctx, path(name), name, field, func(d Document) bool {
			found = true
			return yield(d, nil)
		})
		if !more {
			return
		}
		if err != nil {
			if path(name) != name {
				err = fmt.Errorf("%w (at %s)", err, path(name))
			}
			yield(Document{}, err)
			return
		}
	}
	if !found {
		yield(Document{}, fmt.Errorf("corpus: %s: %w", source, ErrEmpty))
	}
}

// ErrEmpty is wrapped by errors about a source without text.
var ErrEmpty = errors.New("the corpus is empty: there is no text in it; name a file with text")

// readFile calls yield for each document of the file at path until yield
// returns false. It returns more = false in that case. The documents are named
// after name.
func readFile(ctx context.Context, path, name, field string, yield func(Document) bool) (more bool, err error) {
	f, compression, err := formatOf(name)
	if err != nil {
		return true, err
	}
	number := 0
	numbered := func(text string) bool {
		number++
		return yield(Document{fmt.Sprintf("%s#%d", name, number), text})
	}
	if f == parquetFormat {
		more, err = readParquet(ctx, path, field, numbered)
	} else {
		more, err = decompress(path, compression, func(r io.Reader) (bool, error) {
			text, err := asText(r)
			if err != nil {
				return true, err
			}
			if f == jsonLines {
				return readJSONLines(ctx, text, field, numbered)
			}
			return readText(ctx, text, numbered)
		})
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("corpus: reading %s: %w", name, err)
	}
	return more, err
}
