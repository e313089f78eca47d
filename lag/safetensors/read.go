package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
)

// Floats reads a tensor with a floating-point type. F64 is rounded to float32.
func (f *File) Floats(name string) (growth.Tensor, error) {
	e, err := f.find(name)
	if err != nil {
		return growth.Tensor{}, err
	}
	element, ok := floats[e.DType]
	if !ok {
		return growth.Tensor{}, fmt.Errorf("%s: tensor %.200q has type %s, but must have a floating-point type; save it as F32", e.from.path, name, e.DType)
	}
	t := growth.Tensor{Shape: slices.Clone(e.Shape), Data: make([]float32, 0, e.Size())}
	err = e.each(func(b []byte) error {
		t.Data = append(t.Data, element(b))
		return nil
	})
	return t, wrapTensor(err, e, name)
}

// Ints reads a tensor of integers or booleans. A value that does not fit into
// int32 is an error.
func (f *File) Ints(name string) (Ints, error) {
	e, err := f.find(name)
	if err != nil {
		return Ints{}, err
	}
	element, ok := ints[e.DType]
	if !ok {
		return Ints{}, fmt.Errorf("%s: tensor %.200q has type %s, but must have an integer type; save it as I32", e.from.path, name, e.DType)
	}
	t := Ints{Shape: slices.Clone(e.Shape), Data: make([]int32, 0, e.Size())}
	err = e.each(func(b []byte) error {
		x := element(b)
		if x < math.MinInt32 || x > math.MaxInt32 {
			return fmt.Errorf("element %d is %d, which does not fit into int32; save smaller numbers", len(t.Data), x)
		}
		t.Data = append(t.Data, int32(x))
		return nil
	})
	return t, wrapTensor(err, e, name)
}

// ReadAll reads all tensors. They must have floating-point types.
func (f *File) ReadAll() (growth.Tensors, error) {
	all := make(growth.Tensors, len(f.entries))
	for _, name := range f.Names() {
		t, err := f.Floats(name)
		if err != nil {
			return nil, err
		}
		all[name] = t
	}
	return all, nil
}

func (f *File) find(name string) (Entry, error) {
	e, ok := f.entries[name]
	if !ok {
		return e, fmt.Errorf("%s has no tensor %.200q (it has %s)", f.path, name, plain.Count(len(f.entries), "tensor"))
	}
	return e, nil
}

// each calls do with the bytes of each element, in order. The type's size must
// be at least a byte.
func (e Entry) each(do func([]byte) error) error {
	width := int(dtypeSize[e.DType] / 8)
	buffer := make([]byte, min(e.end-e.begin, 1<<18)) // a multiple of every width
	for at := e.begin; at < e.end; at += int64(len(buffer)) {
		buffer = buffer[:min(int64(len(buffer)), e.end-at)]
		if err := readAt(e.from.r, buffer, at); err != nil {
			return err
		}
		for i := 0; i < len(buffer); i += width {
			if err := do(buffer[i : i+width]); err != nil {
				return err
			}
		}
	}
	return nil
}

func wrapTensor(err error, e Entry, name string) error {
	if err != nil {
		return fmt.Errorf("%s: tensor %.200q: %w", e.from.path, name, err)
	}
	return nil
}

// Verify reads the whole file and compares it with the checksum that [Write]
// put into the metadata. The error wraps [DamagedError] if the checksum differs
// or is missing.
func (f *File) Verify() error {
	for _, s := range f.sources {
		if err := s.verify(); err != nil {
			return s.damaged(err)
		}
	}
	return nil
}

func (s *source) verify() error {
	text, err := readHeader(s.r, s.size)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(text, []byte(checksumPrefix))
	if !found || len(rest) < len(noChecksum) {
		return errors.New("it has no checksum")
	}
	sum := sha256.New()
	sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text))))
	sum.Write(before)
	sum.Write([]byte(checksumPrefix + noChecksum))
	sum.Write(rest[len(noChecksum):])
	data := int64(8 + len(text))
	if _, err := io.Copy(sum, io.NewSectionReader(s.r, data, s.size-data)); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != string(rest[:len(noChecksum)]) {
		return errors.New("its checksum differs from the recorded one")
	}
	return nil
}
