package data

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"runtime"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/ordered"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// encodeChunk is about how many bytes of text a worker encodes at once. Tests
// make it smaller.
var encodeChunk int64 = 1 << 18

// chunk is a run of documents to encode.
type chunk struct {
	texts      []string
	validation []bool
	size       int64
	tokens     [][]int32 // of each document; set by a worker
}

// endToken returns the token that ends each document.
func endToken(vocab *tokenizer.Tokenizer) (int32, error) {
	if end := vocab.Special().EOS; end >= 0 {
		return end, nil
	}
	return 0, errors.New("the vocabulary has no special token that ends a document: use one with [SEP], </s> or <|endoftext|>")
}

// encode writes the stores of both splits into dir. All processors encode;
// documents are written in their order.
func (p *preparation) encode(ctx context.Context, vocab *tokenizer.Tokenizer, c *contents, dir string) error {
	end, err := endToken(vocab)
	if err != nil {
		return err
	}
	info := p.source.Info()
	var writers [2]*tokenstore.Writer
	for i, name := range []string{nameTrain, nameValidation} {
		w, err := tokenstore.Create(filepath.Join(dir, name), tokenstore.Meta{
			Vocabulary: vocab.Fingerprint(), VocabSize: vocab.VocabSize(), EndToken: end,
			Split: name, Source: info.Name, License: info.License,
		})
		if err != nil {
			return err
		}
		defer w.Abort()
		writers[i] = w
	}

	worker := func() func(*chunk) (*chunk, error) {
		e := vocab.NewEncoder()
		// The text "[SEP]" in a corpus is ordinary text, not a special token.
		e.Literal = true
		return func(k *chunk) (*chunk, error) {
			k.tokens = make([][]int32, len(k.texts))
			for i, text := range k.texts {
				k.tokens[i] = append(e.Encode(nil, text), end)
			}
			return k, nil
		}
	}
	done := int64(0)
	err = ordered.Map(ctx, runtime.GOMAXPROCS(0), p.chunks(ctx, c), worker, func(k *chunk) error {
		for i, ids := range k.tokens {
			w := writers[0]
			if k.validation[i] {
				w = writers[1]
			}
			if err := w.AppendText(ids, len(k.texts[i])); err != nil {
				return err
			}
		}
		done += k.size
		p.progress(StageEncode, done, c.Bytes)
		return nil
	})
	if err != nil {
		return err
	}
	for i, w := range writers {
		if err := p.lost(); err != nil {
			return err
		}
		if err := w.Commit(); err != nil {
			return err
		}
		reached([]string{nameTrain, nameValidation}[i] + ".json")
	}
	return nil
}

// chunks streams the corpus in chunks. It yields an error if the corpus no
// longer has the given contents.
func (p *preparation) chunks(ctx context.Context, c *contents) iter.Seq2[*chunk, error] {
	return func(yield func(*chunk, error) bool) {
		split := p.cfg.split()
		sum := corpus.NewFingerprint()
		k, ordinal := new(chunk), int64(0)
		for d, err := range p.source.Documents(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			sum.Add(d)
			k.texts = append(k.texts, d.Text)
			k.validation = append(k.validation, split.Validation(ordinal))
			k.size += int64(len(d.Text))
			ordinal++
			if k.size >= encodeChunk {
				if !yield(k, nil) {
					return
				}
				k = new(chunk)
			}
		}
		if sum.String() != c.Content {
			yield(nil, p.errChanged())
			return
		}
		if len(k.texts) > 0 {
			yield(k, nil)
		}
	}
}
