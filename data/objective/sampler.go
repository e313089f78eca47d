package objective

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/landscape-aware/growing/data/plain"
)

// Tokens is a sequence of tokens, usually a tokenstore.Store.
type Tokens interface {
	Len() int64
	Read(dst []int32, offset int64) error
}

// Documents is a sequence of tokens that is divided into documents, as sentence
// pairs need it.
type Documents interface {
	Tokens
	Documents() int
	Document(i int) (lo, hi int64) // i in [0, Documents())
}

// Sampler makes batches of type B: [MLMBatch], [EncoderDecoderBatch] or
// [DecoderBatch]. Several goroutines may use it.
//
// The store of N tokens is divided into windows of W tokens that do not
// overlap. W is the most that an example of the objective needs. An epoch has
// floor((N-W+1) / W) windows in random order; the first begins at a random
// token below W. Offset and order depend only on the seed and the epoch. Each
// row of a batch uses the next window. Its random numbers depend only on the
// seed, the step and the row.
//
// The order of an epoch takes 4 bytes a window. The first batch of an epoch
// computes it. Otherwise all batches cost the same.
type Sampler[B any] struct {
	rows    rowMaker[B]
	store   Tokens
	size    int
	seed    int64
	window  int64 // W
	windows int64 // in an epoch

	mu     sync.Mutex
	epochs [2]*epoch // the two used last, because a batch can span two
}

// rowMaker makes rows of batches. Each objective has its own.
type rowMaker[B any] interface {
	window() int64        // W, the most tokens of the store that a row needs
	length() int          // L, for error messages
	newBatch(size int) *B // a batch to fill
	// newScratch returns memory for fill, for one goroutine.
	newScratch() *scratch
	// fill makes one row from the window that begins at the given token.
	fill(b *B, row int, at int64, r *rand.Rand, s *scratch) error
}

// scratch is memory that is reused for each row.
type scratch struct {
	raw        []int32 // tokens of the store
	candidates []int32 // positions
	words      []int32 // positions where words begin
	mask       []bool
	spans      []int
}

// epoch is one pass over the store.
type epoch struct {
	number int64
	segments
	order []int32 // random order of the segments
}

// newSampler returns a sampler of batches of batchSize rows. An epoch must have
// at least one batch.
func newSampler[B any](rows rowMaker[B], store Tokens, batchSize int, seed int64) (*Sampler[B], error) {
	if batchSize < 1 {
		return nil, fmt.Errorf("objective: batch size %d must be 1 or more", batchSize)
	}
	s := &Sampler[B]{rows: rows, store: store, size: batchSize, seed: seed, window: rows.window()}
	// The first window may begin at any token up to W-1.
	s.windows = segments{s.window - 1, store.Len(), s.window}.whole()
	if s.windows < int64(batchSize) {
		need := int64(batchSize)*s.window + s.window - 1
		return nil, &TooShortError{1, batchSize, rows.length(), store.Len(), need, false}
	}
	if s.windows > 1<<31-1 {
		return nil, fmt.Errorf("objective: %d windows of %s are too many for one store", s.windows, plain.Count(s.window, "token"))
	}
	return s, nil
}

// BatchesPerEpoch returns the number of batches in an epoch, in which every
// window of the store is used once. It need not be whole.
func (s *Sampler[B]) BatchesPerEpoch() float64 { return float64(s.windows) / float64(s.size) }

// Streams of random numbers, which must differ.
const (
	streamEpoch = iota + 1
	streamRow
	streamFixed
)

// source is a random number generator that can be seeded again without allocation.
type source struct {
	pcg  rand.PCG
	rand *rand.Rand
}

func newSource() *source {
	s := new(source)
	s.rand = rand.New(&s.pcg)
	return s
}

