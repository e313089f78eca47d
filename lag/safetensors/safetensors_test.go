package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
)

var update = flag.Bool("update", false, "write testdata/go.safetensors anew; then run testdata/make.py")

var ours = Contents{
	Floats: growth.Tensors{
		"weight":  {Shape: []int{2, 3}, Data: []float32{0, -1.5, 3.25, math.SmallestNonzeroFloat32, float32(math.Inf(1)), float32(math.Copysign(0, -1))}},
		"one":     {Data: []float32{0.5}},
		"nothing": {Shape: []int{0, 4}},
	},
	Ints:     map[string]Ints{"ids": {Shape: []int{1, 2}, Data: []int32{-100, math.MaxInt32}}},
	Metadata: map[string]string{"format": "pt"},
}

// TestWrite compares with a file that Python's safetensors can read, see
// testdata/make.py, and reads it back.
func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := ours.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "go.safetensors")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(got, want) {
		t.Errorf("wrote %q, want %q, %v", got, want, err)
	}

	f := open(t, path)
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
	for name, want := range ours.Floats {
		got, err := f.Floats(name)
		if err != nil || len(got.Shape) != len(want.Shape) || !slices.Equal(got.Shape, want.Shape) || !sameBits(got.Data, want.Data) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	if got, err := f.Ints("ids"); err != nil || !reflect.DeepEqual(got, ours.Ints["ids"]) {
		t.Errorf("ids: got %v, %v", got, err)
	}
	if m := f.Metadata(); m["format"] != "pt" {
		t.Errorf("metadata %v", m)
	}
	if _, err := f.ReadAll(); err == nil || !strings.Contains(err.Error(), `"ids" has type I32`) {
		t.Errorf("ids among all floats: %v", err)
	}
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestWriteErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	one := growth.Tensor{Shape: []int{1}, Data: []float32{1}}
	for want, c := range map[string]Contents{
		`"w": it has shape [2] but 1 values`:                     {Floats: growth.Tensors{"w": {Shape: []int{2}, Data: one.Data}}},
		`"w": it has shape [-1 -1] but 1 values`:                 {Floats: growth.Tensors{"w": {Shape: []int{-1, -1}, Data: one.Data}}},
		`"w": it is a tensor of floats and a tensor of integers`: {Floats: growth.Tensors{"w": one}, Ints: map[string]Ints{"w": {Data: []int32{1}}}},
		`"__metadata__": the format`:                             {Floats: growth.Tensors{"__metadata__": one}},
		`"\xff": the format`:                                     {Floats: growth.Tensors{"\xff": one}},
	} {
		if err := c.Write(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("got error %v, want %s", err, want)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a file was written", want)
		}
	}
}

