package safetensors

import (
	"encoding/binary"
	"math"

	"github.com/gomlx/compute/dtypes/float16"
)

// DType is the type of a tensor's elements. The names are those of the format.
type DType string

// The types that can be read. Only F32 and I32 are written.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U16  DType = "U16"
	U8   DType = "U8"
	Bool DType = "BOOL"
)

// dtypeSize is the size in bits of all types of the format
// (safetensors/src/tensor.rs, Dtype::bitsize). A file may contain tensors of
// types that this package cannot read.
var dtypeSize = map[DType]uint64{
	F64: 64, F32: 32, F16: 16, BF16: 16, I64: 64, I32: 32, I16: 16, I8: 8, U16: 16, U8: 8, Bool: 8,
	"U64": 64, "U32": 32, "C64": 64,
	"F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
	"F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}

// floats has, by type, the function that converts an element to float32.
var floats = map[DType]func([]byte) float32{
	F64:  func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) },
	F32:  func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
	F16:  func(b []byte) float32 { return float16.FromBits(binary.LittleEndian.Uint16(b)).Float32() },
	BF16: func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) },
}

// ints has, by type, the function that converts an element to an integer.
var ints = map[DType]func([]byte) int64{
	I64:  func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) },
	I32:  func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) },
	I16:  func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) },
	I8:   func(b []byte) int64 { return int64(int8(b[0])) },
	U16:  func(b []byte) int64 { return int64(binary.LittleEndian.Uint16(b)) },
	U8:   func(b []byte) int64 { return int64(b[0]) },
	Bool: func(b []byte) int64 { return int64(b[0]) },
}
