package data

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// Names of a dataset's files.
const (
	fileDataset    = "dataset.json"
	nameTrain      = "train"
	nameValidation = "validation"
)

// Dataset is a tokenized corpus, split for training and validation.
type Dataset struct {
	Tokenizer         *tokenizer.Tokenizer
	Train, Validation *tokenstore.Store // each document ends with Meta.EndToken

	// Fingerprint is the sha256, in hexadecimal, of the vocabulary and of both
	// stores' files: of everything that training can see.
	Fingerprint string

	// UnigramEntropy is the loss on the validation split, in nats a token, of a
	// model that knows only the token frequencies of the training split:
	//
	//	-1/n sum over validation tokens t of ln((c_t + 1) / (N + V))
	//
	// with c_t the count of t among the N training tokens and V the size of the
	// vocabulary. Special tokens, including [UNK], are never predicted and do
	// not count in n, N and V. A masked language model whose loss is not
	// clearly below this value is still on the unigram plateau.
	UnigramEntropy float64

	// ValidationEntropy is the entropy of the validation split's own token
	// frequencies, in nats a token. No unigram model has a lower loss on that
	// split.
	ValidationEntropy float64

	UnknownRate float64     // share of unknown tokens in both splits; 0 if the vocabulary has no unknown token
	Info        corpus.Info // about the corpus
	Documents   int64       // in the corpus
	Bytes       int64       // of text in the corpus
	Dir         string      // directory of the files

	record    record // as it was read
	recordSum string // sha256 of dataset.json
	summed    bool   // whether dataset.json has a checksum of itself
}

// record is the contents of dataset.json: everything that the other files lack.
type record struct {
	Fingerprint       string      `json:"fingerprint"`
	Content           string      `json:"content"`    // sha256 of the corpus
	Tokenizer         string      `json:"tokenizer"`  // name of the tokenizer's file
	Vocabulary        string      `json:"vocabulary"` // sha256 of the tokenizer
	UnigramEntropy    float64     `json:"unigram_entropy"`
	ValidationEntropy float64     `json:"validation_entropy"`
	UnknownRate       float64     `json:"unknown_rate"`
	Info              corpus.Info `json:"info"`
	Documents         int64       `json:"documents"`
	Bytes             int64       `json:"bytes"`
}

// errNotPrepared means that a dataset's directory does not exist.
var errNotPrepared = errors.New("not prepared")

// readRecord reads the dataset.json in dir, as a dataset without its files. It
// returns errNotPrepared if dir does not exist.
func readRecord(dir string) (*Dataset, error) {
	text, err := os.ReadFile(filepath.Join(dir, fileDataset))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, errNotPrepared
		}
	}
	if err != nil {
		return nil, damaged(dir, err)
	}
	var r record
	summed, err := unseal(text, &r)
	if err != nil {
		return nil, damaged(dir, fmt.Errorf("reading %s: %w", fileDataset, err))
	}
	return &Dataset{
		record: r, recordSum: hashBytes(text), summed: summed,
		Fingerprint: r.Fingerprint, UnigramEntropy: r.UnigramEntropy, ValidationEntropy: r.ValidationEntropy,
		UnknownRate: r.UnknownRate, Info: r.Info, Documents: r.Documents, Bytes: r.Bytes, Dir: dir,
	}, nil
}

// openUnchecked opens the dataset in dir without reading the stores. It returns
// errNotPrepared if dir does not exist.
func openUnchecked(dir string) (*Dataset, error) {
	d, err := readRecord(dir)
	if err != nil {
		return nil, err
	}
	r := d.record
	if !tokenizerFile(r.Tokenizer) {
		return nil, damaged(dir, fmt.Errorf("%s names %q as the tokenizer's file", fileDataset, r.Tokenizer))
	}
	if d.Tokenizer, err = tokenizer.Load(filepath.Join(dir, r.Tokenizer)); err != nil {
		return nil, damaged(dir, err)
	}
	vocabulary := d.Tokenizer.Fingerprint()
	if vocabulary != r.Vocabulary {
		return nil, damaged(dir, fmt.Errorf("%s is not the vocabulary of the tokens", r.Tokenizer))
	}
	for _, part := range []struct {
		name  string
		store **tokenstore.Store
	}{{nameTrain, &d.Train}, {nameValidation, &d.Validation}} {
		s, err := tokenstore.Open(filepath.Join(dir, part.name))
		if err != nil {
			d.Close()
			return nil, damaged(dir, err)
		}
		*part.store = s
		if s.Meta().Vocabulary != vocabulary {
			d.Close()
			return nil, damaged(dir, fmt.Errorf("the tokens of %s have another vocabulary than %s", part.name, r.Tokenizer))
		}
	}
	if fp := fingerprint(vocabulary, d.Train.Meta(), d.Validation.Meta()); fp != r.Fingerprint {
		d.Close()
		return nil, damaged(dir, fmt.Errorf("its files do not belong together (fingerprint %s, not %s)", fp, r.Fingerprint))
	}
	return d, nil
}