// TestPython reads a file of Python's safetensors 0.8.0, see testdata/make.py.
func TestPython(t *testing.T) {
	f := open(t, filepath.Join("testdata", "python.safetensors"))
	if m := f.Metadata(); m["format"] != "pt" || m["made by"] != "safetensors 0.8.0" {
		t.Errorf("metadata %v", m)
	}
	inf := float32(math.Inf(1))
	for name, want := range map[string]growth.Tensor{
		"f64":                   {Shape: []int{5}, Data: []float32{0, -1.5, 65504, 0x1p-24, inf}},
		"f32":                   {Shape: []int{5}, Data: []float32{0, -1.5, 65504, 0x1p-24, inf}},
		"f16":                   {Shape: []int{5}, Data: []float32{0, -1.5, 65504, 0x1p-24, inf}},
		"bf16":                  {Shape: []int{5}, Data: []float32{0, -1.5, 65536, 0x1p-24, inf}}, // 8 bits of mantissa
		"matrix":                {Shape: []int{2, 3}, Data: []float32{0, 1, 2, 3, 4, 5}},
		"scalar":                {Shape: []int{}, Data: []float32{0.5}},
		"empty":                 {Shape: []int{0, 4}, Data: []float32{}},
		"a \"name\", ünïcode\n": {Shape: []int{1}, Data: []float32{1}},
	} {
		if got, err := f.Floats(name); err != nil || !slices.Equal(got.Shape, want.Shape) || !sameBits(got.Data, want.Data) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	small := []int32{0, 1, 127}
	for name, want := range map[string][]int32{"i64": small, "i32": small, "i16": small, "i8": small, "u8": small,
		"bool": {1, 0, 1}, "negative": {math.MinInt32, -1}} {
		if got, err := f.Ints(name); err != nil || !slices.Equal(got.Data, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	for want, read := range map[string]func() error{
		`tensor "big": element 0 is 2147483648`:               func() error { _, err := f.Ints("big"); return err },
		`tensor "complex" has type C64`:                       func() error { _, err := f.Floats("complex"); return err },
		`tensor "f32" has type F32, but must have an integer`: func() error { _, err := f.Ints("f32"); return err },
		`has no tensor "none" (it has 17`:                     func() error { _, err := f.Floats("none"); return err },
		`it has no checksum`:                                  f.Verify,
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), f.Path()) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

// TestHalf compares all F16 and BF16 numbers with the values of their bits.
func TestHalf(t *testing.T) {
	for i := range 1 << 16 {
		var b [2]byte
		binary.LittleEndian.PutUint16(b[:], uint16(i))
		for dtype, mantissa := range map[DType]int{F16: 10, BF16: 7} { // bits
			exponentBits := 15 - mantissa
			top := 1<<exponentBits - 1
			bias := top / 2
			fraction, exponent := i&(1<<mantissa-1), i>>mantissa&top
			want := math.Ldexp(float64(fraction)+float64(int(1)<<mantissa), exponent-bias-mantissa)
			if exponent == 0 {
				want = math.Ldexp(float64(fraction), 1-bias-mantissa)
			}
			if exponent == top {
				want = math.Inf(1)
				if fraction != 0 {
					want = math.NaN()
				}
			}
			if i>>15 == 1 {
				want = -want
			}
			got := float64(floats[dtype](b[:]))
			if math.IsNaN(want) && math.IsNaN(got) {
				continue
			}
			if math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("%s %#04x is %g, want %g", dtype, i, got, want)
			}
		}
	}
}

// raw returns a file with a header and zeros.
func raw(header string, data int) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), make([]byte, data)...)
}

