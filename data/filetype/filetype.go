// Package filetype recognizes files by their first bytes, to tell people what
// they gave in the place of another file.
package filetype

import (
	"bytes"
	"errors"
	"io"
)

// Head is the number of bytes that [Of] needs.
const Head = 512

// ErrPointer is the error for a Git LFS pointer: the small file that git leaves
// in the place of a large one where Git LFS is not installed.
var ErrPointer = errors.New("it is a Git LFS pointer, a few lines that stand for the file itself: run `git lfs install` and `git lfs pull` where it was cloned, or download the file")

// Type is a type of files. The zero Type is unknown.
type Type struct {
	Name   string // such as "a zip archive"
	Advice string // what to do with it, or ""
}

// types are the types with a magic number at the beginning.
var types = []struct {
	magic string
	Type
}{
	{"version https://git-lfs.github.com/spec/", Pointer},
	{"\x1f\x8b", Gzip},
	{"\x28\xb5\x2f\xfd", Zstandard},
	{"PAR1", Parquet},
	{"PK\x03\x04", zip},
	{"\xfd7zXZ\x00", Type{"compressed with xz", "decompress it with `unxz`"}},
	{"BZh", Type{"compressed with bzip2", "decompress it with `bunzip2`"}},
	{"7z\xbc\xaf\x27\x1c", Type{"a 7z archive", "unpack it"}},
	{"%PDF-", Type{"a PDF", "extract its text, for example with `pdftotext`"}},
	{"\x89HDF\r\n\x1a\n", Type{"an HDF5 file", ""}},
	{"ARROW1", Type{"an Arrow file", "convert it to Parquet"}},
	{"\xff\xfe", UTF16},
	{"\xfe\xff", UTF16},
	{"\x80\x02", pickle}, {"\x80\x03", pickle}, {"\x80\x04", pickle}, {"\x80\x05", pickle},
}

// Types that callers treat in a way of their own.
var (
	Pointer   = Type{"a Git LFS pointer", ErrPointer.Error()}
	Gzip      = Type{"compressed with gzip", "give it a name that ends in .gz"}
	Zstandard = Type{"compressed with zstd", "give it a name that ends in .zst"}
	Parquet   = Type{"a Parquet file", "give it a name that ends in .parquet"}
	UTF16     = Type{"text in UTF-16", "convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"}
)

// Types that the list or [Of] gives, and callers need no name for.
var (
	zip    = Type{"a zip archive", "unpack it"}
	html   = Type{"an HTML page", "it may be the error page of a download: download the file itself"}
	pickle = Type{"a Python pickle", ""}
)

// Of returns the type of the file that begins with head.
func Of(head []byte) Type {
	for _, t := range types {
		if bytes.HasPrefix(head, []byte(t.magic)) {
			return t.Type
		}
	}
	text := bytes.ToLower(bytes.TrimSpace(head[:min(len(head), Head)]))
	for _, begin := range []string{"<!doctype html", "<html"} {
		if bytes.HasPrefix(text, []byte(begin)) {
			return html
		}
	}
	return Type{}
}

// At returns the type of a file. It is unknown if the file cannot be read.
func At(r io.ReaderAt) Type {
	head := make([]byte, Head)
	n, _ := r.ReadAt(head, 0)
	return Of(head[:n])
}

// Err returns an error that names the type, or nil if it is unknown.
func (t Type) Err() error {
	switch {
	case t == Type{}:
		return nil
	case t == Pointer:
		return ErrPointer
	case t.Advice == "":
		return errors.New("it is " + t.Name)
	}
	return errors.New("it is " + t.Name + ": " + t.Advice)
}
