package unigram

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/landscape-aware/growing/data/tokenizer/vocab"
	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// TrainOptions configures [Train].
type TrainOptions struct {
	VocabSize int // number of pieces, special and byte ones included

	// Special are the special pieces, with the ids from 0 on. "<unk>" must be
	// among them. The others are control pieces; "<s>", "</s>" and "<pad>" mean what
	// they mean to sentencepiece.
	Special []string

	// CharacterCoverage is the share of the text whose characters are in the
	// vocabulary, the most frequent ones: 0.9 to 1; 0 means 0.9995.
	CharacterCoverage float64

	// ByteFallback adds 256 pieces for bytes, which other characters become.
	ByteFallback bool

	// Progress, if set, is called now and then.
	Progress func(done, total int64)
}

const (
	defaultCoverage = 0.9995
	shrink          = 0.75 // share of the pieces that pruning keeps
	subIterations   = 2    // of EM between two prunings
	overshoot       = 1.1  // pieces that EM ends with, over the vocabulary size
	unkName         = "<unk>"
)

// Validate reports what is wrong with the options.
func (o TrainOptions) Validate() error {
	meta := len(o.Special)
	if o.ByteFallback {
		meta += 256
	}
	switch {
	case !slices.Contains(o.Special, unkName):
		return fmt.Errorf("unigram: the special pieces %q lack %q", o.Special, unkName)
	case o.VocabSize <= meta:
		return fmt.Errorf("unigram: a vocabulary of %d pieces is too small: %d are special ones", o.VocabSize, meta)
	case o.VocabSize > vocab.MaxSize:
		return fmt.Errorf("unigram: a vocabulary of %d pieces is too large: the limit is %d", o.VocabSize, vocab.MaxSize)
	case o.CharacterCoverage != 0 && !(o.CharacterCoverage >= 0.9 && o.CharacterCoverage <= 1):
		return fmt.Errorf("unigram: character coverage %v is not between 0.9 and 1", o.CharacterCoverage)
	}
	for i, name := range o.Special {
		_, isByte := parseByte(name)
		switch {
		case name == "" || len(name) >= maxPiece || strings.Contains(name, "\x00") || !utf8.ValidString(name):
			return fmt.Errorf("unigram: %q cannot be the name of a special piece", name)
		case slices.Contains(o.Special[:i], name):
			return fmt.Errorf("unigram: the special piece %q is given twice", name)
		case isByte && o.ByteFallback:
			return fmt.Errorf("unigram: the special piece %q has the name of a byte piece", name)
		}
	}
	return nil
}

// Train makes a unigram vocabulary of documents, as sentencepiece's trainer
// does with its defaults (Kudo, "Subword Regularization", 2018, section 3.2):
// text is normalized by nmt_nfkc; many seeds are pruned by EM and the loss of
// likelihood until VocabSize pieces are left. Pieces have up to 16 characters,
// all of one script, and a space only at their beginning.
//
// The result depends only on the documents and their order, not on the number
// of processors. It has fewer than VocabSize pieces if the text gives no more.
// The memory needed does not grow with the text: of more than about one million
// distinct words, the rarest are left out.
func Train(ctx context.Context, documents iter.Seq2[string, error], opts TrainOptions) (*Model, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if opts.CharacterCoverage == 0 {
		opts.CharacterCoverage = defaultCoverage
	}
	rules, err := nmtNFKC()
	if err != nil {
		return nil, err
	}
	n := &normalizer{charsmap: rules, dummyPrefix: true, removeExtra: true, escape: true}
	n.prepare()

	raw, err := countRaw(ctx, documents, maxWords)
	if err != nil {
		return nil, err
	}
	words := normalizeWords(raw, n, opts.Special)
	chars := alphabet(words, opts.CharacterCoverage)
	if len(chars) == 0 {
		return nil, wordcount.ErrNoText
	}
	words = replaceRare(words, chars)
	meta := len(opts.Special)
	if opts.ByteFallback {
		meta += 256
	}
	if meta+len(chars) > opts.VocabSize {
		return nil, fmt.Errorf("unigram: %d special pieces and %d characters exceed a vocabulary of %d: raise it, or lower the character coverage", meta, len(chars), opts.VocabSize)
	}
	pieces, scores, err := seedPieces(ctx, words, chars)
	if err != nil {
		return nil, err
	}
	e, err := newEstimator(words, pieces, scores)
	if err != nil {
		return nil, fmt.Errorf("unigram: %w", err)
	}
	if err := e.train(ctx, int(overshoot*float64(opts.VocabSize)), opts.Progress); err != nil {
		return nil, err
	}
	if err := e.dropUnreachable(ctx); err != nil {
		return nil, err
	}
	final := e.final(chars, opts.VocabSize-meta)
	return newModel(trainedProto(final, rules, opts))
}

