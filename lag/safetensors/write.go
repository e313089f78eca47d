package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/growth"
)

// The checksum is in the metadata. It is the sha256 of the whole file, computed
// with zeros in place of the checksum. It cannot be confused with a tensor,
// because a tensor's description is not a string.
const (
	checksumKey    = "sha256"
	checksumPrefix = `"` + checksumKey + `":"`
)

var noChecksum = strings.Repeat("0", hex.EncodedLen(sha256.Size))

// Contents holds the contents of a file: tensors, whose names must all differ,
// and metadata. Hugging Face's loaders need the metadata "format": "pt".
type Contents struct {
	Floats   growth.Tensors  // written as F32
	Ints     map[string]Ints // written as I32
	Metadata map[string]string
}

// Write writes float32 tensors and metadata to a file, see [Contents.Write].
func Write(path string, tensors growth.Tensors, metadata map[string]string) error {
	return Contents{Floats: tensors, Metadata: metadata}.Write(path)
}

// Write writes the file at path. The file appears there only when it is
// complete and synced to the disk. The same contents give the same bytes.
func (c Contents) Write(path string) error {
	header, err := c.header()
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	prefix := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	sum := sha256.New()
	sum.Write(prefix)
	sum.Write(header)
	if err := c.data(sum); err != nil {
		return err
	}
	header = bytes.Replace(header, []byte(checksumPrefix+noChecksum), []byte(checksumPrefix+hex.EncodeToString(sum.Sum(nil))), 1)
	return atomicfile.Write(path, func(w io.Writer) error {
		if _, err := w.Write(prefix); err != nil {
			return err
		}
		if _, err := w.Write(header); err != nil {
			return err
		}
		return c.data(w)
	})
}

// names returns the sorted names of all tensors. Their data have the same order.
func (c Contents) names() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for name := range c.Floats {
			if !yield(name) {
				return
			}
		}
		for name := range c.Ints {
			if !yield(name) {
				return
			}
		}
	})
}

// header returns the header with zeros for the checksum.
func (c Contents) header() ([]byte, error) {
	type entry struct {
		DType   DType    `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	metadata := maps.Clone(c.Metadata)
	if metadata == nil {
		metadata = make(map[string]string)
	}
	metadata[checksumKey] = noChecksum
	header := map[string]any{metadataKey: metadata}
	var offset int64
	for _, name := range c.names() {
		e := entry{DType: F32}
		t, isFloat := c.Floats[name]
		e.Shape = t.Shape
		values := len(t.Data)
		if n, isInt := c.Ints[name]; isInt {
			if isFloat {
				return nil, tensorError(name, "it is a tensor of floats and a tensor of integers; give them different names")
			}
			e.DType, e.Shape, values = I32, n.Shape, len(n.Data)
		}
		if name == metadataKey || !utf8.ValidString(name) {
			return nil, tensorError(name, "the format does not allow this name")
		}
		if size := (Entry{Shape: e.Shape}).Size(); size != values || slices.ContainsFunc(e.Shape, func(d int) bool { return d < 0 }) {
			return nil, tensorError(name, "it has shape %v but %d values", e.Shape, values)
		}
		e.Shape = append([]int{}, e.Shape...) // never nil, which would be null
		e.Offsets = [2]int64{offset, offset + 4*int64(values)}
		offset = e.Offsets[1]
		header[name] = e
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 { // the format requires aligned data
		text = append(text, ' ')
	}
	if len(text) > maxHeader {
		return nil, errors.New("the header is longer than the format allows; use shorter names and metadata")
	}
	return text, nil
}

// data writes the values of all tensors.
func (c Contents) data(w io.Writer) error {
	buffer := make([]byte, 0, 1<<16)
	flush := func() error {
		_, err := w.Write(buffer)
		buffer = buffer[:0]
		return err
	}
	put := func(x uint32) error {
		buffer = binary.LittleEndian.AppendUint32(buffer, x)
		if len(buffer) == cap(buffer) {
			return flush()
		}
		return nil
	}
	for _, name := range c.names() {
		for _, x := range c.Floats[name].Data {
			if err := put(math.Float32bits(x)); err != nil {
				return err
			}
		}
		for _, x := range c.Ints[name].Data {
			if err := put(uint32(x)); err != nil {
				return err
			}
		}
	}
	return flush()
}
