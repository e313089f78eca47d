package unigram

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/component"
)

const (
	maxPiece   = 8000 // bytes of a piece, exclusive; sentencepiece's bound
	unkPenalty = 10   // taken from the lowest score for an unknown character
)

// Model is a unigram vocabulary with its normalization. It is immutable and
// safe for concurrent use.
type Model struct {
	proto *proto    // nil if the model comes from a tokenizer.json
	file  *jsonFile // nil if it comes from a .model

	pieces   []piece
	ids      map[string]int32 // normal, user-defined and unused pieces
	reserved map[string]int32 // control, unknown and byte pieces
	unk      int32            // -1 if there is none
	unkScore float32
	bytes    [256]int32 // ids of the byte pieces
	fallback bool       // unknown characters become byte pieces
	surface  string     // what an unknown piece is decoded to

	trie     trie      // piece to id
	scores   []float32 // of the pieces, as sentencepiece adds them up
	exact    []float64 // the same, as Hugging Face adds them up
	exactUnk float64   // the unknown character's

	normalizer   *normalizer
	denormalizer *normalizer // nil if there is none

	// byWord is set if no piece holds a space after another character, so that a
	// normalized text may be cut before each space. byRawWord is set if text may be
	// cut at its spaces before it is normalized.
	byWord, byRawWord bool
	literalSpace      bool // U+2581 in a text is not normalized to a space
}

// errModelType means that a .model file holds a vocabulary of another kind.
var errModelType = component.Unsupported("unigram: not a unigram model")

// ParseModel reads a sentencepiece .model file whose model_type is UNIGRAM. It
// accepts what sentencepiece accepts; anything else is an error.
func ParseModel(data []byte) (*Model, error) {
	p, err := parseProto(data)
	if err != nil {
		return nil, fmt.Errorf("unigram: %w", err)
	}
	m, err := newModel(p)
	if err != nil && !errors.Is(err, errModelType) {
		return nil, fmt.Errorf("unigram: sentencepiece model: %w", err)
	}
	return m, err
}

func newModel(p *proto) (*Model, error) {
	trainer, err := parseTrainer(p.trainer)
	if err != nil {
		return nil, fmt.Errorf("trainer_spec: %w", err)
	}
	if trainer.modelType != 1 {
		return nil, fmt.Errorf("%w but of type %s", errModelType, modelTypes[trainer.modelType])
	}
	m := &Model{proto: p, pieces: p.pieces, fallback: trainer.byteFallback, surface: trainer.unkSurface}
	if m.normalizer, err = parseNormalizer(p.normalizer); err != nil {
		return nil, fmt.Errorf("normalizer_spec: %w", err)
	}
	m.normalizer.suffix = trainer.suffix
	if m.denormalizer, err = parseNormalizer(p.denormalizer); err != nil {
		return nil, fmt.Errorf("denormalizer_spec: %w", err)
	}
	if m.denormalizer.charsmap == nil {
		m.denormalizer = nil
	} else {
		m.denormalizer.prepare()
	}
	if err := m.index(); err != nil {
		return nil, err
	}
	if err := m.arrange(); err != nil {
		return nil, err
	}
	return m, nil
}

// index fills the maps from piece to id.
func (m *Model) index() error {
	m.ids = make(map[string]int32, len(m.pieces))
	m.reserved = make(map[string]int32)
	m.unk = -1
	for i := range m.bytes {
		m.bytes[i] = -1
	}
	minScore := float32(math.MaxFloat32)
	for i := range m.pieces {
		p := &m.pieces[i]
		id := int32(i)
		switch {
		case p.text == "":
			return fmt.Errorf("piece %d is empty", i)
		case len(p.text) >= maxPiece:
			return fmt.Errorf("piece %d has %d bytes, more than %d", i, len(p.text), maxPiece-1)
		case math.IsNaN(float64(p.score)) || math.IsInf(float64(p.score), 0):
			return fmt.Errorf("piece %d (%q) has the score %v", i, p.text, p.score)
		}
		if p.text == "\x00" && (m.fallback || p.kind == unused) {
			p.kind = unused // made by converters; sentencepiece ignores it
			continue
		}
		if strings.IndexByte(p.text, 0) >= 0 {
			return fmt.Errorf("piece %d (%q) holds a NUL", i, p.text)
		}
		table := m.reserved
		switch p.kind {
		case normal:
			minScore = min(minScore, p.score)
			table = m.ids
		case userDefined, unused:
			table = m.ids
		case unknown:
			if m.unk >= 0 {
				return fmt.Errorf("pieces %d and %d are both of the type UNKNOWN", m.unk, i)
			}
			m.unk = id
		case byteType:
			b, ok := parseByte(p.text)
			if !ok || !m.fallback {
				return fmt.Errorf("piece %d (%q) is of the type BYTE, but is not a byte, or byte_fallback is off", i, p.text)
			}
			m.bytes[b] = id
		}
		if old, ok := table[p.text]; ok {
			return fmt.Errorf("pieces %d and %d are both %q", old, i, p.text)
		}
		table[p.text] = id
	}
	if m.unk < 0 && !m.fallback {
		return errors.New("no piece is of the type UNKNOWN")
	}
	if m.fallback {
		for b, id := range m.bytes {
			if id < 0 {
				return fmt.Errorf("byte_fallback is on, but there is no piece for the byte 0x%02X", b)
			}
		}
	}
	if len(m.ids) == 0 {
		return errors.New("it has no pieces but special ones")
	}
	m.unkScore = minScore - unkPenalty
	return nil
}

