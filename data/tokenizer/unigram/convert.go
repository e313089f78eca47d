package unigram

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// HuggingFace returns the sections of the tokenizer.json that transformers makes of a
// sentencepiece model of T5, with more pieces after those of the model. It cuts
// text at whitespace, and has no other rules than those of the model's charsmap.
func (m *Model) HuggingFace(more ...string) (normalizer, preTokenizer, decoder, model json.RawMessage, err error) {
	if m.proto == nil {
		return nil, nil, nil, nil, errors.New("unigram: only a sentencepiece model can be converted")
	}
	normalizer = json.RawMessage("null")
	if c := m.normalizer.charsmap; c != nil {
		normalizer = component.Marshal(struct {
			Type     string `json:"type"`
			Charsmap string `json:"precompiled_charsmap"`
		}{"Precompiled", base64.StdEncoding.EncodeToString(c.source)})
	}
	const metaspace = `{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}`
	preTokenizer = json.RawMessage(`{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},` + metaspace + `]}`)
	decoder = json.RawMessage(metaspace)
	vocab := make([][2]any, 0, len(m.pieces)+len(more))
	for _, p := range m.pieces {
		vocab = append(vocab, [2]any{p.text, float64(p.score)})
	}
	for _, name := range more {
		vocab = append(vocab, [2]any{name, 0.0})
	}
	model = component.Marshal(struct {
		Type         string   `json:"type"`
		UnkID        int32    `json:"unk_id"`
		Vocab        [][2]any `json:"vocab"`
		ByteFallback bool     `json:"byte_fallback"`
	}{"Unigram", m.unk, vocab, m.fallback})
	return normalizer, preTokenizer, decoder, model, nil
}

// Reserved returns the ids of the control and user-defined pieces, ascending.
func (m *Model) Reserved() (controls, others []int32) {
	for id, p := range m.pieces {
		switch p.kind {
		case control:
			controls = append(controls, int32(id))
		case userDefined:
			others = append(others, int32(id))
		}
	}
	return controls, others
}

// FallsBackToBytes reports whether unknown characters become byte pieces.
func (m *Model) FallsBackToBytes() bool { return m.fallback }
