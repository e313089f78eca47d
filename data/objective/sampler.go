package objective

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// Tokens is where a sampler takes its tokens from, in practice a
// tokenstore.Store.
type Tokens interface {
	Len() int64
	Read(dst []int32, offset int64) error
}

// MLMSampler makes batches of an [MLM]. It may be used by several goroutines.
type MLMSampler struct {
	mlm       MLM
	store     Tokens
	vocab     Vocabulary
	size      int
	seed      int64
	window    int64 // W, tokens of the store in a sequence
	windows   int64 // windows in an epoch
	isSpecial []bool
	ordinary  []int32 // all ids that are not special

	mu     sync.Mutex
	epochs [2]*epoch // the two latest used, as a batch can span two
}

// epoch is one pass over the store.
type epoch struct {
	number int64
	offset int64   // where the first window begins
	order  []int32 // of the windows
}

// NewMLMSampler returns a sampler of batches of batchSize sequences.
//
// The store is cut into windows of W = L-2 tokens that do not overlap. An epoch
// has floor((N-W+1) / W) of them, N tokens in all: its first window begins at a
// random token below W, and the windows are shuffled; offset and order depend on
// the seed and the epoch alone. It is an error if an epoch is shorter than a
// batch.
func NewMLMSampler(mlm MLM, store Tokens, vocab Vocabulary, batchSize int, seed int64) (*MLMSampler, error) {
	if err := mlm.Validate(); err != nil {
		return nil, err
	}
	if err := vocab.validate(); err != nil {
		return nil, err
	}
	if batchSize < 1 {
		return nil, fmt.Errorf("objective: batch size %d must be 1 or more", batchSize)
	}
	s := &MLMSampler{mlm: mlm, store: store, vocab: vocab, size: batchSize, seed: seed, isSpecial: make([]bool, vocab.Size)}
	for _, id := range append([]int32{vocab.Cls, vocab.Sep, vocab.Mask}, vocab.Specials...) {
		s.isSpecial[id] = true
	}
	for id, special := range s.isSpecial {
		if !special {
			s.ordinary = append(s.ordinary, int32(id))
		}
	}
	if len(s.ordinary) == 0 {
		return nil, fmt.Errorf("objective: a vocabulary of %d tokens has none that are not special", vocab.Size)
	}
	s.window = int64(mlm.SequenceLength - 2)
	s.windows = max(0, (store.Len()-s.window+1)/s.window)
	if s.windows < int64(batchSize) {
		need := int64(batchSize)*s.window + s.window - 1
		return nil, fmt.Errorf("objective: the corpus is shorter than a batch: it has %d tokens, and a batch of %d sequences of %d needs %d: use a larger corpus, or a smaller batch or sequence length",
			store.Len(), batchSize, mlm.SequenceLength, need)
	}
	if s.windows > 1<<31-1 {
		return nil, fmt.Errorf("objective: %d windows of %d tokens are too many for one store", s.windows, s.window)
	}
	return s, nil
}

// BatchesPerEpoch returns how many batches it takes to see every window of the
// store once, as a fraction.
func (s *MLMSampler) BatchesPerEpoch() float64 { return float64(s.windows) / float64(s.size) }

// Predictions returns P, the predictions of a full row.
func (s *MLMSampler) Predictions() int { return s.mlm.Predictions(s.mlm.SequenceLength) }

// Streams of random numbers that must not meet.
const (
	streamEpoch = iota + 1
	streamRow
	streamFixed
)

// generator returns the random numbers that belong to the given values.
func (s *MLMSampler) generator(stream, a, b uint64) *rand.Rand {
	h := mix(mix(mix(mix(uint64(s.seed))^stream)^a) ^ b)
	return rand.New(rand.NewPCG(h, mix(h)))
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014) after its
// increment.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// epoch returns the pass with the given number.
func (s *MLMSampler) epoch(number int64) *epoch {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.epochs {
		if e != nil && e.number == number {
			return e
		}
	}
	r := s.generator(streamEpoch, uint64(number), 0)
	e := &epoch{number: number, offset: r.Int64N(s.window), order: make([]int32, s.windows)}
	for i := range e.order {
		e.order[i] = int32(i)
	}
	r.Shuffle(len(e.order), func(i, j int) { e.order[i], e.order[j] = e.order[j], e.order[i] })
	s.epochs[0], s.epochs[1] = s.epochs[1], e
	return e
}