// byteName returns the piece of a byte, such as "<0x3A>".
func byteName(b int) string { return fmt.Sprintf("<0x%02X>", b) }

// parseByte is the inverse of byteName.
func parseByte(s string) (byte, bool) {
	const digits = "0123456789ABCDEF"
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	hi, lo := strings.IndexByte(digits, s[3]), strings.IndexByte(digits, s[4])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0
}

// arrange builds the tries, and decides how a text may be cut.
func (m *Model) arrange() error {
	m.byWord = m.normalizer.escape && (m.normalizer.charsmap == nil || utf8.ValidString(m.normalizer.charsmap.blob))
	protects := false
	cuts := true // at the spaces of a raw text
	for key, id := range m.ids {
		switch m.pieces[id].kind {
		case userDefined:
			protects = true
			cuts = cuts && !strings.ContainsAny(key, " ▁")
		case unused:
			continue
		}
		if !utf8.ValidString(key) || strings.Contains(strings.TrimLeft(key, space), space) {
			m.byWord = false
		}
	}
	var err error
	if m.trie, err = newTrie(m.ids, func(id int32) bool { return m.pieces[id].kind != unused }); err != nil {
		return err
	}
	m.scores, m.exact = make([]float32, len(m.pieces)), make([]float64, len(m.pieces))
	m.exactUnk = float64(m.unkScore)
	for i, p := range m.pieces {
		m.scores[i] = p.score
		if p.kind == userDefined {
			m.scores[i] = userScore(len(p.text))
		}
		m.exact[i] = float64(m.scores[i])
	}
	if protects {
		m.normalizer.protected, err = newTrie(m.ids, func(id int32) bool { return m.pieces[id].kind == userDefined })
		if err != nil {
			return err
		}
	}
	n := m.normalizer
	n.prepare()
	to, _ := n.prefix(space)
	m.literalSpace = to != " "
	m.byRawWord = m.byWord && cuts && n.dummyPrefix && n.removeExtra && !n.suffix
	if n.charsmap != nil && (n.charsmap.crosses() || strings.Contains(n.charsmap.blob, space)) {
		m.byRawWord = false
	}
	return nil
}

// Size returns the number of pieces; ids are 0 to Size()-1.
func (m *Model) Size() int { return len(m.pieces) }

// Token returns the piece with the given id, "" if there is none. Spaces are
// written U+2581.
func (m *Model) Token(id int32) string {
	if id < 0 || int(id) >= len(m.pieces) {
		return ""
	}
	return m.pieces[id].text
}

// ID returns the id of a piece. Of two pieces with the same text it is that of the
// special one (control, unknown, byte).
func (m *Model) ID(token string) (int32, bool) {
	if id, ok := m.reserved[token]; ok {
		return id, true
	}
	id, ok := m.ids[token]
	return id, ok
}

// Unknown returns the id of the unknown piece, -1 if there is none.
func (m *Model) Unknown() int32 { return m.unk }

// IsControl reports whether a piece is a control piece such as "</s>". Encoding never
// gives these, and decoding leaves them out.
func (m *Model) IsControl(id int32) bool {
	return id >= 0 && int(id) < len(m.pieces) && m.pieces[id].kind == control
}

// WithControl returns the model with control pieces appended, such as T5's
// "<extra_id_0>". It is an error if a piece of that name exists.
func (m *Model) WithControl(names ...string) (*Model, error) {
	if m.proto == nil {
		return nil, errors.New("unigram: control pieces can only be added to a sentencepiece model")
	}
	p := *m.proto
	p.pieces = append([]piece(nil), p.pieces...)
	for _, name := range names {
		if _, ok := m.ID(name); ok {
			return nil, fmt.Errorf("unigram: the model already has a piece %q", name)
		}
		p.pieces = append(p.pieces, piece{name, 0, control})
	}
	var err error
	if p.trainer, err = extendTrainer(p.trainer, names, len(p.pieces)); err != nil {
		return nil, fmt.Errorf("unigram: trainer_spec: %w", err)
	}
	if m, err = newModel(&p); err != nil {
		return nil, fmt.Errorf("unigram: adding control pieces: %w", err)
	}
	return m, nil
}

// extendTrainer adds control symbols to a trainer_spec.
func extendTrainer(spec []byte, names []string, size int) ([]byte, error) {
	var out []byte
	for f, err := range fields(spec) {
		if err != nil {
			return nil, err
		}
		if f.tag != trainerVocabSize {
			out = append(out, f.raw...)
		}
	}
	out = appendNumber(out, trainerVocabSize, uint64(size))
	for _, name := range names {
		out = appendBytes(out, trainerControl, []byte(name))
	}
	return out, nil
}
