package tokenizer

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/landscape-aware/growing/data/tokenizer/bpe"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// TrainOptions configures [Train].
type TrainOptions struct {
	Kind          Kind
	VocabSize     int  // number of tokens, special ones, sentinels and mode tokens included
	MinFrequency  int  // least number of occurrences of a pair that is merged, of WordPiece and BPE; 0 means 2
	LimitAlphabet int  // number of different characters kept, the most frequent first, of WordPiece; 0 means 1000
	Sentinels     int  // number of T5's sentinels <extra_id_n>
	Modes         bool // whether UL2's mode tokens are there

	// Progress, where set, is called now and then with how much of the training
	// is done, in whatever unit fits.
	Progress func(done, total int64)
}

// ErrNoText means that there was nothing to train a vocabulary on.
var ErrNoText = errors.New("the training text holds no words")

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
	case o.Sentinels < 0:
		return fmt.Errorf("tokenizer: %d sentinels; give 0 for none", o.Sentinels)
	case o.extra() > 0 && o.VocabSize-o.extra() < 1:
		return fmt.Errorf("tokenizer: a vocabulary of %d tokens cannot hold %d sentinels and mode tokens", o.VocabSize, o.extra())
	case o.Kind != WordPiece && (o.LimitAlphabet != 0):
		return fmt.Errorf("tokenizer: an alphabet limit of %d was given, which only a WordPiece vocabulary has", o.LimitAlphabet)
	}
	switch o.Kind {
	case WordPiece:
		return wrap(o.wordpiece().Validate())
	case BPE:
		return wrap(o.bpe().Validate())
	case Unigram:
		if o.MinFrequency != 0 {
			return fmt.Errorf("tokenizer: a minimum frequency of %d was given, which a unigram vocabulary does not have", o.MinFrequency)
		}
		return wrap(o.unigram().Validate())
	}
	return fmt.Errorf("tokenizer: there is no kind of vocabulary %q: give %s, %s or %s", o.Kind, WordPiece, BPE, Unigram)
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("tokenizer: %w", err)
	}
	return nil
}

func (o TrainOptions) wordpiece() wordpiece.TrainOptions {
	return wordpiece.TrainOptions{
		VocabSize: o.VocabSize - o.extra(), Special: bertSpecials,
		MinFrequency: o.MinFrequency, LimitAlphabet: o.LimitAlphabet, Progress: o.Progress,
	}
}

const endOfText = "</s>"

func (o TrainOptions) bpe() bpe.TrainOptions {
	return bpe.TrainOptions{
		VocabSize: o.VocabSize - o.extra(), Special: []string{"<pad>", endOfText, "<s>", "<mask>"},
		MinFrequency: o.MinFrequency, Progress: o.Progress,
	}
}

func (o TrainOptions) unigram() unigram.TrainOptions {
	return unigram.TrainOptions{
		VocabSize: o.VocabSize - o.extra(), Special: []string{"<pad>", endOfText, "<unk>", "<s>", "<mask>"}, Progress: o.Progress,
	}
}

// Train makes a vocabulary from documents. The result depends only on how often
// each word occurs in them, not on their order or the number of processors.
// Documents is drained on the caller's goroutine.
//
// The special tokens come first: [PAD], [UNK], [CLS], [SEP] and [MASK] of
// WordPiece, <pad>, </s>, <unk> (of unigram), <s> and <mask> of the others; mode
// tokens and sentinels come last, see [Tokenizer.ExtendUL2]. The vocabulary is
// smaller than VocabSize if the text does not give enough tokens. It is an error
// if the text's characters alone are more.
func Train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Tokenizer, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	t, err := train(ctx, documents, opts)
	if errors.Is(err, wordpiece.ErrNoText) || errors.Is(err, bpe.ErrNoText) || errors.Is(err, unigram.ErrNoText) {
		err = ErrNoText
	}
	if err != nil {
		return nil, wrap(err)
	}
	return t.ExtendUL2(opts.Sentinels, opts.Modes)
}

// train makes the vocabulary without sentinels and mode tokens.
func train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Tokenizer, error) {
	switch opts.Kind {
	case WordPiece:
		m, err := wordpiece.Train(ctx, documents, opts.wordpiece())
		if err != nil {
			return nil, err
		}
		return newTokenizer(WordPiece, m, addedFor(m, bertSpecials), bertTemplate(m))
	case BPE:
		o := opts.bpe()
		m, err := bpe.Train(ctx, documents, o)
		if err != nil {
			return nil, err
		}
		return newTokenizer(BPE, m, addedFor(m, o.Special), endTemplate(m))
	default:
		m, err := unigram.Train(ctx, documents, opts.unigram())
		if err != nil {
			return nil, err
		}
		return newTokenizer(Unigram, m, nil, endTemplate(m))
	}
}
