package data

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// Names of a dataset's files.
const (
	fileTokenizer  = "tokenizer.json"
	fileDataset    = "dataset.json"
	nameTrain      = "train"
	nameValidation = "validation"
)

// Dataset is a corpus as tokens, split for training and validation.
type Dataset struct {
	Tokenizer         *tokenizer.Tokenizer
	Train, Validation *tokenstore.Store // each document ends with [SEP]

	// Fingerprint is the sha256, in hexadecimal, of the vocabulary and of both
	// stores' files, and so of everything that training can see.
	Fingerprint string

	// UnigramEntropy is what a model that knows only how frequent each token is
	// in the training split loses on the validation split, in nats a token:
	//
	//	-1/n sum over validation tokens t of ln((c_t + 1) / (N + V))
	//
	// with c_t the count of t among the N training tokens and V the size of the
	// vocabulary. Special tokens, [UNK] among them, are never predicted and are
	// left out of n, N and V. A masked language model whose loss is not clearly
	// below this is still on the unigram plateau.
	UnigramEntropy float64

	// ValidationEntropy is the entropy of the validation split's own token
	// frequencies, in nats a token: the same with the model's frequencies
	// replaced by the true ones, the least that a unigram model can lose.
	ValidationEntropy float64

	UnknownRate float64     // share of [UNK] among the tokens of both splits
	Info        corpus.Info // of the corpus
	Documents   int64       // of the corpus
	Bytes       int64       // of the corpus's text
	Dir         string      // where the files are
}

// record is the contents of dataset.json: what is not in the other files.
type record struct {
	Fingerprint       string      `json:"fingerprint"`
	Content           string      `json:"content"` // sha256 over the corpus
	Vocabulary        string      `json:"vocabulary"`
	UnigramEntropy    float64     `json:"unigram_entropy"`
	ValidationEntropy float64     `json:"validation_entropy"`
	UnknownRate       float64     `json:"unknown_rate"`
	Info              corpus.Info `json:"info"`
	Documents         int64       `json:"documents"`
	Bytes             int64       `json:"bytes"`
}

// errNotPrepared means that a dataset's directory does not exist.
var errNotPrepared = errors.New("not prepared")

// open opens a complete dataset.
func open(dir string) (*Dataset, error) {
	raw, err := os.ReadFile(filepath.Join(dir, fileDataset))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil, errNotPrepared
		}
	}
	if err != nil {
		return nil, damaged(dir, err)
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, damaged(dir, fmt.Errorf("%s is not readable: %w", fileDataset, err))
	}
	d := &Dataset{
		Fingerprint: r.Fingerprint, UnigramEntropy: r.UnigramEntropy, ValidationEntropy: r.ValidationEntropy,
		UnknownRate: r.UnknownRate, Info: r.Info, Documents: r.Documents, Bytes: r.Bytes, Dir: dir,
	}
	if d.Tokenizer, err = tokenizer.Load(filepath.Join(dir, fileTokenizer)); err != nil {
		return nil, damaged(dir, err)
	}
	vocabulary := d.Tokenizer.Fingerprint()
	if vocabulary != r.Vocabulary {
		return nil, damaged(dir, fmt.Errorf("%s is not the vocabulary that the tokens were made with", fileTokenizer))
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
			return nil, damaged(dir, fmt.Errorf("the tokens of %s were made with another vocabulary than %s", part.name, fileTokenizer))
		}
	}
	if fp := fingerprint(vocabulary, d.Train.Meta(), d.Validation.Meta()); fp != r.Fingerprint {
		d.Close()
		return nil, damaged(dir, fmt.Errorf("its files do not belong together (fingerprint %s, not %s)", fp, r.Fingerprint))
	}
	return d, nil
}

func damaged(dir string, err error) error {
	return fmt.Errorf("data: the dataset in %s is damaged: %w; remove the directory, it will be made again", dir, err)
}

// Close unmaps the stores.
func (d *Dataset) Close() error {
	var errs []error
	for _, s := range []*tokenstore.Store{d.Train, d.Validation} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}

// Verify reads all of both stores and reports what is wrong.
func (d *Dataset) Verify() error {
	return errors.Join(d.Train.Verify(), d.Validation.Verify())
}

// Vocabulary returns what objectives need to know of the tokenizer.
func (d *Dataset) Vocabulary() objective.Vocabulary {
	sp := d.Tokenizer.Special()
	return objective.Vocabulary{Size: d.Tokenizer.VocabSize(), Cls: sp.Cls, Sep: sp.Sep, Mask: sp.Mask, Specials: d.Tokenizer.Specials()}
}

// histogram counts the tokens of a store by id.
func histogram(s *tokenstore.Store, size int) ([]int64, error) {
	counts := make([]int64, size)
	buf := make([]int32, 1<<14)
	for at := int64(0); at < s.Len(); at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), s.Len()-at)]
		if err := s.Read(buf, at); err != nil {
			return nil, err
		}
		for _, id := range buf {
			counts[id]++
		}
	}
	return counts, nil
}

// entropies returns UnigramEntropy and ValidationEntropy of [Dataset], in nats.
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
