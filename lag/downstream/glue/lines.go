package glue

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/plain"
)

// longestLine is the longest possible line in bytes, far above that of any example.
const longestLine = 4 << 20

// lines calls use for each line that is not empty, with its number from 1.
func lines(r io.Reader, use func(number int, line string) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 1<<16), longestLine)
	number := 0
	for scanner.Scan() {
		number++
		line := strings.TrimSuffix(scanner.Text(), "\r")
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff") // MRPC begins with a byte order mark
		}
		if line == "" {
			continue
		}
		err := error(nil)
		if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
			err = errors.New("it is not text in UTF-8")
		} else {
			err = use(number, line)
		}
		if err != nil {
			return &lineError{number, err}
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return &lineError{number + 1, fmt.Errorf("it is longer than %d bytes", longestLine)}
	}
	return scanner.Err()
}

// mostSkipped is the greatest share of lines that are left out: those with an empty text
// and, where the official file has some, those with too few columns.
const mostSkipped = 0.001

// read are the examples of a file, and the lines of it that are left out.
type read struct {
	list  []Example
	n     int   // lines that are left out
	first error // of them
}

// leaveOut counts a line that is left out.
func (r *read) leaveOut(number int, err error) {
	if r.n++; r.first == nil {
		r.first = &lineError{number, err}
	}
}

// take takes the example of a line, or leaves it out if a text of it is empty.
func (r *read) take(number int, e Example, err error) error {
	if empty, ok := errors.AsType[*emptyError](err); ok {
		r.leaveOut(number, empty)
		return nil
	}
	r.list = append(r.list, e)
	return err
}

// examples returns the examples, and an error if reading failed with one, or if more
// lines were left out than an official file has.
func (r *read) examples(err error) ([]Example, error) {
	if err == nil && float64(r.n) > mostSkipped*float64(len(r.list)) {
		err = r.first
	}
	return r.list, err
}

// readTSV reads tab-separated columns. Quotes are ordinary characters, as in the
// official files.
func (l layout) readTSV(r io.Reader) ([]Example, error) {
	columns, first, second, label := l.noHeader, 0, 0, 0
	index := func(name string) (int, error) {
		if i := slices.Index(columns, name); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("there is no column %q; the columns are %s", name, shown(strings.Join(columns, ", ")))
	}
	locate := func() (err error) {
		if first, err = index(l.first); err == nil {
			label, err = index(l.label)
		}
		if err == nil && l.second != "" {
			second, err = index(l.second)
		}
		return err
	}
	if columns != nil {
		if err := locate(); err != nil {
			return nil, err
		}
	}
	var out read
	err := lines(r, func(number int, line string) error {
		cells := strings.Split(line, "\t")
		if columns == nil {
			columns = cells
			return locate()
		}
		if l.skips && len(cells) < len(columns) {
			out.leaveOut(number, fmt.Errorf("it has %s, not %d, as more lines than in the official file", plain.Count(len(cells), "column"), len(columns)))
			return nil
		}
		if len(cells) != len(columns) {
			return fmt.Errorf("it has %s, not %d", plain.Count(len(cells), "column"), len(columns))
		}
		e, err := l.example(cells[first], cells[second], cells[label])
		if l.second == "" {
			e.Second = ""
		}
		return out.take(number, e, err)
	})
	return out.examples(err)
}

// readJSONL reads an object in each line.
func (l layout) readJSONL(r io.Reader) ([]Example, error) {
	var out read
	err := lines(r, func(number int, line string) error {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			return fmt.Errorf("it is no JSON object: %w", err)
		}
		text := func(name string) (string, error) {
			if name == "" {
				return "", nil
			}
			value, ok := fields[name]
			if !ok {
				return "", fmt.Errorf("it has no field %q", name)
			}
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				return "", fmt.Errorf("its field %q is not a text", name)
			}
			return text, nil
		}
		first, err := text(l.first)
		if err != nil {
			return err
		}
		second, err := text(l.second)
		if err != nil {
			return err
		}
		word, err := text(l.word)
		if err != nil {
			return err
		}
		label, ok := fields[l.label]
		if !ok {
			return fmt.Errorf("it has no field %q", l.label)
		}
		e, err := l.example(first, second, strings.Trim(string(label), `"`))
		if word != "" {
			e.First, e.Second = word+": "+e.First, word+": "+e.Second
		}
		return out.take(number, e, err)
	})
	return out.examples(err)
}

// shown quotes the beginning of a text for an error.
func shown(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return fmt.Sprintf("%q", text)
}
