package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/strictjson"
)

const (
	metadataKey = "__metadata__"
	maxHeader   = 100_000_000 // bytes, as in safetensors/src/tensor.rs
)

// Entry describes a tensor and its place in the file.
type Entry struct {
	DType DType
	Shape []int // empty for a scalar

	begin, end int64 // offsets in the file, in bytes
	from       *source
}

// Size returns the number of elements.
func (e Entry) Size() int {
	n := 1
	for _, d := range e.Shape {
		n *= d
	}
	return n
}

// readHeader returns the header of a file of size bytes as JSON.
func readHeader(r io.ReaderAt, size int64) ([]byte, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, fmt.Errorf("it is %d bytes long, too short for a header", size)
	}
	if err := readAt(r, prefix[:], 0); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > uint64(size-8) {
		return nil, fmt.Errorf("its header should be %d bytes long, but only %d bytes follow", length, size-8)
	}
	if length > maxHeader {
		return nil, fmt.Errorf("its header is %d bytes long, but the format allows only %d", length, maxHeader)
	}
	text := make([]byte, length)
	return text, readAt(r, text, 8)
}

func readAt(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	if n == len(p) {
		return nil // some readers report the end of the file with the last bytes
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %d bytes at offset %d: %w", len(p), offset, err)
}

// parseHeader returns the tensors and the metadata in a header.
func parseHeader(text []byte, dataSize int64) (map[string]Entry, map[string]string, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("its header is not a JSON object")
	}
	if !utf8.Valid(text) {
		return nil, nil, errors.New("its header is not UTF-8")
	}
	// Read token by token: decoding into a map would hide repeated names.
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, nil, notJSON(err)
	}
	entries := make(map[string]Entry)
	var metadata map[string]string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, nil, notJSON(err)
		}
		name := token.(string) // keys are always strings
		if name == metadataKey {
			if metadata != nil {
				return nil, nil, errors.New("its header has metadata twice")
			}
			metadata = make(map[string]string)
			if err := d.Decode(&metadata); err != nil {
				return nil, nil, fmt.Errorf("its metadata are not a map of strings: %w", strictjson.Explain(err))
			}
			continue
		}
		if _, ok := entries[name]; ok {
			return nil, nil, tensorError(name, "it occurs twice")
		}
		var e struct {
			DType   *DType    `json:"dtype"`
			Shape   *[]uint64 `json:"shape"`
			Offsets *[]uint64 `json:"data_offsets"`
		}
		if err := d.Decode(&e); err != nil {
			return nil, nil, tensorError(name, "its description: %v", strictjson.Explain(err))
		}
		if e.DType == nil || e.Shape == nil || e.Offsets == nil || len(*e.Offsets) != 2 {
			return nil, nil, tensorError(name, "its description lacks a dtype, a shape or two data_offsets")
		}
		entry, err := newEntry(*e.DType, *e.Shape, (*e.Offsets)[0], (*e.Offsets)[1], uint64(dataSize))
		if err != nil {
			return nil, nil, tensorError(name, "%w", err)
		}
		entry.begin += 8 + int64(len(text))
		entry.end += 8 + int64(len(text))
		entries[name] = entry
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, notJSON(err)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return nil, nil, fmt.Errorf("its header has %.20q after its end", rest)
	}
	return entries, metadata, checkLayout(entries, 8+int64(len(text)), dataSize)
}

// newEntry returns the entry of one tensor. Its shape must match its offsets.
func newEntry(dtype DType, shape []uint64, begin, end, dataSize uint64) (Entry, error) {
	size, ok := dtypeSize[dtype]
	if !ok {
		return Entry{}, fmt.Errorf("its dtype %.20q is not one of the format", string(dtype))
	}
	e := Entry{DType: dtype, Shape: make([]int, len(shape)), begin: int64(begin), end: int64(end)}
	elements := uint64(1)
	for i, d := range shape {
		over, product := bits.Mul64(elements, d)
		if over != 0 || d > 1<<62 || product > 1<<56 {
			return Entry{}, errors.New("its shape has more elements than a file can hold")
		}
		elements, e.Shape[i] = product, int(d)
	}
	if begin > end || end > dataSize {
		return Entry{}, fmt.Errorf("it is at bytes %d to %d of %d", begin, end, dataSize)
	}
	if elements*size%8 != 0 || elements*size/8 != end-begin {
		return Entry{}, fmt.Errorf("it has %d bytes, but its %d elements of %s need %d bits", end-begin, elements, dtype, elements*size)
	}
	return e, nil
}

// checkLayout returns an error unless the tensors fill the data without gaps or overlaps.
func checkLayout(entries map[string]Entry, begin, dataSize int64) error {
	end := begin + dataSize
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		x, y := entries[a], entries[b]
		// By end too: an empty tensor comes before the one that begins at the same place.
		return cmp.Or(cmp.Compare(x.begin, y.begin), cmp.Compare(x.end, y.end), cmp.Compare(a, b))
	})
	for _, name := range names {
		e := entries[name]
		if e.begin != begin {
			return tensorError(name, "it begins at byte %d of the file, but the previous tensor ends at %d", e.begin, begin)
		}
		begin = e.end
	}
	if begin != end {
		return fmt.Errorf("its tensors end at byte %d of %d", begin, end)
	}
	return nil
}

func tensorError(name, format string, args ...any) error {
	return fmt.Errorf("tensor %.200q: %w", name, fmt.Errorf(format, args...))
}

func notJSON(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("its header is not JSON: %w", err)
}