// at returns the random number generator for the given values. It invalidates
// the generator that it returned before.
func (s *source) at(seed int64, stream, a, b uint64) *rand.Rand {
	h := mix(mix(mix(mix(uint64(seed))^stream)^a) ^ b)
	s.pcg.Seed(h, mix(h))
	return s.rand
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014) after its
// increment.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// epoch returns the epoch with the given number, from 0.
func (s *Sampler[B]) epoch(number int64) *epoch {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.epochs {
		if e != nil && e.number == number {
			return e
		}
	}
	r := newSource().at(s.seed, streamEpoch, uint64(number), 0)
	e := &epoch{number: number, segments: segments{r.Int64N(s.window), s.store.Len(), s.window}, order: make([]int32, s.windows)}
	for i := range e.order {
		e.order[i] = int32(i)
	}
	r.Shuffle(len(e.order), func(i, j int) { e.order[i], e.order[j] = e.order[j], e.order[i] })
	s.epochs[0], s.epochs[1] = s.epochs[1], e
	return e
}

// Batch returns the batch of a training step, from 0.
func (s *Sampler[B]) Batch(step int64) (B, error) {
	var none B
	if step < 0 || step > math.MaxInt64/int64(s.size)-1 {
		return none, fmt.Errorf("objective: there is no batch for step %d", step)
	}
	b, scratch, random := s.rows.newBatch(s.size), s.rows.newScratch(), newSource()
	for row := range s.size {
		// Count rows over all steps. An epoch may then end within a batch, and
		// every window is used.
		n := step*int64(s.size) + int64(row)
		e := s.epoch(n / s.windows)
		at, _ := e.bounds(int64(e.order[n%s.windows]))
		if err := s.rows.fill(b, row, at, random.at(s.seed, streamRow, uint64(step), uint64(row)), scratch); err != nil {
			return none, err
		}
	}
	return *b, nil
}

// TooShortError says that a text has too few tokens for batches. Its text is about the
// corpus of a training; who draws batches of another text has another remedy.
type TooShortError struct {
	Batches, Size, Length int   // batches of sequences of tokens
	Have, Need            int64 // tokens
	validation            bool  // the batches are those of [Sampler.Fixed]
}

func (e *TooShortError) Error() string {
	if e.validation {
		return fmt.Sprintf("objective: the validation set is too short for %s: it has %d tokens, and they need %d: use a larger corpus or validation fraction, or fewer validation batches", e.What(), e.Have, e.Need)
	}
	return fmt.Sprintf("objective: the corpus is shorter than a batch: it has %d tokens, and a batch of %s of %d needs %d: use a larger corpus, or a smaller batch or sequence length",
		e.Have, plain.Count(e.Size, "sequence"), e.Length, e.Need)
}

// What describes the batches, such as "4 batches of 16 sequences of 128".
func (e *TooShortError) What() string {
	return fmt.Sprintf("%s of %s of %d", plain.Count(e.Batches, "batch"), plain.Count(e.Size, "sequence"), e.Length)
}

// Fixed returns n batches for validation. Their windows do not overlap and are
// evenly spread over the store. Their random numbers depend only on the seed.
// It returns a [TooShortError] if the store is too short.
func (s *Sampler[B]) Fixed(n int) ([]B, error) {
	rows := int64(n) * int64(s.size)
	cut := segments{0, s.store.Len(), s.window}
	if n < 1 {
		return nil, fmt.Errorf("objective: the number of validation batches is %d; it must be 1 or more", n)
	}
	if cut.whole() < rows {
		return nil, &TooShortError{n, s.size, s.rows.length(), s.store.Len(), rows * s.window, true}
	}
	batches := make([]B, n)
	scratch, random := s.rows.newScratch(), newSource()
	for i := range batches {
		b := s.rows.newBatch(s.size)
		for row := range s.size {
			k := int64(i)*int64(s.size) + int64(row)
			at, _ := cut.bounds(k * cut.whole() / rows)
			if err := s.rows.fill(b, row, at, random.at(s.seed, streamFixed, uint64(k), 0), scratch); err != nil {
				return nil, err
			}
		}
		batches[i] = *b
	}
	return batches, nil
}
