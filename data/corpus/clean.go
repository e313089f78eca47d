package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Cleaning lists changes to the text, applied in the order of the fields. The
// zero value changes nothing. The corpus's fingerprint is computed from the
// clean text.
type Cleaning struct {
	// Normalization is a Unicode normalization form, "NFC" or "NFKC". NFKC
	// replaces ligatures, full-width and superscript characters by ordinary
	// ones.
	Normalization string `json:"normalization,omitempty"`

	// CollapseSpace replaces every run of white space by one newline if it
	// contains a newline, and by one space otherwise. White space at the ends
	// of a document is removed.
	CollapseSpace bool `json:"collapse_space,omitempty"`

	// MinCharacters drops documents that have fewer characters.
	MinCharacters int `json:"min_characters,omitempty"`

	// DropDuplicates drops a document whose text occurred before. It compares
	// 64 bits of the texts' sha256: among 10 million documents, the probability
	// of dropping one by mistake is 3e-6. It needs about 20 bytes of memory for
	// each different document. More than 16,777,216 different documents (a
	// third of a GB) are an error.
	DropDuplicates bool `json:"drop_duplicates,omitempty"`
}

// maxDistinct is the most different documents that DropDuplicates accepts.
const maxDistinct = 1 << 24

// Validate reports the first error in the options.
func (c Cleaning) Validate() error {
	switch c.Normalization {
	case "", "NFC", "NFKC":
	default:
		return fmt.Errorf("corpus: the normalization form %q is unknown: give NFC or NFKC, or leave it out", c.Normalization)
	}
	if c.MinCharacters < 0 {
		return fmt.Errorf("corpus: the minimum number of characters is %d; it must not be negative", c.MinCharacters)
	}
	return nil
}

func (c Cleaning) apply(s Source) Source {
	if c == (Cleaning{}) {
		return s
	}
	return &cleaned{s, c}
}

// text cleans one document.
func (c Cleaning) text(s string) string {
	switch c.Normalization {
	case "NFC":
		s = norm.NFC.String(s)
	case "NFKC":
		s = norm.NFKC.String(s)
	}
	if c.CollapseSpace {
		s = collapse(s)
	}
	if c.MinCharacters > 0 && utf8.RuneCountInString(s) < c.MinCharacters {
		return ""
	}
	return s
}

func collapse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space, line := false, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space, line = true, line || r == '\n'
			continue
		}
		if space && b.Len() > 0 {
			if line {
				b.WriteByte('\n')
			} else {
				b.WriteByte(' ')
			}
		}
		space, line = false, false
		b.WriteRune(r)
	}
	return b.String()
}

// cleaned is a source whose documents are cleaned.
type cleaned struct {
	Source
	c Cleaning
}

func (s *cleaned) Stamp(ctx context.Context) (string, error) {
	stamp, err := s.Source.Stamp(ctx)
	return fmt.Sprintf("%s\nclean 1 %+v", stamp, s.c), err
}

func (s *cleaned) Documents(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		seen := make(map[uint64]struct{})
		found := false
		for d, err := range s.Source.Documents(ctx) {
			if err != nil {
				yield(Document{}, err)
				return
			}
			if d.Text = s.c.text(d.Text); d.Text == "" {
				continue
			}
			if s.c.DropDuplicates {
				sum := sha256.Sum256([]byte(d.Text))
				key := binary.LittleEndian.Uint64(sum[:])
				if _, ok := seen[key]; ok {
					continue
				}
				if len(seen) == maxDistinct {
					yield(Document{}, fmt.Errorf("corpus: %s has more than %d different documents, too many to find duplicates: read a part of it, or do not drop duplicates", s.Info().Name, maxDistinct))
					return
				}
				seen[key] = struct{}{}
			}
			found = true
			if !yield(d, nil) {
				return
			}
		}
		if !found {
			yield(Document{}, fmt.Errorf("corpus: cleaning removes all text of %s: %w", s.Info().Name, ErrEmpty))
		}
	}
}
