package bpe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/merges"
	"github.com/landscape-aware/growing/data/tokenizer/vocab"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// TrainOptions configures [Train].
type TrainOptions struct {
	VocabSize    int      // largest number of tokens, the special ones included
	MinFrequency int      // least number of occurrences of a pair that is merged; 0 means 2
	Special      []string // special tokens, which get the first ids

	// Pattern cuts text into pieces. No token goes across their ends. "" means
	// PatternGPT2.
	Pattern string

	// AddPrefixSpace puts a space before text that begins with none, so that its
	// first word is encoded like others. Decoding does not remove it. Only
	// PatternGPT2 allows it.
	AddPrefixSpace bool

	// Normalizer is "", NFC, NFD, NFKC, NFKD or Lowercase.
	Normalizer string

	// Progress, if set, is called now and then with the number of tokens so far
	// and VocabSize.
	Progress func(done, total int64)
}

// Validate reports what is wrong with the options, other than what [merges.Learn] does.
func (o TrainOptions) Validate() error {
	switch least := len(o.Special) + len(byteRunes); {
	case o.VocabSize < least:
		return fmt.Errorf("bpe: a vocabulary of %s is too small: %s and the 256 bytes are %d", plain.Count(o.VocabSize, "token"), plain.Count(len(o.Special), "special token"), least)
	case o.AddPrefixSpace && !o.gpt2():
		return errors.New("bpe: a space is put before text only with the pattern of GPT-2")
	case o.Normalizer == "Sequence":
		return errors.New(`bpe: the normalizer "Sequence" is not a single one`)
	}
	seen := make(map[string]bool)
	for _, name := range o.Special {
		if name == "" || seen[name] {
			return fmt.Errorf("bpe: the special token %q is empty or there twice", name)
		}
		seen[name] = true
	}
	_, err := o.sections()
	return err
}

// sections returns a model without a vocabulary.
func (o TrainOptions) sections() (*Model, error) {
	const decoder = `{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}`
	m := new(Model)
	if err := m.parseSections(o.normalizer(), o.preTokenizer(), json.RawMessage(decoder)); err != nil {
		return nil, fmt.Errorf("bpe: %w", err)
	}
	return m, nil
}

// Train makes a byte-level BPE vocabulary of documents: the special tokens, the
// 256 bytes in the order of the characters that stand for them, and the tokens that
// merges make, in their order. Hugging Face's BpeTrainer makes the same with
// ByteLevel's alphabet.
//
// The result depends only on how often each piece of text occurs. There are
// fewer than VocabSize tokens if the text gives no more pairs that are frequent
// enough. Pieces are counted on all processors; documents is drained on the
// caller's goroutine.
func Train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Model, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	sections, err := opts.sections()
	if err != nil {
		return nil, err
	}
	tokens, learned, err := merges.Train(ctx, documents, func() wordcount.Splitter { return splitter{sections} },
		func(counts *wordcount.Counts) ([]string, *merges.Words, error) {
			return initialWords(counts, opts.Special)
		},
		merges.Options{VocabSize: opts.VocabSize, MinFrequency: cmp.Or(int64(opts.MinFrequency), 2), Progress: opts.Progress})
	if err != nil {
		return nil, err
	}
	m, err := newModel(vocab.New(tokens), lastMerges(learned), modelFlags{})
	if err != nil {
		return nil, fmt.Errorf("bpe: %w", err)
	}
	m.normalizers, m.cut, m.joined, m.sections = sections.normalizers, sections.cut, sections.joined, sections.sections
	return m, nil
}

// initialWords returns the tokens before any merge, and every piece of text as
// the ids of its bytes.
func initialWords(counts *wordcount.Counts, special []string) ([]string, *merges.Words, error) {
	tokens := append([]string(nil), special...)
	ids := make(map[string]int32)
	for id, name := range tokens {
		ids[name] = int32(id)
	}
	var byteIDs [256]int32
	for _, b := range runeBytes { // in the order of characters
		if b < 0 {
			continue
		}
		name := string(byteRunes[b])
		id, ok := ids[name]
		if !ok {
			id = int32(len(tokens))
			tokens = append(tokens, name)
		}
		byteIDs[b] = id
	}
	words := new(merges.Words)
	words.Grow(counts.Len(), counts.Size())
	var word []int32
	for piece, n := range counts.Bytes() {
		word = word[:0]
		for _, b := range piece {
			word = append(word, byteIDs[b])
		}
		words.Add(word, n)
	}
	return tokens, words, nil
}

// lastMerges keeps the last of several merges of the same pair.
func lastMerges(learned []merges.Merge) [][2]int32 {
	last := make(map[[2]int32]int, len(learned))
	for i, m := range learned {
		last[[2]int32{m.Left, m.Right}] = i
	}
	pairs := make([][2]int32, 0, len(last))
	for i, m := range learned {
		if pair := [2]int32{m.Left, m.Right}; last[pair] == i {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// splitter is the [wordcount.Splitter] of pieces.
type splitter struct{ m *Model }

func (s splitter) Split(text string, yield func(string)) { s.m.cut.pieces(s.m.Normalize(text), yield) }

func (s splitter) Normalize(piece []byte, yield func([]byte)) { yield(piece) }

// normalizer returns the normalizer section.
func (o TrainOptions) normalizer() json.RawMessage {
	if o.Normalizer == "" {
		return json.RawMessage("null")
	}
	return fmt.Appendf(nil, `{"type":%s}`, component.Marshal(o.Normalizer))
}

func (o TrainOptions) gpt2() bool { return o.Pattern == "" || o.Pattern == PatternGPT2 }

// preTokenizer returns the pre_tokenizer section, as Hugging Face's tokenizers
// write it.
func (o TrainOptions) preTokenizer() json.RawMessage {
	const byteLevel = `{"type":"ByteLevel","add_prefix_space":%t,"trim_offsets":true,"use_regex":%t}`
	if o.gpt2() {
		return fmt.Appendf(nil, byteLevel, o.AddPrefixSpace, true)
	}
	return fmt.Appendf(nil, `{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":%s},"behavior":"Isolated","invert":false},`+byteLevel+`]}`,
		component.Marshal(o.Pattern), false, false)
}
