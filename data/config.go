package data

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// formatVersion is part of every dataset's address. It changes when the same
// configuration and text give other files.
const formatVersion = 1

// Config says what dataset to make.
type Config struct {
	Corpus             string  `json:"corpus"`              // "go", or the path or glob of text files (see corpus.Open)
	VocabSize          int     `json:"vocabulary_size"`     // WordPiece tokens, special ones included
	MinFrequency       int     `json:"min_frequency"`       // least occurrences of a pair that becomes a token; 0 means 2
	LimitAlphabet      int     `json:"limit_alphabet"`      // characters in the vocabulary; 0 means VocabSize/8, between 40 and 1000
	ValidationFraction float64 `json:"validation_fraction"` // of the documents, in expectation
	SplitSeed          int64   `json:"split_seed"`          // seed of the choice of validation documents
}

// DefaultConfig returns the configuration of the default corpus: the prose of
// the Go installation, 5% of its documents for validation.
func DefaultConfig() Config {
	return Config{Corpus: corpus.GoSpec, VocabSize: 1024, ValidationFraction: 0.05}
}

// Validate reports what is wrong with the configuration, without looking at the
// corpus.
func (c Config) Validate() error {
	if c.Corpus == "" {
		return fmt.Errorf("data: no corpus was named: give %q for the text of the Go installation, or the path of a text file", corpus.GoSpec)
	}
	if err := c.split().Validate(); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if err := c.training().Validate(); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

func (c Config) split() corpus.Split {
	return corpus.Split{Fraction: c.ValidationFraction, Seed: c.SplitSeed}
}

// training returns the options of the vocabulary's training.
func (c Config) training() tokenizer.TrainOptions {
	o := tokenizer.TrainOptions{Kind: tokenizer.WordPiece, VocabSize: c.VocabSize, MinFrequency: c.MinFrequency, LimitAlphabet: c.LimitAlphabet}
	if o.MinFrequency == 0 {
		o.MinFrequency = 2
	}
	if o.LimitAlphabet == 0 {
		// Each character can take two places, as a word's beginning and within.
		// Hugging Face's limit of 1000 would fill a small vocabulary with them.
		o.LimitAlphabet = min(max(c.VocabSize/8, 40), 1000)
	}
	return o
}

// address returns the hash of all that determines a dataset of this
// configuration, given the fingerprint of the corpus. Where the corpus lies
// does not count.
func (c Config) address(content string) string {
	o := c.training()
	key, err := json.Marshal(struct {
		Version                                int
		Content                                string
		VocabSize, MinFrequency, LimitAlphabet int
		ValidationFraction                     float64
		SplitSeed                              int64
	}{formatVersion, content, o.VocabSize, o.MinFrequency, o.LimitAlphabet, c.ValidationFraction, c.SplitSeed})
	if err != nil {
		panic(err) // numbers and a string: Validate has refused NaN
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}
