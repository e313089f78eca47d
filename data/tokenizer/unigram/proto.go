package unigram

import (
	"errors"
	"fmt"
	"iter"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Wire types of fields.
const (
	varintType = protowire.Number(protowire.VarintType)
	fixed32    = protowire.Number(protowire.Fixed32Type)
	bytesType  = protowire.Number(protowire.BytesType)
)

// Tags of the fields of sentencepiece_model.proto: their number and wire type.
const (
	modelPieces       = 1<<3 | bytesType
	modelTrainer      = 2<<3 | bytesType
	modelNormalizer   = 3<<3 | bytesType
	modelDenormalizer = 5<<3 | bytesType

	pieceText  = 1<<3 | bytesType
	pieceScore = 2<<3 | fixed32
	pieceType  = 3<<3 | varintType

	trainerModelType    = 3<<3 | varintType
	trainerVocabSize    = 4<<3 | varintType
	trainerCoverage     = 10<<3 | fixed32
	trainerMaxLength    = 20<<3 | varintType
	trainerSuffix       = 24<<3 | varintType
	trainerControl      = 30<<3 | bytesType
	trainerByteFallback = 35<<3 | varintType
	trainerUnkID        = 40<<3 | varintType
	trainerBosID        = 41<<3 | varintType
	trainerEosID        = 42<<3 | varintType
	trainerPadID        = 43<<3 | varintType
	trainerUnkSurface   = 44<<3 | bytesType

	normalizerName     = 1<<3 | bytesType
	normalizerCharsmap = 2<<3 | bytesType
	normalizerDummy    = 3<<3 | varintType
	normalizerExtra    = 4<<3 | varintType
	normalizerEscape   = 5<<3 | varintType
)

var modelTypes = map[uint64]string{1: "UNIGRAM", 2: "BPE", 3: "WORD", 4: "CHAR"}

// Types of pieces.
const (
	normal      = 1
	unknown     = 2
	control     = 3
	userDefined = 4
	unused      = 5
	byteType    = 6
)

// piece is an entry of the vocabulary.
type piece struct {
	text  string
	score float32
	kind  byte
}

// proto holds the parts of a model file. The specifications are kept as they
// were written, with the fields that have no meaning here.
type proto struct {
	pieces       []piece
	trainer      []byte
	normalizer   []byte
	denormalizer []byte
	rest         []byte // other fields
}

// field is a field of a message.
type field struct {
	tag    protowire.Number // number and wire type
	number uint64           // the value of a varint or fixed32 field
	bytes  []byte           // that of a length-delimited one
	raw    []byte           // the whole field
}

// fields yields the fields of a message, up to the first error.
func fields(message []byte) iter.Seq2[field, error] {
	return func(yield func(field, error) bool) {
		for len(message) > 0 {
			num, typ, n := protowire.ConsumeTag(message)
			size := n
			if n >= 0 {
				size = protowire.ConsumeFieldValue(num, typ, message[n:])
			}
			if size < 0 {
				yield(field{}, protowire.ParseError(size))
				return
			}
			f := field{tag: num<<3 | protowire.Number(typ), raw: message[:n+size]}
			switch value := message[n : n+size]; typ {
			case protowire.VarintType:
				f.number, _ = protowire.ConsumeVarint(value)
			case protowire.Fixed32Type:
				v, _ := protowire.ConsumeFixed32(value)
				f.number = uint64(v)
			case protowire.BytesType:
				f.bytes, _ = protowire.ConsumeBytes(value)
			}
			if !yield(f, nil) {
				return
			}
			message = message[n+size:]
		}
	}
}

// errProto means that the data is not a model file at all.
var errProto = errors.New("not a sentencepiece model")

func parseProto(data []byte) (*proto, error) {
	p := &proto{}
	for f, err := range fields(data) {
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errProto, err)
		}
		switch f.tag {
		case modelPieces:
			piece, err := parsePiece(f.bytes)
			if err != nil {
				return nil, fmt.Errorf("%w: piece %d: %w", errProto, len(p.pieces), err)
			}
			p.pieces = append(p.pieces, piece)
		// A message that occurs twice is the sum of both, and so are its bytes.
		case modelTrainer:
			p.trainer = append(p.trainer, f.bytes...)
		case modelNormalizer:
			p.normalizer = append(p.normalizer, f.bytes...)
		case modelDenormalizer:
			p.denormalizer = append(p.denormalizer, f.bytes...)
		default:
			p.rest = append(p.rest, f.raw...)
		}
	}
	if len(p.pieces) == 0 {
		return nil, fmt.Errorf("%w: it holds no pieces", errProto)
	}
	return p, nil
}