// Close unmaps the stores.
func (d *Dataset) Close() error {
	var first error
	for _, s := range []*tokenstore.Store{d.Train, d.Validation} {
		if s != nil {
			first = cmp.Or(first, s.Close())
		}
	}
	return first
}

// Vocabulary returns the properties of the tokenizer that objectives need.
func (d *Dataset) Vocabulary() objective.Vocabulary {
	t := d.Tokenizer
	sp := t.Special()
	v := objective.Vocabulary{
		Size: t.VocabSize(), Pad: sp.Pad, Cls: sp.Cls, Sep: sp.Sep, Mask: sp.Mask, EOS: sp.EOS,
		Specials: t.Specials(), Sentinels: t.Sentinels(), Continues: t.Continues,
	}
	v.Modes.NLU, v.Modes.NLG, v.Modes.S2S, _ = t.Modes()
	return v
}

// histogram counts the tokens of a store by id.
func histogram(ctx context.Context, s *tokenstore.Store, size int) ([]int64, error) {
	counts := make([]int64, size)
	buf := make([]int32, 1<<14)
	for at := int64(0); at < s.Len(); at += int64(len(buf)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		buf = buf[:min(int64(len(buf)), s.Len()-at)]
		if err := s.Read(buf, at); err != nil {
			return nil, err
		}
		for _, id := range buf {
			if id < 0 || int(id) >= size {
				return nil, fmt.Errorf("token %d is outside the vocabulary of %d: %w", id, size, tokenstore.ErrDamaged)
			}
			counts[id]++
		}
	}
	return counts, nil
}

// entropies returns [Dataset].UnigramEntropy (cross) and ValidationEntropy (own),
// in nats a token.
func entropies(train, validation []int64, special func(int32) bool) (cross, own float64) {
	var n, total, v float64
	for id := range train {
		if !special(int32(id)) {
			total += float64(train[id])
			n += float64(validation[id])
			v++
		}
	}
	for id, count := range validation {
		if count == 0 || special(int32(id)) {
			continue
		}
		p := float64(count) / n
		cross -= p * math.Log((float64(train[id])+1)/(total+v))
		own -= p * math.Log(p)
	}
	return cross, own
}

// frequencies counts the tokens of both splits and sets the fields that depend
// on the counts.
func (d *Dataset) frequencies(ctx context.Context) error {
	size := d.Tokenizer.VocabSize()
	train, err := histogram(ctx, d.Train, size)
	if err != nil {
		return err
	}
	validation, err := histogram(ctx, d.Validation, size)
	if err != nil {
		return err
	}
	d.UnigramEntropy, d.ValidationEntropy = entropies(train, validation, d.Tokenizer.IsSpecial)
	d.UnknownRate = 0
	if unk := d.Tokenizer.Special().Unk; unk >= 0 {
		d.UnknownRate = float64(train[unk]+validation[unk]) / float64(d.Train.Len()+d.Validation.Len())
	}
	return nil
}

// fingerprintVersion is part of the fingerprint. Increase it when the formula
// of the fingerprint changes.
const fingerprintVersion = 2

// fingerprint returns [Dataset].Fingerprint.
func fingerprint(vocabulary string, train, validation tokenstore.Meta) string {
	h := sha256.New()
	fmt.Fprintf(h, "dataset %d\n%s\n", fingerprintVersion, vocabulary)
	for _, m := range []tokenstore.Meta{train, validation} {
		fmt.Fprintf(h, "%s %s %s\n", m.DType, m.TokensSHA256, m.IndexSHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// describe writes dataset.json into dir, which holds the other files.
func (p *preparation) describe(ctx context.Context, vocab *tokenizer.Tokenizer, c *contents, dir string) error {
	d := &Dataset{Tokenizer: vocab}
	defer d.Close()
	for name, store := range map[string]**tokenstore.Store{nameTrain: &d.Train, nameValidation: &d.Validation} {
		var err error
		if *store, err = tokenstore.Open(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	if err := d.frequencies(ctx); err != nil {
		return err
	}
	r := record{
		Content: c.Content, Tokenizer: vocab.FileName(), Vocabulary: vocab.Fingerprint(), Info: p.source.Info(), Documents: c.Documents, Bytes: c.Bytes,
		UnigramEntropy: d.UnigramEntropy, ValidationEntropy: d.ValidationEntropy, UnknownRate: d.UnknownRate,
		Fingerprint: fingerprint(vocab.Fingerprint(), d.Train.Meta(), d.Validation.Meta()),
	}
	if err := sealed.Write(filepath.Join(dir, fileDataset), r); err != nil {
		return err
	}
	reached(fileDataset)
	return nil
}