// seedPieces returns the pieces that training starts from, the characters
// first, and the logarithms of their relative scores.
func seedPieces(ctx context.Context, words *wordcount.Counts, chars []wordcount.Character) ([]string, []float64, error) {
	text := make([]byte, 0, words.Size()+words.Len()+maxPieceBytes)
	starts := make([]int32, 0, words.Len())
	for word := range words.Bytes() {
		starts = append(starts, int32(len(text)))
		text = append(append(text, word...), 0)
	}
	text = append(text, make([]byte, maxPieceBytes+8)...)
	count := func(at int32) int64 {
		i := sort.Search(len(starts), func(i int) bool { return starts[i] > at })
		return words.Count(i - 1)
	}
	found, err := seeds(ctx, text, count, maxSeeds)
	if err != nil {
		return nil, nil, err
	}
	pieces := make([]string, 0, len(chars)+len(found))
	scores := make([]float64, 0, len(chars)+len(found))
	total := 0.0
	add := func(piece string, score float64) {
		pieces, scores, total = append(pieces, piece), append(scores, score), total+score
	}
	for _, c := range chars {
		add(string(c.Rune), float64(c.Count))
	}
	for _, s := range found {
		add(string(text[s.at:s.at+s.size]), float64(s.score))
	}
	log := math.Log(total)
	for i, s := range scores {
		scores[i] = math.Log(s) - log
	}
	return pieces, scores, nil
}

// train runs EM and pruning until at most target pieces are left.
func (e *estimator) train(ctx context.Context, target int, progress func(done, total int64)) error {
	rounds := int64(1)
	for n := float64(e.left); n > float64(target); n *= shrink {
		rounds++
	}
	inTrie := e.left
	for round := int64(0); ; round++ {
		if progress != nil {
			progress(min(round, rounds), rounds)
		}
		for range subIterations {
			if err := e.update(ctx); err != nil {
				return err
			}
		}
		if err := e.prune(ctx, shrink, target); err != nil {
			return err
		}
		if e.left <= target {
			break
		}
		if e.left < inTrie/2 {
			if err := e.rebuild(); err != nil {
				return fmt.Errorf("unigram: %w", err)
			}
			inTrie = e.left
		}
	}
	if progress != nil {
		progress(rounds, rounds)
	}
	return nil
}

// final returns the size best pieces, all characters among them, by falling
// score. Characters that EM has dropped get the lowest score.
func (e *estimator) final(chars []wordcount.Character, size int) []piece {
	var rest []int32
	lowest := math.MaxFloat64
	for i, alive := range e.alive {
		if alive {
			lowest = min(lowest, e.score[i])
			if i >= len(chars) {
				rest = append(rest, int32(i))
			}
		}
	}
	var out []piece
	penalty := 0.0
	for i, c := range chars {
		score := e.score[i]
		if !e.alive[i] {
			score = lowest + penalty
			penalty += 0.0001 // so that they differ
		}
		out = append(out, piece{string(c.Rune), float32(score), normal})
	}
	slices.SortFunc(rest, func(a, b int32) int {
		return cmp.Or(cmp.Compare(e.score[b], e.score[a]), cmp.Compare(e.pieces[a], e.pieces[b]))
	})
	for _, i := range rest[:min(len(rest), size-len(out))] {
		out = append(out, piece{e.pieces[i], float32(e.score[i]), normal})
	}
	slices.SortFunc(out, func(a, b piece) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.text, b.text))
	})
	return out
}

// trainedProto returns the parts of a model file of trained pieces.
func trainedProto(pieces []piece, rules *charsmap, opts TrainOptions) *proto {
	p := &proto{}
	id := map[string]int64{unkName: -1, "<s>": -1, "</s>": -1, "<pad>": -1}
	var controls []string
	for i, name := range opts.Special {
		kind := byte(control)
		if name == unkName {
			kind = unknown
		}
		if _, ok := id[name]; ok {
			id[name] = int64(i)
		} else {
			controls = append(controls, name)
		}
		p.pieces = append(p.pieces, piece{name, 0, kind})
	}
	if opts.ByteFallback {
		for b := range 256 {
			p.pieces = append(p.pieces, piece{byteName(b), 0, byteType})
		}
	}
	p.pieces = append(p.pieces, pieces...)

	t := appendNumber(nil, trainerModelType, 1)
	t = appendNumber(t, trainerVocabSize, uint64(len(p.pieces)))
	t = appendFloat(t, trainerCoverage, float32(opts.CharacterCoverage))
	t = appendNumber(t, trainerMaxLength, maxPieceChars)
	for _, name := range controls {
		t = appendBytes(t, trainerControl, []byte(name))
	}
	if opts.ByteFallback {
		t = appendNumber(t, trainerByteFallback, 1)
	}
	t = appendNumber(t, trainerUnkID, uint64(id[unkName]))
	t = appendNumber(t, trainerBosID, uint64(id["<s>"]))
	t = appendNumber(t, trainerEosID, uint64(id["</s>"]))
	p.trainer = appendNumber(t, trainerPadID, uint64(id["<pad>"]))

	n := appendBytes(nil, normalizerName, []byte("nmt_nfkc"))
	n = appendBytes(n, normalizerCharsmap, rules.source)
	for _, tag := range []protowire.Number{normalizerDummy, normalizerExtra, normalizerEscape} {
		n = appendNumber(n, tag, 1)
	}
	p.normalizer = n
	return p
}
