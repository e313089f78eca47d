package corpus

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
)

// Limits of a document of plain text, in bytes. A text without blank lines is
// cut into documents of this size, so that memory does not grow with it.
const (
	softLimit = 1 << 20 // a document is cut at the first line end after this
	hardLimit = 4 << 20 // or, within a line, at this
)

// readText calls yield for each document of plain text until it returns false;
// more tells whether it did not.
func readText(ctx context.Context, r io.Reader, yield func(text string) bool) (more bool, err error) {
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
