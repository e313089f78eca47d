package corpus

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/filetype"
	"github.com/landscape-aware/growing/data/strictjson"
)

// maxDocument is the size limit for a document of JSON lines or Parquet, in
// bytes. Larger ones are an error: documents of these formats are never cut.
const maxDocument = 256 << 20

// readJSONLines calls yield for the field of each line, which must be a JSON
// object, until yield returns false. It returns more = false in that case.
// Blank lines, nulls and blank fields are skipped. NaN and infinities, which
// Python writes for missing numbers, count as null.
func readJSONLines(ctx context.Context, r io.Reader, field string, yield func(text string) bool) (more bool, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if err := likeJSONLines(in); err != nil {
		return true, err
	}
	var line []byte
	for number := 1; ; number++ {
		if number%256 == 0 {
			if err := ctx.Err(); err != nil {
				return true, err
			}
		}
		last := false
		line = line[:0]
		for {
			part, err := in.ReadSlice('\n')
			line = append(line, part...)
			if len(line) > maxDocument {
				return true, fmt.Errorf("line %d is longer than %d bytes: is this a file of JSON lines, with one object a line?", number, maxDocument)
			}
			if err == bufio.ErrBufferFull {
				continue
			}
			if err != nil && err != io.EOF {
				return true, fmt.Errorf("line %d: %w", number, err)
			}
			last = err == io.EOF
			break
		}
		if len(bytes.TrimSpace(line)) > 0 {
			text, err := jsonField(line, field)
			if err != nil {
				return true, fmt.Errorf("line %d: %w", number, err)
			}
			if strings.TrimSpace(text) != "" && !yield(text) {
				return false, nil
			}
		}
		if last {
			return true, nil
		}
	}
}

// likeJSONLines returns an error if a file begins like something else.
func likeJSONLines(in *bufio.Reader) error {
	head, err := in.Peek(filetype.Head)
	if err != nil && err != io.EOF {
		return nil // reading will report it
	}
	if err := filetype.Of(head).Err(); err != nil {
		return err
	}
	text := bytes.TrimSpace(head)
	switch {
	case bytes.HasPrefix(text, []byte("[")):
		return errors.New("it is a JSON array, not JSON lines with one object a line: convert it, for example with `jq -c '.[]' FILE.json > FILE.jsonl`")
	case bytes.HasPrefix(text, []byte("{")) && len(bytes.TrimSpace(text[1:])) > 0 && bytes.HasPrefix(bytes.TrimLeft(text[1:], " \t\r"), []byte("\n")):
		return errors.New("it is a JSON object of several lines, not JSON lines with one object a line: convert it, for example with `jq -c . FILE.json > FILE.jsonl`")
	}
	return nil
}

// jsonField returns the field of a JSON object, which must be a string or null.
func jsonField(object []byte, field string) (string, error) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(object, &fields)
	if err != nil && json.Unmarshal(strictjson.FromPython(object), &fields) != nil {
		return "", fmt.Errorf("it is not a JSON object (%w): each line must be one", strictjson.Explain(err))
	}
	value, ok := fields[field]
	if !ok {
		return "", fmt.Errorf("there is no field %q; there are %s: name the one with the text", field, list(slices.Sorted(maps.Keys(fields))))
	}
	var text *string
	if err := json.Unmarshal(value, &text); err != nil {
		return "", fmt.Errorf("the field %q is not a string: name the one with the text", field)
	}
	if text == nil {
		return "", nil
	}
	return strings.ToValidUTF8(*text, "\uFFFD"), nil
}

// list formats names for an error message. It shows at most twelve.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	shown := make([]string, 0, len(names))
	for _, n := range names[:min(len(names), 12)] {
		shown = append(shown, fmt.Sprintf("%q", n))
	}
	if len(names) > len(shown) {
		shown = append(shown, fmt.Sprintf("and %d more", len(names)-len(shown)))
	}
	return strings.Join(shown, ", ")
}
