package corpus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// readParquet calls yield for each row of a string column until it returns
// false; more tells whether it did not. A page of the column is in memory at a
// time, and the dictionary of the row group where there is one. Nulls and blank
// strings give no document.
func readParquet(ctx context.Context, path, column string, yield func(text string) bool) (more bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return true, err
	}
	defer f.Close()
	yielding := false
	defer func() {
		// parquet-go panics at some damaged files. What yield panics with is not
		// ours to hide.
		if r := recover(); r != nil && !yielding {
			more, err = true, fmt.Errorf("the file is damaged: %v", r)
		} else if r != nil {
			panic(r)
		}
	}()
	file, err := openParquet(f)
	if err != nil {
		return true, err
	}
	leaf, ok := file.Schema().Lookup(column)
	if !ok {
		return true, fmt.Errorf("there is no column %q; there are %s: name the one that holds the text", column, list(columns(file)))
	}
	if leaf.Node.Type().Kind() != parquet.ByteArray || leaf.MaxRepetitionLevel > 0 {
		return true, fmt.Errorf("the column %q holds %s, not a string in each row; there are %s: name the one that holds the text", column, leaf.Node.Type(), list(columns(file)))
	}
	for _, group := range file.RowGroups() {
		more, err := readColumn(ctx, group.ColumnChunks()[leaf.ColumnIndex], func(text string) bool {
			yielding = true
			more := yield(text)
			yielding = false
			return more
		})
		if !more || err != nil {
			return more, err
		}
	}
	return true, nil
}

// openParquet reads the description of a file.
func openParquet(f *os.File) (*parquet.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// A length that is damaged must not become an allocation.
	var tail [8]byte
	if info.Size() < 12 {
		return nil, errors.New("it is not a Parquet file: it is too short")
	}
	if _, err := f.ReadAt(tail[:], info.Size()-8); err != nil {
		return nil, err
	}
	if string(tail[4:]) != "PAR1" || int64(binary.LittleEndian.Uint32(tail[:])) > info.Size()-12 {
		return nil, errors.New("it is not a whole Parquet file: its end is missing or damaged")
	}
	return parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<20))
}

// columns returns the names of a file's columns of strings at the top level.
func columns(f *parquet.File) []string {
	var names []string
	for _, c := range f.Root().Columns() {
		if c.Leaf() && c.Type().Kind() == parquet.ByteArray {
			names = append(names, c.Name())
		}
	}
	return names
}

func readColumn(ctx context.Context, chunk parquet.ColumnChunk, yield func(text string) bool) (more bool, err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	values := make([]parquet.Value, 128)
	for {
		if err := ctx.Err(); err != nil {
			return true, err
		}
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return true, err
		}
		more, err = readPage(page, values, yield)
		parquet.Release(page)
		if !more || err != nil {
			return more, err
		}
	}
}

func readPage(page parquet.Page, values []parquet.Value, yield func(text string) bool) (more bool, err error) {
	reader := page.Values()
	for {
		n, err := reader.ReadValues(values)
		for _, v := range values[:n] {
			if v.IsNull() {
				continue
			}
			if len(v.ByteArray()) > maxDocument {
				return true, fmt.Errorf("a row of %d bytes is longer than %d", len(v.ByteArray()), maxDocument)
			}
			// The page's memory is used again: the text is a copy.
			text := strings.ToValidUTF8(string(v.ByteArray()), "\uFFFD")
			if strings.TrimSpace(text) != "" && !yield(text) {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return true, err
		}
	}
}
