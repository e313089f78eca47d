package corpus

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/landscape-aware/growing/data/filetype"
)

// readParquet calls yield for each row of a string column until yield returns
// false. It returns more = false in that case. Nulls and blank strings are
// skipped. One page of the column is in memory at a time, and the row group's
// dictionary if there is one.
func readParquet(ctx context.Context, path, column string, yield func(text string) bool) (more bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return true, err
	}
	defer f.Close()
	yielding := false
	defer func() {
		// parquet-go panics on some damaged files. A panic of yield is passed
		// on.
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
	top := file.Root().Column(column)
	if top == nil {
		return true, fmt.Errorf("there is no column %q; there are %s: name the one with the text", column, list(columns(file)))
	}
	if other := notString(top); other != "" {
		return true, fmt.Errorf("the column %q holds %s, not strings; there are %s: name the one with the text", column, other, list(columns(file)))
	}
	c := &stringColumn{name: column, annotated: top.Type().LogicalType() != nil}
	for _, group := range file.RowGroups() {
		more, err := c.read(ctx, group.ColumnChunks()[top.Index()], func(text string) bool {
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

// openParquet reads the metadata of a file.
func openParquet(f *os.File) (*parquet.File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Check the length field first: parquet-go would allocate whatever it says.
	var tail [8]byte
	if err := expect(f, filetype.Parquet); err != nil {
		return nil, err
	}
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

// columns returns the names of a file's top-level string columns.
func columns(f *parquet.File) []string {
	var names []string
	for _, c := range f.Root().Columns() {
		if notString(c) == "" {
			names = append(names, c.Name())
		}
	}
	return names
}

// notString returns what a top-level column holds if it is not one string a
// row, and "" if it is. Byte arrays that are not annotated as strings are
// accepted.
func notString(c *parquet.Column) string {
	logical := c.Type().LogicalType()
	switch {
	case c.Repeated(), logical != nil && logical.List != nil:
		return "a list"
	case logical != nil && logical.Map != nil:
		return "a map"
	case !c.Leaf():
		return "a struct"
	case logical != nil && logical.UTF8 == nil:
		return "values of type " + c.Type().String()
	case c.Type().Kind() != parquet.ByteArray:
		return "values of type " + c.Type().Kind().String()
	}
	return ""
}

// stringColumn reads a column through all row groups.
type stringColumn struct {
	name      string
	annotated bool  // annotated as strings; otherwise it may hold any bytes
	row       int64 // rows read so far
}

func (c *stringColumn) read(ctx context.Context, chunk parquet.ColumnChunk, yield func(text string) bool) (more bool, err error) {
	pages := chunk.Pages()
	defer func() { err = cmp.Or(err, pages.Close()) }()
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
		more, err = c.readPage(page, values, yield)
		parquet.Release(page)
		if !more || err != nil {
			return more, err
		}
	}
}

func (c *stringColumn) readPage(page parquet.Page, values []parquet.Value, yield func(text string) bool) (more bool, err error) {
	reader := page.Values()
	for {
		n, err := reader.ReadValues(values)
		for _, v := range values[:n] {
			c.row++
			if v.IsNull() {
				continue
			}
			if len(v.ByteArray()) > maxDocument {
				return true, fmt.Errorf("row %d of the column %q has %d bytes; the limit is %d", c.row, c.name, len(v.ByteArray()), maxDocument)
			}
			if !c.annotated && !utf8.Valid(v.ByteArray()) {
				return true, fmt.Errorf("row %d of the column %q is not UTF-8, and the column is not declared as text: name the column with the text, or convert it", c.row, c.name)
			}
			// Copy the text: the page's memory is reused.
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
