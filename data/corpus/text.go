package corpus

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/filetype"
)

// Size limits for a document of plain text, in bytes. A text without blank
// lines is cut into documents of this size, so memory does not grow with it.
const (
	softLimit = 1 << 20 // a document is cut at the first newline after this
	hardLimit = 4 << 20 // or at this, within a line
)

// byteOrderMark may be at the beginning of a UTF-8 file. It is not text.
var byteOrderMark = []byte("\uFEFF")

// asText checks that a file looks like UTF-8 and skips a byte order mark.
func asText(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(1 << 12)
	if err != nil && err != io.EOF {
		return nil, err
	}
	kind := filetype.Of(head)
	switch {
	case kind == filetype.UTF16:
		return nil, errors.New("it looks like UTF-16: convert it to UTF-8, for example with `iconv -f UTF-16 -t UTF-8`")
	case kind == filetype.Pointer, kind != filetype.Type{} && isBinary(head):
		return nil, kind.Err()
	case bytes.IndexByte(head, 0) >= 0:
		return nil, errors.New("it looks like binary data or UTF-16, because there is a zero byte near its beginning: name a text file, converted to UTF-8")
	case bytes.HasPrefix(head, byteOrderMark):
		_, err := in.Discard(len(byteOrderMark))
		return in, err
	}
	return in, nil
}

// isBinary reports whether the first bytes of a file are not text. The last
// character may be cut.
func isBinary(head []byte) bool {
	for i := 0; i < utf8.UTFMax-1 && len(head) > 0 && !utf8.Valid(head); i++ {
		head = head[:len(head)-1]
	}
	return bytes.IndexByte(head, 0) >= 0 || !utf8.Valid(head)
}

// readText calls yield for each document of plain text until yield returns
// false. It returns more = false in that case.
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
			if err := ctx.Err(); err != nil {
				return true, err
			}
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

// cut returns where to cut a text that has no newline: after the last space, or
// before the last character, which may be incomplete.
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
