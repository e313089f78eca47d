package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/growth"
)

// The safetensors format (github.com/huggingface/safetensors): the length of
// the header as a little-endian uint64, the header in JSON, the data.
type tensorEntry struct {
	DType   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

var noChecksum = strings.Repeat("0", hex.EncodedLen(sha256.Size))

const (
	metadataKey = "__metadata__"
	checksumKey = "sha256" // in our metadata: of header and data, with zeros in its own place
	maxHeader   = 100 << 20
)

// writeSafetensors writes float32 tensors and metadata to a file that appears
// under its name only once it is whole and on disk.
func writeSafetensors(path string, tensors growth.Tensors, metadata map[string]string) (err error) {
	names := slices.Sorted(maps.Keys(tensors))
	header := make(map[string]any, len(names)+1)
	var offset uint64
	var buffer []byte
	encode := func(t growth.Tensor) []byte {
		buffer = buffer[:0]
		for _, x := range t.Data {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(x))
		}
		return buffer
	}
	for _, name := range names {
		t := tensors[name]
		end := offset + 4*uint64(len(t.Data))
		header[name] = tensorEntry{DType: "F32", Shape: t.Shape, Offsets: [2]uint64{offset, end}}
		offset = end
	}
	metadata = maps.Clone(metadata)
	metadata[checksumKey] = noChecksum
	header[metadataKey] = metadata
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(text)%8 != 0 { // the format asks for aligned data
		text = append(text, ' ')
	}
	sum := sha256.New()
	sum.Write(text)
	for _, name := range names {
		sum.Write(encode(tensors[name]))
	}
	text = bytes.Replace(text, []byte(noChecksum), []byte(hex.EncodeToString(sum.Sum(nil))), 1)

	return atomicfile.Write(path, func(w io.Writer) error {
		if err := binary.Write(w, binary.LittleEndian, uint64(len(text))); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		for _, name := range names {
			if _, err := w.Write(encode(tensors[name])); err != nil {
				return err
			}
		}
		return nil
	})
}

// readSafetensors reads what writeSafetensors wrote and checks it whole.
func readSafetensors(path string) (growth.Tensors, map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	damaged := func(format string, args ...any) (growth.Tensors, map[string]string, error) {
		return nil, nil, fmt.Errorf("%s is damaged: %s", path, fmt.Sprintf(format, args...))
	}
	if len(data) < 8 {
		return damaged("it holds %d bytes", len(data))
	}
	size := binary.LittleEndian.Uint64(data)
	if size > maxHeader || size > uint64(len(data)-8) {
		return damaged("its header of %d bytes does not fit into its %d bytes", size, len(data))
	}
	text, data := data[8:8+size], data[8+size:]
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return damaged("its header is not JSON: %v", err)
	}
	var metadata map[string]string
	if raw, ok := entries[metadataKey]; ok {
		if err := json.Unmarshal(raw, &metadata); err != nil {
			return damaged("its metadata is not a map of strings: %v", err)
		}
		delete(entries, metadataKey)
	}
	recorded := metadata[checksumKey]
	if len(recorded) != len(noChecksum) {
		return damaged("it has no checksum")
	}
	sum := sha256.New()
	sum.Write(bytes.Replace(text, []byte(recorded), []byte(noChecksum), 1))
	sum.Write(data)
	if hex.EncodeToString(sum.Sum(nil)) != recorded {
		return damaged("its checksum is not the one recorded (a truncated copy?)")
	}
	tensors := make(growth.Tensors, len(entries))
	for name, raw := range entries {
		var e tensorEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			return damaged("tensor %s: %v", name, err)
		}
		elements := uint64(1)
		for _, d := range e.Shape {
			elements *= uint64(max(d, 0))
		}
		lo, hi := e.Offsets[0], e.Offsets[1]
		if e.DType != "F32" || lo > hi || hi > uint64(len(data)) || hi-lo != 4*elements {
			return damaged("tensor %s: %s of shape %v does not lie in bytes %d to %d of %d", name, e.DType, e.Shape, lo, hi, len(data))
		}
		values := make([]float32, elements)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[lo+4*uint64(i):]))
		}
		tensors[name] = growth.Tensor{Shape: e.Shape, Data: values}
	}
	return tensors, metadata, nil
}
