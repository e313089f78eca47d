package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// formatVersion is part of every dataset's address. Increase it when the same
// configuration and text give different files.
const formatVersion = 3

// Config describes a dataset.
type Config struct {
	Corpus corpus.Spec `json:"corpus"` // the text

	// The vocabulary is that of TokenizerFile if it is set: a tokenizer.json, a
	// vocab.txt or a SentencePiece .model. Otherwise it is trained on the
	// corpus's training documents.
	TokenizerFile string         `json:"tokenizer_file,omitempty"`
	Kind          tokenizer.Kind `json:"tokenizer,omitempty"`          // kind of vocabulary to train; empty means WordPiece
	VocabSize     int            `json:"vocabulary_size"`              // number of tokens, special ones included; may be 0 with TokenizerFile
	MinFrequency  int            `json:"min_frequency"`                // WordPiece and BPE: least occurrences of a pair that is merged; 0 means 2
	LimitAlphabet int            `json:"limit_alphabet"`               // WordPiece: most characters in the vocabulary; 0 means VocabSize/8, between 40 and 1000
	ByteFallback  bool           `json:"byte_fallback,omitempty"`      // unigram: encode unknown characters as bytes
	Coverage      float64        `json:"character_coverage,omitempty"` // unigram: share of the text covered by the vocabulary's characters; 0 means 0.9995
	Sentinels     int            `json:"sentinels,omitempty"`          // least number of T5's <extra_id_n> tokens
	Modes         bool           `json:"mode_tokens,omitempty"`        // include UL2's [NLU], [NLG] and [S2S]

	ValidationFraction float64 `json:"validation_fraction"` // expected share of the documents
	SplitSeed          int64   `json:"split_seed"`          // seed for choosing the validation documents
}

// DefaultConfig returns the default configuration: the prose of the Go
// installation, 5% of its documents for validation, and a WordPiece vocabulary
// of 1,024 tokens.
func DefaultConfig() Config {
	return Config{Corpus: corpus.Spec{Source: corpus.GoSpec}, VocabSize: 1024, ValidationFraction: 0.05}
}

// Validate reports the first error in the configuration. It does not read the
// corpus or the tokenizer's file.
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
		return fmt.Errorf("the kind of vocabulary %q cannot be chosen, because %s determines it: leave it out", c.Kind, c.TokenizerFile)
	case c.MinFrequency != 0 || c.LimitAlphabet != 0 || c.ByteFallback || c.Coverage != 0:
		return fmt.Errorf("a minimum frequency, an alphabet limit, a byte fallback or a coverage does not apply to the vocabulary of %s, which is not trained: leave it out", c.TokenizerFile)
	case c.VocabSize < 0:
		return fmt.Errorf("the vocabulary size is %d: leave it out, or give the size of %s", c.VocabSize, c.TokenizerFile)
	case c.Sentinels < 0:
		return fmt.Errorf("%s; give 0 for none", plain.Count(c.Sentinels, "sentinel"))
	}
	return nil
}

func (c Config) split() corpus.Split {
	return corpus.Split{Fraction: c.ValidationFraction, Seed: c.SplitSeed}
}

// training returns the options for training the vocabulary.
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
		// Each character can need two tokens, at the beginning of a word and
		// inside it. Hugging Face's limit of 1000 characters would fill a small
		// vocabulary.
		o.LimitAlphabet = min(max(c.VocabSize/8, 40), 1000)
	}
	return o
}

// LoadTokenizer loads the vocabulary of TokenizerFile with the sentinels and
// mode tokens that [Prepare] adds. It returns nil if TokenizerFile is empty,
// because Prepare then trains the vocabulary.
func (c Config) LoadTokenizer() (*tokenizer.Tokenizer, error) {
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
		return nil, fmt.Errorf("the vocabulary of %s has %d tokens, but the configuration asks for %d: leave the size out, or set it to %d",
			c.TokenizerFile, t.VocabSize(), c.VocabSize, t.VocabSize())
	}
	return t, nil
}

// address returns the hash of everything that determines the dataset: the
// configuration, the fingerprint of the corpus (content) and its description,
// and the fingerprint of the vocabulary if it is not trained. The name and
// licence of the corpus are stored with the tokens and therefore count. The
// corpus's path counts only as part of its name. Cleaning changes the
// fingerprint, so it is not listed here.
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
		panic(err) // only numbers and strings, and Validate rejects NaN
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}