var malformed = map[string][]byte{
	"it is 0 bytes long":                              nil,
	"it is 7 bytes long":                              make([]byte, 7),
	"should be 3 bytes long, but only 2 bytes follow": append(binary.LittleEndian.AppendUint64(nil, 3), "{}"...),
	"should be 18446744073709551615 bytes long":       binary.LittleEndian.AppendUint64(nil, math.MaxUint64),
	"not a JSON object":                               raw(` {}`, 0),
	"not JSON: unexpected EOF":                        raw(`{`, 0),
	"not UTF-8":                                       raw("{\"\xff\":1}", 0),
	`has "x" after its end`:                           raw(`{} x`, 0),
	"metadata are not a map of strings":               raw(`{"__metadata__":{"a":1}}`, 0),
	"metadata twice":                                  raw(`{"__metadata__":{},"__metadata__":{}}`, 0),
	`tensor "a": it occurs twice`:                     raw(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2),
	`tensor "b": its description lacks`:               raw(`{"b":{"dtype":"U8","shape":[1]}}`, 1),
	`tensor "c": its description lacks`:               raw(`{"c":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 1),
	`tensor "d": its description: the field "shape" is the number -1, which is out of range`: raw(`{"d":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1),
	`tensor "e": its dtype "X9" is not`:            raw(`{"e":{"dtype":"X9","shape":[1],"data_offsets":[0,1]}}`, 1),
	`tensor "f": its shape has more`:               raw(`{"f":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0),
	`tensor "g": it is at bytes 0 to 8 of 4`:       raw(`{"g":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4),
	`tensor "h": it is at bytes 4 to 0 of 4`:       raw(`{"h":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4),
	`tensor "i": it has 8 bytes, but`:              raw(`{"i":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8),
	`tensor "j2": it begins at byte`:               raw(`{"j":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"j2":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
	`tensor "k": it begins at byte 66 of the file`: raw(`{"k":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`+"    ", 2),
	"its tensors end at byte 62 of 63":             raw(`{"l":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2),
	`"\nm": it is at bytes`:                        raw(`{"\nm":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 0),
}

func TestMalformed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	for want, contents := range malformed {
		if err := os.WriteFile(path, contents, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	if _, err := Open(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a directory: %v", err)
	}
}

// TestVerify changes each byte, and truncates the file at each byte.
func TestVerify(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "go.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(contents []byte) error {
		f, err := newFile("file", bytes.NewReader(contents), int64(len(contents)))
		if err != nil {
			return err
		}
		return f.Verify()
	}
	if err := check(whole); err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		for bit := range 8 {
			changed := slices.Clone(whole)
			changed[at] ^= 1 << bit
			if check(changed) == nil {
				t.Errorf("bit %d of byte %d of %d was changed unnoticed", bit, at, len(whole))
			}
		}
		if check(whole[:at]) == nil {
			t.Errorf("cut at byte %d of %d unnoticed", at, len(whole))
		}
	}
	if check(append(slices.Clone(whole), 0)) == nil {
		t.Error("a byte was added unnoticed")
	}
}

func TestShards(t *testing.T) {
	dir := t.TempDir()
	tensor := func(x float32) growth.Tensor { return growth.Tensor{Shape: []int{1}, Data: []float32{x}} }
	for name, tensors := range map[string]growth.Tensors{
		"model-00001-of-00002.safetensors": {"a": tensor(1), "b": tensor(2)},
		"model-00002-of-00002.safetensors": {"c": tensor(3)},
	} {
		if err := Write(filepath.Join(dir, name), tensors, map[string]string{"format": "pt"}); err != nil {
			t.Fatal(err)
		}
	}
	index := func(weights string) {
		t.Helper()
		text := fmt.Sprintf(`{"metadata":{"total_size":12},"weight_map":{%s}}`, weights)
		if err := os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	first, second := `"model-00001-of-00002.safetensors"`, `"model-00002-of-00002.safetensors"`
	index(`"a":` + first + `,"b":` + first + `,"c":` + second)
	f, err := OpenModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := f.ReadAll()
	if want := (growth.Tensors{"a": tensor(1), "b": tensor(2), "c": tensor(3)}); err != nil || !reflect.DeepEqual(all, want) {
		t.Errorf("got %v, %v, want %v", all, err, want)
	}
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
	if m := f.Metadata(); !reflect.DeepEqual(m, map[string]string{"format": "pt"}) {
		t.Errorf("metadata %v", m)
	}
	for want, weights := range map[string]string{
		"has no tensors":                 "",
		`"z" is not in`:                  `"z":` + first,
		"which is not the name of a saf": `"a":"../model-00001-of-00002.safetensors"`,
		"no such file":                   `"a":"model.safetensors"`,
		`a value in the field "weight_map" is a number`: `"a":1`,
	} {
		index(weights)
		if _, err := OpenModel(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "index.json") {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	if _, err := OpenModel(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty directory: %v", err)
	}
}

// FuzzOpen checks that any file is read or gives an error, and that read
// contents are the same after writing and reading.
func FuzzOpen(f *testing.F) {
	for _, contents := range malformed {
		f.Add(contents)
	}
	for _, name := range []string{"go.safetensors", "python.safetensors"} {
		contents, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(contents)
	}
	f.Fuzz(func(t *testing.T, contents []byte) {
		file, err := newFile("file", bytes.NewReader(contents), int64(len(contents)))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %v", err)
			}
			return
		}
		file.Verify()
		all := make(growth.Tensors)
		for _, name := range file.Names() {
			file.Ints(name)
			tensor, err := file.Floats(name)
			if e, _ := file.Entry(name); err == nil && (len(tensor.Data) != e.Size() || len(tensor.Data) > len(contents)) {
				t.Errorf("%q of shape %v has %d values", name, e.Shape, len(tensor.Data))
			}
			if err == nil {
				all[name] = tensor
			}
		}
		if again := reread(t, Contents{Floats: all, Metadata: file.Metadata()}); !reflect.DeepEqual(bitwise(again), bitwise(all)) {
			t.Errorf("written again, %v is %v", all, again)
		}
	})
}

// reread writes contents to memory and reads them back.
func reread(t *testing.T, c Contents) growth.Tensors {
	t.Helper()
	header, err := c.header()
	if err != nil {
		t.Fatal(err)
	}
	var buffer bytes.Buffer
	binary.Write(&buffer, binary.LittleEndian, uint64(len(header)))
	buffer.Write(header)
	if err := c.data(&buffer); err != nil {
		t.Fatal(err)
	}
	f, err := newFile("again", bytes.NewReader(buffer.Bytes()), int64(buffer.Len()))
	if err != nil {
		t.Fatal(err)
	}
	all, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// bitwise returns tensors in a form in which NaN equals itself.
func bitwise(tensors growth.Tensors) map[string]string {
	all := make(map[string]string)
	for name, t := range tensors {
		s := fmt.Sprint(t.Shape)
		for _, x := range t.Data {
			s += fmt.Sprintf(" %08x", math.Float32bits(x))
		}
		all[name] = s
	}
	return all
}