// Batch returns the batch of a training step, from 0.
func (s *MLMSampler) Batch(step int64) (Batch, error) {
	if step < 0 {
		return Batch{}, fmt.Errorf("objective: there is no batch for step %d", step)
	}
	b := s.newBatch()
	for row := range s.size {
		// Rows are counted through all steps, so that an epoch ends within a
		// batch where it must, and no window is left out.
		n := step*int64(s.size) + int64(row)
		e := s.epoch(n / s.windows)
		at := e.offset + int64(e.order[n%s.windows])*s.window
		if err := s.fill(&b, row, at, s.generator(streamRow, uint64(step), uint64(row))); err != nil {
			return Batch{}, err
		}
	}
	return b, nil
}

// Fixed returns n batches for validation: windows that do not overlap, spread
// evenly over the store, with masks that depend on the seed alone. It is an
// error if the store is too short for so many.
func (s *MLMSampler) Fixed(n int) ([]Batch, error) {
	rows := int64(n) * int64(s.size)
	windows := s.store.Len() / s.window
	if n < 1 {
		return nil, fmt.Errorf("objective: %d validation batches were asked for; there must be 1 or more", n)
	}
	if windows < rows {
		return nil, fmt.Errorf("objective: the validation set is too short for %d batches of %d sequences of %d: it has %d tokens, and they need %d: use a larger corpus or validation fraction, or fewer validation batches",
			n, s.size, s.mlm.SequenceLength, s.store.Len(), rows*s.window)
	}
	batches := make([]Batch, n)
	for i := range batches {
		batches[i] = s.newBatch()
		for row := range s.size {
			k := int64(i)*int64(s.size) + int64(row)
			at := k * windows / rows * s.window
			if err := s.fill(&batches[i], row, at, s.generator(streamFixed, uint64(k), 0)); err != nil {
				return nil, err
			}
		}
	}
	return batches, nil
}

func (s *MLMSampler) newBatch() Batch {
	p := s.Predictions()
	return Batch{
		Size: s.size, Length: s.mlm.SequenceLength, Predictions: p,
		Tokens:    make([]int32, s.size*s.mlm.SequenceLength),
		Positions: make([]int32, s.size*p),
		Labels:    make([]int32, s.size*p),
		Weights:   make([]float32, s.size*p),
	}
}

// fill makes one row of a batch of the window that begins at the given token.
func (s *MLMSampler) fill(b *Batch, row int, at int64, r *rand.Rand) error {
	tokens := b.Tokens[row*b.Length : (row+1)*b.Length]
	tokens[0], tokens[b.Length-1] = s.vocab.Cls, s.vocab.Sep
	if err := s.store.Read(tokens[1:b.Length-1], at); err != nil {
		return fmt.Errorf("objective: reading a window: %w", err)
	}
	candidates := make([]int32, 0, b.Length)
	for i, id := range tokens {
		if id < 0 || int(id) >= s.vocab.Size {
			return fmt.Errorf("objective: token %d of the store is %d, outside the vocabulary of %d: the store is damaged or was made with another vocabulary", at+int64(i)-1, id, s.vocab.Size)
		}
		if !s.isSpecial[id] {
			candidates = append(candidates, int32(i))
		}
	}
	// The beginning of a random permutation is a random subset.
	n := min(b.Predictions, len(candidates))
	for i := range n {
		j := i + r.IntN(len(candidates)-i)
		candidates[i], candidates[j] = candidates[j], candidates[i]
	}
	chosen := candidates[:n]
	slices.Sort(chosen)

	first := row * b.Predictions
	for i, position := range chosen {
		b.Positions[first+i] = position
		b.Labels[first+i] = tokens[position]
		b.Weights[first+i] = 1
		switch u := r.Float64(); {
		case u < 0.8:
			tokens[position] = s.vocab.Mask
		case u < 0.9:
			tokens[position] = s.ordinary[r.IntN(len(s.ordinary))]
		}
	}
	return nil
}
