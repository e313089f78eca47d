package tokenizer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/vocab"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// TrainOptions configures [Train].
type TrainOptions struct {
	Kind          Kind
	VocabSize     int  // number of tokens, special ones, sentinels and mode tokens included; at most 2^24
	MinFrequency  int  // least number of occurrences of a pair that is merged, of WordPiece and BPE; 0 means 2
	LimitAlphabet int  // number of different characters kept, the most frequent first, of WordPiece; 0 means 1000
	Sentinels     int  // number of T5's sentinels <extra_id_n>
	Modes         bool // whether to add UL2's mode tokens

	// Of a unigram vocabulary only, see [unigram.TrainOptions].
	CharacterCoverage float64 // share of the text made of characters in the vocabulary, from 0.9 to 1; 0 means 0.9995
	ByteFallback      bool    // other characters become bytes, which have 256 tokens

	// Progress, if set, is called now and then. The unit of its arguments depends on
	// the kind.
	Progress func(done, total int64)
}

// ErrNoText means that there was nothing to train a vocabulary on.
var ErrNoText = wordcount.ErrNoText

// extra returns the number of tokens that are added to the model's.
func (o TrainOptions) extra() int {
	if o.Modes {
		return o.Sentinels + 3
	}
	return o.Sentinels
}

// Validate reports what is wrong with the options.
func (o TrainOptions) Validate() error {
	switch {
	case specialNames[o.Kind] == nil:
		return fmt.Errorf("tokenizer: there is no kind of vocabulary %q: give %s, %s or %s", o.Kind, WordPiece, BPE, Unigram)
	case o.VocabSize < 1 || o.VocabSize > vocab.MaxSize:
		return fmt.Errorf("tokenizer: a vocabulary of %s: give 1 to %d", plain.Count(o.VocabSize, "token"), vocab.MaxSize)
	case o.Sentinels < 0 || o.Sentinels > vocab.MaxSize:
		return errSentinels(o.Sentinels)
	case o.MinFrequency < 0:
		return fmt.Errorf("tokenizer: minimum frequency %d: give 0 for the default of 2, or more", o.MinFrequency)
	case o.Kind == Unigram && o.MinFrequency != 0:
		return fmt.Errorf("tokenizer: a minimum frequency of %d was given, which a unigram vocabulary does not have", o.MinFrequency)
	case o.LimitAlphabet < 0:
		return fmt.Errorf("tokenizer: alphabet limit %d: give 0 for the default of 1000, or more", o.LimitAlphabet)
	case o.Kind != WordPiece && o.LimitAlphabet != 0:
		return fmt.Errorf("tokenizer: an alphabet limit of %d was given, which only a WordPiece vocabulary has", o.LimitAlphabet)
	case o.Kind != Unigram && (o.CharacterCoverage != 0 || o.ByteFallback):
		return errors.New("tokenizer: a character coverage or byte fallback was given, which only a unigram vocabulary has")
	}
	return o.explain(o.ofKind().Validate())
}

func errSentinels(n int) error {
	return fmt.Errorf("tokenizer: %s: give 0 for none, and at most %d", plain.Count(n, "sentinel"), vocab.MaxSize)
}

// explain adds to a model's error how its number of tokens is computed.
func (o TrainOptions) explain(err error) error {
	if err != nil && o.extra() > 0 {
		err = fmt.Errorf("%s less %s and mode tokens leave %d: %w", plain.Count(o.VocabSize, "token"), plain.Count(o.extra(), "sentinel"), o.VocabSize-o.extra(), err)
	}
	return wrap(err)
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return nil
}

// ofKind returns the options of the kind's package.
func (o TrainOptions) ofKind() interface{ Validate() error } {
	size, special := o.VocabSize-o.extra(), specialNames[o.Kind]
	switch o.Kind {
	case WordPiece:
		return wordpiece.TrainOptions{
			VocabSize: size, Special: special, MinFrequency: o.MinFrequency, LimitAlphabet: o.LimitAlphabet, Progress: o.Progress,
		}
	case BPE:
		return bpe.TrainOptions{VocabSize: size, Special: special, MinFrequency: o.MinFrequency, Progress: o.Progress}
	default:
		return unigram.TrainOptions{
			VocabSize: size, Special: special, CharacterCoverage: o.CharacterCoverage, ByteFallback: o.ByteFallback, Progress: o.Progress,
		}
	}
}

// Train makes a vocabulary from documents, which are drained on the caller's
// goroutine. The result depends only on how often each word occurs in them, not on
// their order or the number of processors. An exception is a unigram vocabulary of a
// text with so many different words that rare ones are dropped (see
// [unigram.Train]): there, the order counts.
//
// A WordPiece vocabulary is like those of BERT uncased: text is lowercased and
// accents are stripped. The other kinds keep both.
//
// The special tokens come first: [PAD], [UNK], [CLS], [SEP] and [MASK] of
// WordPiece; <pad>, </s>, <unk> (unigram only), <s> and <mask> of the others. Mode
// tokens and sentinels come last, see [Tokenizer.ExtendUL2]. The vocabulary is
// smaller than VocabSize if the text does not give enough tokens. It is an error
// if the text has more different characters than that.
func Train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Tokenizer, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	var broken error // of documents
	m, err := opts.train(ctx, func(yield func(string, error) bool) {
		for text, err := range documents {
			broken = err
			if !yield(text, err) {
				return
			}
		}
	})
	switch {
	case err != nil && (broken != nil || ctx.Err() != nil || errors.Is(err, ErrNoText)):
		return nil, wrap(err)
	case err != nil:
		return nil, opts.explain(err)
	}
	t, err := fromModel(opts.Kind, m)
	if err != nil {
		return nil, opts.explain(err)
	}
	return t.ExtendUL2(opts.Sentinels, opts.Modes)
}

// train makes the model, without sentinels and mode tokens.
func (o TrainOptions) train(ctx context.Context, documents iter.Seq2[string, error]) (model, error) {
	switch o := o.ofKind().(type) {
	case wordpiece.TrainOptions:
		return wordpiece.Train(ctx, documents, o)
	case bpe.TrainOptions:
		return bpe.Train(ctx, documents, o)
	default:
		return unigram.Train(ctx, documents, o.(unigram.TrainOptions))
	}
}
