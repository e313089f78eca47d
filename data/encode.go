package data

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// encodeChunk is about how much text a worker encodes at once, in bytes. Tests
// make it smaller.
var encodeChunk int64 = 1 << 18

// chunk is a run of documents on their way to the stores.
type chunk struct {
	texts      []string
	validation []bool
	size       int64
	tokens     chan [][]int32 // of each document; filled by a worker
}

// endToken returns the token that ends each document.
func endToken(vocab *tokenizer.Tokenizer) (int32, error) {
	if end := vocab.Special().EOS; end >= 0 {
		return end, nil
	}
	return 0, errors.New("the vocabulary has no special token that ends a document ([SEP], </s> or <|endoftext|>): use one that has it")
}

// encode writes the stores of both splits below dir. Documents are encoded on
// all processors and written in their order.
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

	group, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	todo := make(chan *chunk)
	order := make(chan *chunk, 2*workers) // bounds what is held in memory
	group.Go(func() error {
		defer close(todo)
		defer close(order)
		return p.chunks(ctx, c, func(k *chunk) error {
			for _, to := range []chan *chunk{order, todo} {
				select {
				case to <- k:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range workers {
		group.Go(func() error {
			e := vocab.NewEncoder()
			// A corpus may well speak of "[SEP]"; only we may say it.
			e.Literal = true
			for k := range todo {
				tokens := make([][]int32, len(k.texts))
				for i, text := range k.texts {
					tokens[i] = append(e.Encode(nil, text), end)
				}
				k.tokens <- tokens
			}
			return nil
		})
	}
	group.Go(func() error {
		done := int64(0)
		for k := range order {
			var tokens [][]int32
			select {
			case tokens = <-k.tokens:
			case <-ctx.Done():
				return ctx.Err()
			}
			for i, ids := range tokens {
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
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	for _, w := range writers {
		if err := w.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// chunks streams the corpus in chunks. It reports an error if it is not the
// corpus of the given contents.
func (p *preparation) chunks(ctx context.Context, c *contents, yield func(*chunk) error) error {
	split := p.cfg.split()
	sum := corpus.NewFingerprint()
	fresh := func() *chunk { return &chunk{tokens: make(chan [][]int32, 1)} }
	k, ordinal := fresh(), int64(0)
	for d, err := range p.source.Documents(ctx) {
		if err != nil {
			return err
		}
		sum.Add(d)
		k.texts = append(k.texts, d.Text)
		k.validation = append(k.validation, split.Validation(ordinal))
		k.size += int64(len(d.Text))
		ordinal++
		if k.size >= encodeChunk {
			if err := yield(k); err != nil {
				return err
			}
			k = fresh()
		}
	}
	if sum.String() != c.Content {
		return p.errChanged()
	}
	if len(k.texts) == 0 {
		return nil
	}
	return yield(k)
}
