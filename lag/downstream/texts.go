package downstream

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// documents are documents of tokens in memory, each with its end token.
type documents struct {
	tokens  []int32
	offsets []int64 // of each document, and at the end the number of tokens
	unknown int64
}

var _ objective.Documents = (*documents)(nil)

func (d *documents) Len() int64 { return int64(len(d.tokens)) }

func (d *documents) Read(dst []int32, offset int64) error {
	if offset < 0 || offset+int64(len(dst)) > d.Len() {
		return fmt.Errorf("tokens %d to %d are outside the text of %d: %w", offset, offset+int64(len(dst)), d.Len(), io.ErrUnexpectedEOF)
	}
	copy(dst, d.tokens[offset:])
	return nil
}

func (d *documents) Documents() int { return len(d.offsets) - 1 }

func (d *documents) Document(i int) (lo, hi int64) {
	if i < 0 || i >= d.Documents() {
		return 0, 0
	}
	return d.offsets[i], d.offsets[i+1]
}

// How much of a text is read. A few thousand batches need no more, and it is in memory.
const (
	mostTokens = 1 << 22 // the document in which they end is the last
	mostBytes  = 1 << 24 // of a document; what is after them is cut off
)

// readCorpus encodes the documents of a corpus, up to mostTokens.
func readCorpus(ctx context.Context, source string, t *tokenizer.Tokenizer) (*documents, error) {
	s, err := corpus.Open(ctx, corpus.Spec{Source: source})
	if err != nil {
		return nil, err
	}
	end := t.Special().EOS
	if end < 0 {
		return nil, fmt.Errorf("the vocabulary has no token that ends a document")
	}
	e := t.NewEncoder()
	e.Literal = true // as in the study's own data
	d, unknown := &documents{offsets: []int64{0}}, t.Special().Unk
	for document, err := range s.Documents(ctx) {
		if err != nil {
			return nil, err
		}
		from := len(d.tokens)
		d.tokens = append(e.Encode(d.tokens, beginning(document.Text, mostBytes)), end)
		for _, id := range d.tokens[from:] {
			if id == unknown {
				d.unknown++
			}
		}
		d.offsets = append(d.offsets, d.Len())
		if len(d.tokens) >= mostTokens {
			break
		}
	}
	if d.Documents() == 0 {
		return nil, fmt.Errorf("%s: %w", source, corpus.ErrEmpty)
	}
	return d, nil
}

// beginning returns at most the given number of bytes of a text, to the end of a word if
// it has several, or else of a character.
func beginning(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if i := strings.LastIndexFunc(text[:most], unicode.IsSpace); i > 0 {
		return text[:i]
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// about describes the text.
func (d *documents) about(name string) string {
	text := fmt.Sprintf("%s tokens of %s of %s", humanize.Comma(d.Len()), plain.Count(d.Documents(), "document"), name)
	if d.unknown > 0 {
		text += fmt.Sprintf(", of which %.2g%% are unknown to the vocabulary", 100*float64(d.unknown)/float64(d.Len()))
	}
	return text
}

// hashing computes the key of a task.
type hashing struct{ hash.Hash }

// newHashing begins a key with the texts that determine the task.
func newHashing(texts ...string) hashing {
	h := hashing{sha256.New()}
	for _, text := range texts {
		fmt.Fprintf(h, "%q\n", text)
	}
	return h
}

func (h hashing) ints(list ...int) {
	for _, n := range list {
		fmt.Fprintf(h, "%d\n", n)
	}
}

func (h hashing) tokens(list []int32) {
	h.ints(len(list))
	_ = binary.Write(h, binary.LittleEndian, list) // a hash takes everything
}

func (h hashing) String() string { return fmt.Sprintf("%x", h.Sum(nil)[:16]) }