func parsePiece(data []byte) (piece, error) {
	p := piece{kind: normal}
	for f, err := range fields(data) {
		switch {
		case err != nil:
			return p, err
		case f.tag == pieceText:
			p.text = string(f.bytes)
		case f.tag == pieceScore:
			p.score = math.Float32frombits(uint32(f.number))
		case f.tag == pieceType && f.number >= normal && f.number <= byteType:
			p.kind = byte(f.number)
		}
	}
	return p, nil
}

// trainerSpec is the part of TrainerSpec that encoding depends on.
type trainerSpec struct {
	modelType    uint64
	suffix       bool
	byteFallback bool
	unkSurface   string
}

func parseTrainer(data []byte) (trainerSpec, error) {
	t := trainerSpec{modelType: 1, unkSurface: " ⁇ "}
	for f, err := range fields(data) {
		switch {
		case err != nil:
			return t, err
		case f.tag == trainerModelType && modelTypes[f.number] != "":
			t.modelType = f.number
		case f.tag == trainerSuffix:
			t.suffix = f.number != 0
		case f.tag == trainerByteFallback:
			t.byteFallback = f.number != 0
		case f.tag == trainerUnkSurface:
			t.unkSurface = string(f.bytes)
		}
	}
	return t, nil
}

func parseNormalizer(data []byte) (*normalizer, error) {
	n := &normalizer{dummyPrefix: true, removeExtra: true, escape: true}
	var rules []byte
	for f, err := range fields(data) {
		switch {
		case err != nil:
			return nil, err
		case f.tag == normalizerCharsmap:
			rules = f.bytes
		case f.tag == normalizerDummy:
			n.dummyPrefix = f.number != 0
		case f.tag == normalizerExtra:
			n.removeExtra = f.number != 0
		case f.tag == normalizerEscape:
			n.escape = f.number != 0
		}
	}
	if len(rules) > 0 {
		var err error
		if n.charsmap, err = parseCharsmap(rules); err != nil {
			return nil, fmt.Errorf("precompiled_charsmap: %w", err)
		}
	}
	return n, nil
}

// Marshal returns the model as a sentencepiece .model file, nil if it was read from
// a tokenizer.json. The same model gives the same bytes.
func (m *Model) Marshal() []byte {
	if m.proto == nil {
		return nil
	}
	var out, entry []byte
	for _, p := range m.proto.pieces {
		entry = appendBytes(entry[:0], pieceText, []byte(p.text))
		entry = appendFloat(entry, pieceScore, p.score)
		if p.kind != normal {
			entry = appendNumber(entry, pieceType, uint64(p.kind))
		}
		out = appendBytes(out, modelPieces, entry)
	}
	out = appendBytes(out, modelTrainer, m.proto.trainer)
	out = appendBytes(out, modelNormalizer, m.proto.normalizer)
	if m.proto.denormalizer != nil {
		out = appendBytes(out, modelDenormalizer, m.proto.denormalizer)
	}
	return append(out, m.proto.rest...)
}

func appendBytes(dst []byte, tag protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendVarint(dst, uint64(tag)), value)
}

func appendFloat(dst []byte, tag protowire.Number, value float32) []byte {
	return protowire.AppendFixed32(protowire.AppendVarint(dst, uint64(tag)), math.Float32bits(value))
}

// appendNumber appends a varint field. A negative number, such as the id -1, is
// given as its two's complement.
func appendNumber(dst []byte, tag protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendVarint(dst, uint64(tag)), value)
}
