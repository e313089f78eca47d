package data

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// TrainTokenizer trains the vocabulary that a configuration describes on all
// documents of its corpus, those for validation among them, and keeps nothing.
func TrainTokenizer(ctx context.Context, cfg Config, progress Progress) (*tokenizer.Tokenizer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.TokenizerFile != "" {
		return nil, fmt.Errorf("data: %s is a vocabulary already: leave it out to train one", cfg.TokenizerFile)
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	source, err := corpus.Open(ctx, cfg.Corpus)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	var read int64
	texts := func(yield func(string, error) bool) {
		for d, err := range source.Documents(ctx) {
			if before := read; err == nil {
				if read += int64(len(d.Text)); before>>20 != read>>20 {
					progress(StageRead, read, 0)
				}
			}
			if !yield(d.Text, err) {
				return
			}
		}
	}
	options := cfg.training()
	options.Progress = func(done, total int64) { progress(StageTrain, done, total) }
	t, err := tokenizer.Train(ctx, texts, options)
	if err != nil {
		return nil, fmt.Errorf("data: training a vocabulary on %s: %w", cfg.Corpus, err)
	}
	return t, nil
}
