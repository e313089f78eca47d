package data

import (
	"context"
	"fmt"
	"iter"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// TrainTokenizer trains the vocabulary that a configuration describes. It uses
// all documents of the corpus, including those for validation, and writes no
// files.
func TrainTokenizer(ctx context.Context, cfg Config, progress Progress) (*tokenizer.Tokenizer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.TokenizerFile != "" {
		return nil, fmt.Errorf("data: the configuration already has a vocabulary, %s: leave it out to train one", cfg.TokenizerFile)
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	source, err := corpus.Open(ctx, cfg.Corpus)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	err = source.Fetch(ctx, func(done, total int64) { progress(StageDownload, done, total) })
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	r := &reading{source: source, progress: progress}
	t, err := r.train(ctx, cfg, r.texts(ctx, func(int64, corpus.Document) bool { return true }))
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return t, nil
}

// reading is one pass over a corpus. It counts the documents and bytes read so
// far.
type reading struct {
	source           corpus.Source
	progress         Progress
	documents, bytes int64
	err              error // error of the source
}

// texts streams the texts of the documents for which use returns true. It calls
// use for every document, with the document's index.
func (r *reading) texts(ctx context.Context, use func(ordinal int64, d corpus.Document) bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for d, err := range r.source.Documents(ctx) {
			if err != nil {
				r.err = err
				yield("", err)
				return
			}
			ordinal := r.documents
			r.documents++
			r.bytes += int64(len(d.Text))
			if r.documents%64 == 0 {
				r.progress(StageRead, r.bytes, 0)
			}
			if use(ordinal, d) && !yield(d.Text, nil) {
				return
			}
		}
		r.progress(StageRead, r.bytes, r.bytes)
	}
}

// train trains the vocabulary of a configuration on texts of the corpus.
func (r *reading) train(ctx context.Context, cfg Config, texts iter.Seq2[string, error]) (*tokenizer.Tokenizer, error) {
	options := cfg.training()
	options.Progress = func(done, total int64) { r.progress(StageTrain, done, total) }
	t, err := tokenizer.Train(ctx, texts, options)
	switch {
	case err == nil:
		return t, nil
	case r.err != nil:
		return nil, r.err // not an error of the training
	}
	return nil, fmt.Errorf("training a vocabulary on %s: %w", cfg.Corpus, err)
}
