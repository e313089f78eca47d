package hf

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
)

// CheckTokenizer reads the tokenizer among the files of a model with the given number
// of rows in its table of embeddings. It returns what the tokenizer is, in words. A
// tokenizer of a kind that is not supported gets a warning with its name, since a model
// can be used without it; one that is damaged is an error.
func CheckTokenizer(files []string, rows int) (string, error) {
	t, path, err := LoadTokenizer(files)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		log.Warn("the tokenizer is copied, but cannot be used here", "error", err)
		return "a tokenizer that cannot be used here", nil
	case err != nil:
		return "", fmt.Errorf("the tokenizer cannot be read: %w; copy or download its files again, or remove them to take the model without a tokenizer", err)
	case t == nil:
		return "no tokenizer", nil
	case t.VocabSize() > rows:
		log.Warn("the tokenizer has more tokens than the model's table of embeddings has rows; the last ones cannot be used", "file", path, "tokens", t.VocabSize(), "rows", rows)
	}
	return fmt.Sprintf("%s tokenizer of %s in %s", t.Kind(), plain.Count(t.VocabSize(), "token"), filepath.Base(path)), nil
}
