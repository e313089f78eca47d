package tokenizer

import (
	"slices"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte("{}"))
	for _, kind := range kinds {
		if tok := trained(f, TrainOptions{Kind: kind, VocabSize: 400, Sentinels: 2}); tok.FileName() == "tokenizer.json" {
			f.Add(tok.contents())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if tok, err := Parse(data); err == nil {
			tok.Decode(tok.EncodeSpecial(nil, "some [MASK] text"))
		}
	})
}

func FuzzParseSentencePiece(f *testing.F) {
	f.Add(trained(f, TrainOptions{Kind: Unigram, VocabSize: 60, Sentinels: 2}).contents())
	f.Fuzz(func(t *testing.T, data []byte) {
		if tok, err := ParseSentencePiece(data); err == nil {
			tok.Decode(tok.EncodeSpecial(nil, "some [MASK] text"))
		}
	})
}

func FuzzParseVocabulary(f *testing.F) {
	f.Add([]byte("[UNK]\na\n##b\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tok, err := ParseVocabulary(data); err == nil {
			tok.Decode(tok.EncodeSpecial(nil, "some [MASK] text"))
		}
	})
}

// FuzzEncode checks that a warm cache gives the same ids, and that all are of the
// vocabulary.
func FuzzEncode(f *testing.F) {
	var toks []*Tokenizer
	for _, kind := range kinds {
		toks = append(toks, trained(f, TrainOptions{Kind: kind, VocabSize: 400, Sentinels: 2}))
	}
	f.Add("a\xffé [MASK] 東\x00\u200b<extra_id_0>")
	f.Fuzz(func(t *testing.T, text string) {
		for _, tok := range toks {
			ids := tok.Encode(nil, text)
			if again := tok.Encode(nil, text); !slices.Equal(ids, again) {
				t.Errorf("%s: %v, then %v", tok.Kind(), ids, again)
			}
			for _, id := range ids {
				if id < 0 || int(id) >= tok.VocabSize() {
					t.Errorf("%s: id %d of %d", tok.Kind(), id, tok.VocabSize())
				}
			}
			tok.Decode(ids)
		}
	})
}
