package unigram

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of sentencepiece_model.proto.
const (
	modelPieces       = 1
	modelTrainer      = 2
	modelNormalizer   = 3
	modelDenormalizer = 5

	pieceText  = 1
	pieceScore = 2
	pieceType  = 3

	trainerModelType    = 3
	trainerVocabSize    = 4
	trainerCoverage     = 10
	trainerMaxLength    = 20
	trainerSuffix       = 24
	trainerControl      = 30
	trainerByteFallback = 35
	trainerUnkID        = 40
	trainerBosID        = 41
	trainerEosID        = 42
	trainerPadID        = 43
	trainerUnkSurface   = 44

	normalizerName     = 1
	normalizerCharsmap = 2
	normalizerDummy    = 3
	normalizerExtra    = 4
	normalizerEscape   = 5
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
// were written, with fields that mean nothing to us.
type proto struct {
	pieces       []piece
	trainer      []byte
	normalizer   []byte
	denormalizer []byte
	rest         []byte // other fields
}

// fields calls visit for every field of a message. Of varint and fixed32 fields
// number is the value, of length-delimited ones bytes; raw is the whole field.
func fields(message []byte, visit func(num protowire.Number, typ protowire.Type, number uint64, bytes, raw []byte) error) error {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		size := protowire.ConsumeFieldValue(num, typ, message[n:])
		if size < 0 {
			return protowire.ParseError(size)
		}
		value := message[n : n+size]
		var number uint64
		var bytes []byte
		switch typ {
		case protowire.VarintType:
			number, _ = protowire.ConsumeVarint(value)
		case protowire.Fixed32Type:
			v, _ := protowire.ConsumeFixed32(value)
			number = uint64(v)
		case protowire.BytesType:
			bytes, _ = protowire.ConsumeBytes(value)
		}
		if err := visit(num, typ, number, bytes, message[:n+size]); err != nil {
			return err
		}
		message = message[n+size:]
	}
	return nil
}

// errProto means that the data is no model file at all.
var errProto = errors.New("not a sentencepiece model")

func parseProto(data []byte) (*proto, error) {
	p := &proto{}
	err := fields(data, func(num protowire.Number, typ protowire.Type, _ uint64, bytes, raw []byte) error {
		switch {
		case num == modelPieces && typ == protowire.BytesType:
			piece, err := parsePiece(bytes)
			if err != nil {
				return fmt.Errorf("piece %d: %w", len(p.pieces), err)
			}
			p.pieces = append(p.pieces, piece)
		// A message that occurs twice is the sum of both, and so are its bytes.
		case num == modelTrainer && typ == protowire.BytesType:
			p.trainer = append(p.trainer, bytes...)
		case num == modelNormalizer && typ == protowire.BytesType:
			p.normalizer = append(p.normalizer, bytes...)
		case num == modelDenormalizer && typ == protowire.BytesType:
			p.denormalizer = append(p.denormalizer, bytes...)
		default:
			p.rest = append(p.rest, raw...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProto, err)
	}
	if len(p.pieces) == 0 {
		return nil, fmt.Errorf("%w: it holds no pieces", errProto)
	}
	return p, nil
}

func parsePiece(data []byte) (piece, error) {
	p := piece{kind: normal}
	err := fields(data, func(num protowire.Number, typ protowire.Type, number uint64, bytes, _ []byte) error {
		switch {
		case num == pieceText && typ == protowire.BytesType:
			p.text = string(bytes)
		case num == pieceScore && typ == protowire.Fixed32Type:
			p.score = math.Float32frombits(uint32(number))
		case num == pieceType && typ == protowire.VarintType && number >= normal && number <= byteType:
			p.kind = byte(number)
		}
		return nil
	})
	return p, err
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
	err := fields(data, func(num protowire.Number, typ protowire.Type, number uint64, bytes, _ []byte) error {
		switch {
		case num == trainerModelType && typ == protowire.VarintType && modelTypes[number] != "":
			t.modelType = number
		case num == trainerSuffix && typ == protowire.VarintType:
			t.suffix = number != 0
		case num == trainerByteFallback && typ == protowire.VarintType:
			t.byteFallback = number != 0
		case num == trainerUnkSurface && typ == protowire.BytesType:
			t.unkSurface = string(bytes)
		}
		return nil
	})
	return t, err
}

func parseNormalizer(data []byte) (*normalizer, error) {
	n := &normalizer{dummyPrefix: true, removeExtra: true, escape: true}
	var rules []byte
	err := fields(data, func(num protowire.Number, typ protowire.Type, number uint64, bytes, _ []byte) error {
		switch {
		case num == normalizerCharsmap && typ == protowire.BytesType:
			rules = bytes
		case num == normalizerDummy && typ == protowire.VarintType:
			n.dummyPrefix = number != 0
		case num == normalizerExtra && typ == protowire.VarintType:
			n.removeExtra = number != 0
		case num == normalizerEscape && typ == protowire.VarintType:
			n.escape = number != 0
		}
		return nil
	})
	if err != nil || len(rules) == 0 {
		return n, err
	}
	if n.charsmap, err = parseCharsmap(rules); err != nil {
		return nil, fmt.Errorf("precompiled_charsmap: %w", err)
	}
	return n, nil
}

// Marshal returns the model as a sentencepiece .model file. The same model
// gives the same bytes. A model that was parsed from a tokenizer.json has no
// such form; nil is returned for it.
func (m *Model) Marshal() []byte {
	if m.proto == nil {
		return nil
	}
	var out, entry []byte
	for _, p := range m.proto.pieces {
		entry = protowire.AppendTag(entry[:0], pieceText, protowire.BytesType)
		entry = protowire.AppendString(entry, p.text)
		entry = protowire.AppendTag(entry, pieceScore, protowire.Fixed32Type)
		entry = protowire.AppendFixed32(entry, math.Float32bits(p.score))
		if p.kind != normal {
			entry = appendNumber(entry, pieceType, uint64(p.kind))
		}
		out = appendMessage(out, modelPieces, entry)
	}
	out = appendMessage(out, modelTrainer, m.proto.trainer)
	out = appendMessage(out, modelNormalizer, m.proto.normalizer)
	if m.proto.denormalizer != nil {
		out = appendMessage(out, modelDenormalizer, m.proto.denormalizer)
	}
	return append(out, m.proto.rest...)
}

func appendMessage(dst []byte, num protowire.Number, message []byte) []byte {
	dst = protowire.AppendTag(dst, num, protowire.BytesType)
	return protowire.AppendBytes(dst, message)
}

// appendNumber appends a varint field. Negative numbers, such as the id -1, are
// given as their two's complement.
func appendNumber(dst []byte, num protowire.Number, value uint64) []byte {
	dst = protowire.AppendTag(dst, num, protowire.VarintType)
	return protowire.AppendVarint(dst, value)
}
