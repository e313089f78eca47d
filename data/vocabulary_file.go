package data

import "github.com/landscape-aware/growing/data/tokenizer"

// LoadTokenizer loads the vocabulary of TokenizerFile with the sentinels and
// mode tokens that [Prepare] adds. It returns nil if TokenizerFile is empty,
// because Prepare then trains the vocabulary.
func (c Config) LoadTokenizer() (*tokenizer.Tokenizer, error) { return c.loadTokenizer() }
