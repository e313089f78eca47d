package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// formatVersion is part of every dataset's address. It changes when the same
// configuration and text give other files.
const formatVersion = 3

// Config says what dataset to make.
type Config struct {
	Corpus corpus.Spec `json:"corpus"` // what text

	// A vocabulary is trained on the corpus's training documents, unless
	// TokenizerFile names one: a tokenizer.json, a vocab.txt or a SentencePiece
	// .model.
	TokenizerFile string         `json:"tokenizer_file,omitempty"`
	Kind          tokenizer.Kind `json:"tokenizer,omitempty"`          // of the vocabulary to train; empty means WordPiece
	VocabSize     int            `json:"vocabulary_size"`              // tokens, special ones included; of TokenizerFile it may be 0
	MinFrequency  int            `json:"min_frequency"`                // least occurrences of a pair that becomes a token, of WordPiece and BPE; 0 means 2
	LimitAlphabet int            `json:"limit_alphabet"`               // characters in the vocabulary, of WordPiece; 0 means VocabSize/8, between 40 and 1000
	ByteFallback  bool           `json:"byte_fallback,omitempty"`      // whether what is not in the vocabulary becomes bytes, of unigram
	Coverage      float64        `json:"character_coverage,omitempty"` // share of the text that is made of characters in the vocabulary, of unigram; 0 means 0.9995
	Sentinels     int            `json:"sentinels,omitempty"`          // T5's <extra_id_n> that the vocabulary has at least
	Modes         bool           `json:"mode_tokens,omitempty"`        // whether it has UL2's [NLU], [NLG] and [S2S]

	ValidationFraction float64 `json:"validation_fraction"` // of the documents, in expectation
	SplitSeed          int64   `json:"split_seed"`          // seed of the choice of validation documents
}

// DefaultConfig returns the configuration of the default corpus: the prose of
// the Go installation, 5% of its documents for validation, a WordPiece
// vocabulary of 1,024.
func DefaultConfig() Config {
	return Config{Corpus: corpus.Spec{Source: corpus.GoSpec}, VocabSize: 1024, ValidationFraction: 0.05}
}

// Validate reports the first thing that is wrong with the configuration, without
// looking at the corpus or the tokenizer's file.
func (c Config) Validate() error {
	if err := cmp.Or(c.Corpus.Validate(), c.split().Validate(), c.validateTokenizer()); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

func (c Config) validateTokenizer() error {
	if c.TokenizerFile == "" {
		return c.training().Validate()
	}
	switch {
	case c.Kind != "":
		return fmt.Errorf("the kind of vocabulary %q cannot be chosen, as %s says what kind it is: leave it out", c.Kind, c.TokenizerFile)
	case c.MinFrequency != 0 || c.LimitAlphabet != 0 || c.ByteFallback || c.Coverage != 0:
		return fmt.Errorf("a minimum frequency, an alphabet limit, a fallback to bytes or a coverage says nothing about the vocabulary of %s, which is not trained: leave it out", c.TokenizerFile)
	case c.VocabSize < 0:
		return fmt.Errorf("the vocabulary size is %d: leave it out, or give that of %s", c.VocabSize, c.TokenizerFile)
	case c.Sentinels < 0:
		return fmt.Errorf("%d sentinels; give 0 for none", c.Sentinels)
	}
	return nil
}

func (c Config) split() corpus.Split {
	return corpus.Split{Fraction: c.ValidationFraction, Seed: c.SplitSeed}
}

// training returns the options of the vocabulary's training.
func (c Config) training() tokenizer.TrainOptions {
	o := tokenizer.TrainOptions{
		Kind: c.Kind, VocabSize: c.VocabSize, MinFrequency: c.MinFrequency, LimitAlphabet: c.LimitAlphabet,
		ByteFallback: c.ByteFallback, CharacterCoverage: c.Coverage,
		Sentinels: c.Sentinels, Modes: c.Modes,
	}
	if o.Kind == "" {
		o.Kind = tokenizer.WordPiece
	}
	if o.MinFrequency == 0 && o.Kind != tokenizer.Unigram {
		o.MinFrequency = 2
	}
	if o.LimitAlphabet == 0 && o.Kind == tokenizer.WordPiece {
		// Each character can take two places, as a word's beginning and within.
		// Hugging Face's limit of 1000 would fill a small vocabulary with them.
		o.LimitAlphabet = min(max(c.VocabSize/8, 40), 1000)
	}
	return o
}

// loadTokenizer returns the vocabulary of TokenizerFile, with the sentinels and
// mode tokens that it lacks; nil if there is no such file in the configuration.
func (c Config) loadTokenizer() (*tokenizer.Tokenizer, error) {
	if c.TokenizerFile == "" {
		return nil, nil
	}
	t, err := tokenizer.Load(c.TokenizerFile)
	if err == nil {
		t, err = t.ExtendUL2(c.Sentinels, c.Modes)
	}
	if err != nil {
		return nil, err
	}
	if c.VocabSize != 0 && c.VocabSize != t.VocabSize() {
		return nil, fmt.Errorf("the vocabulary of %s has %d tokens where %d were asked for: leave the size out, or set it to %d",
			c.TokenizerFile, t.VocabSize(), c.VocabSize, t.VocabSize())
	}
	return t, nil
}

// address returns the hash of all that determines a dataset of this
// configuration, given the fingerprint and description of the corpus, and the
// fingerprint of the vocabulary if that is not trained. The corpus's name and
// licence are kept with the tokens, so that they count; its place does only as
// far as it is the name. How the text is cleaned shows in its fingerprint.
func (c Config) address(content string, info corpus.Info, vocabulary string) string {
	o := c.training()
	if vocabulary != "" {
		o = tokenizer.TrainOptions{}
	}
	key, err := json.Marshal(struct {
		Version                                int
		Content, Name, License, Vocabulary     string
		Kind                                   tokenizer.Kind
		VocabSize, MinFrequency, LimitAlphabet int
		ByteFallback                           bool
		CharacterCoverage                      float64
		Sentinels                              int
		Modes                                  bool
		ValidationFraction                     float64
		SplitSeed                              int64
	}{formatVersion, content, info.Name, info.License, vocabulary, o.Kind, o.VocabSize, o.MinFrequency, o.LimitAlphabet,
		o.ByteFallback, o.CharacterCoverage, o.Sentinels, o.Modes, c.ValidationFraction, c.SplitSeed})
	if err != nil {
		panic(err) // numbers and strings: Validate has refused NaN
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}
