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

// Document is a piece of text whose parts belong together.
type Document struct {
	Name string // where it comes from, for people to read
	Text string // UTF-8, never empty
}

// Info says what a source is.
type Info struct {
	Name    string `json:"name"` // short, as in "go"
	License string `json:"license"`
	Origin  string `json:"origin"` // where the text comes from, for people to read
}

// Source is a collection of documents.
type Source interface {
	// Fetch brings onto this machine what is not there yet, and tells progress,
	// if not nil, how many of how many bytes have come. Documents does the same
	// where it was not done before.
	Fetch(ctx context.Context, progress func(done, total int64)) error

	// Documents streams all documents, in the same order each time. After an
	// error there are no more.
	Documents(ctx context.Context) iter.Seq2[Document, error]

	// Info says what the source is.
	Info() Info

	// Stamp returns a text that is cheap to compute and differs whenever the
	// documents may differ: names, sizes and modification times of files, what
	// is read of them and how it is cleaned. It looks at the files each time. It
	// serves to recognize a source whose content was already hashed on this
	// machine; it differs between machines that have the same content.
	Stamp(ctx context.Context) (string, error)
}

// Fingerprint accumulates the sha256 of documents' texts in their order. Names
// do not count, so that moved or recompressed text is the same.
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

// Split is a rule that sets documents aside for validation.
type Split struct {
	Fraction float64 // of the documents, in expectation; 0 < Fraction < 1
	Seed     int64
}

// Validate reports what is wrong with the rule.
func (s Split) Validate() error {
	if !(s.Fraction > 0 && s.Fraction < 1) {
		return fmt.Errorf("corpus: the validation fraction is %v; it must lie between 0 and 1", s.Fraction)
	}
	return nil
}

// Validation tells whether the document with the given place in the order, from
// 0, is for validation: whether u < Fraction, where u in [0, 1) is made of the
// first 53 bits of sha256(seed, ordinal), both as 8 bytes little-endian.
func (s Split) Validation(ordinal int64) bool {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(s.Seed))
	binary.LittleEndian.PutUint64(b[8:], uint64(ordinal))
	h := sha256.Sum256(b[:])
	return float64(binary.BigEndian.Uint64(h[:8])>>11)/(1<<53) < s.Fraction
}
