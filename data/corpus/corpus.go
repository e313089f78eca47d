package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"iter"
)

// Document is one text of a corpus.
type Document struct {
	Name string // origin of the text, for people to read
	Text string // UTF-8, never empty
}

// Info describes a source.
type Info struct {
	Name    string `json:"name"` // short, such as "go"
	License string `json:"license"`
	Origin  string `json:"origin"` // origin of the text, for people to read
}

// Source is a collection of documents.
type Source interface {
	// Fetch downloads what is not on this machine yet. It calls progress, if
	// not nil, with the bytes downloaded and their total. Documents calls Fetch
	// if necessary.
	Fetch(ctx context.Context, progress func(done, total int64)) error

	// Documents streams all documents, always in the same order. It stops after
	// an error.
	Documents(ctx context.Context) iter.Seq2[Document, error]

	// Info describes the source.
	Info() Info

	// Stamp returns a text that is cheap to compute and changes whenever the
	// documents may have changed. It consists of the names, sizes and
	// modification times of the files, the field that is read and the cleaning.
	// Each call looks at the files. Stamps recognize a source that this machine
	// has read before. They differ between machines even if the content is the
	// same.
	Stamp(ctx context.Context) (string, error)
}

// Fingerprint computes the sha256 of the documents' texts, in order. Names do
// not count, so moving or recompressing files does not change it.
type Fingerprint struct{ sum hash.Hash }

// NewFingerprint returns the fingerprint of no documents.
func NewFingerprint() *Fingerprint { return &Fingerprint{sha256.New()} }

// Add adds a document.
func (f *Fingerprint) Add(d Document) {
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(d.Text)))
	f.sum.Write(size[:])
	f.sum.Write([]byte(d.Text))
}

// String returns the sha256 in hexadecimal.
func (f *Fingerprint) String() string { return hex.EncodeToString(f.sum.Sum(nil)) }

// Split chooses the documents for validation.
type Split struct {
	Fraction float64 // expected share of the documents; 0 < Fraction < 1
	Seed     int64
}

// Validate reports an error if Fraction is out of range.
func (s Split) Validate() error {
	if !(s.Fraction > 0 && s.Fraction < 1) {
		return fmt.Errorf("corpus: the validation fraction is %v; it must lie between 0 and 1", s.Fraction)
	}
	return nil
}

// Validation reports whether the document with the given index, from 0, is for
// validation: whether u < Fraction, where u in [0, 1) is made of the first 53
// bits of sha256(seed, ordinal), both as 8 bytes little-endian.
func (s Split) Validation(ordinal int64) bool {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(s.Seed))
	binary.LittleEndian.PutUint64(b[8:], uint64(ordinal))
	h := sha256.Sum256(b[:])
	return float64(binary.BigEndian.Uint64(h[:8])>>11)/(1<<53) < s.Fraction
}
