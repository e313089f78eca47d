package objective

import (
	"fmt"
	"math/rand/v2"
	"sort"

	"github.com/landscape-aware/growing/data/plain"
)

// denoising makes inputs and targets with a mixture of denoisers.
type denoising struct {
	plans
	form     Form
	L        int       // SequenceLength
	text     int       // longest text
	targets  int       // longest targets
	rates    []float64 // cumulative sums
	store    Tokens
	vocab    Vocabulary
	reserved []bool // by id: sentinels and mode tokens, which must not occur in a text
}

func newDenoising(p plans, form Form, L int, store Tokens, vocab Vocabulary) *denoising {
	d := &denoising{plans: p, form: form, L: L, store: store, vocab: vocab, reserved: vocab.set(vocab.Sentinels...)}
	total := 0.0
	for _, plan := range p {
		d.text, d.targets = max(d.text, plan.raw), max(d.targets, plan.targets)
		total += plan.Rate
		d.rates = append(d.rates, total)
	}
	if p[0].prefix {
		for _, id := range []int32{vocab.Modes.NLU, vocab.Modes.NLG, vocab.Modes.S2S} {
			d.reserved[id] = true
		}
	}
	return d
}

func (d *denoising) window() int64 { return int64(d.text) }

func (d *denoising) length() int { return d.L }

func (d *denoising) newScratch() *scratch {
	return &scratch{raw: make([]int32, d.text), mask: make([]bool, d.text)}
}

// draw returns the index of a random denoiser, with probability proportional to its
// rate.
func (d *denoising) draw(r *rand.Rand) int {
	if len(d.plans) == 1 {
		return 0
	}
	u := r.Float64() * d.rates[len(d.rates)-1]
	return sort.Search(len(d.rates), func(i int) bool { return u < d.rates[i] })
}

// example appends the inputs and targets, without EOS, for the window at a
// place of the store. It returns the index of the denoiser.
func (d *denoising) example(inputs, targets []int32, at int64, r *rand.Rand, s *scratch) (in, out []int32, denoiser int, err error) {
	denoiser = d.draw(r)
	p := &d.plans[denoiser]
	if d.text > p.raw {
		at += r.Int64N(int64(d.text-p.raw) + 1)
	}
	raw := s.raw[:p.raw]
	if err := d.store.Read(raw, at); err != nil {
		return nil, nil, 0, fmt.Errorf("objective: reading a window: %w", err)
	}
	for _, id := range raw {
		if id < 0 || int(id) >= len(d.reserved) {
			return nil, nil, 0, d.vocab.errForeign(at, id)
		}
		if d.reserved[id] {
			return nil, nil, 0, fmt.Errorf("objective: near token %d of the store there is %d, a sentinel or mode token, which must not occur in a text: encode the corpus again, with special tokens taken literally", at, id)
		}
	}
	if p.prefix {
		inputs = append(inputs, d.vocab.Modes.of(p.Mode))
	}
	if p.hidesSuffix() {
		least, most := p.prefixRange()
		n := least + r.IntN(most-least+1)
		return append(inputs, raw[:n]...), append(targets, raw[n:]...), denoiser, nil
	}
	mask := s.mask[:p.raw]
	spanMask(mask, p.hidden, p.spans, p.roll, r, s)
	in, out, err = corrupt(inputs, targets, raw, mask, d.vocab.Sentinels)
	return in, out, denoiser, err
}

// encoderDecoderRows makes the rows of an [EncoderDecoderBatch].
type encoderDecoderRows struct{ *denoising }

func (d encoderDecoderRows) newBatch(size int) *EncoderDecoderBatch {
	return &EncoderDecoderBatch{
		Size: size, InputLength: d.L, TargetLength: d.targets,
		Inputs:        make([]int32, size*d.L),
		InputLengths:  make([]int32, size),
		DecoderInputs: make([]int32, size*d.targets),
		Targets:       make([]int32, size*d.targets),
		TargetLengths: make([]int32, size),
		Weights:       make([]float32, size*d.targets),
		Denoisers:     make([]int32, size),
	}
}

func (d encoderDecoderRows) fill(b *EncoderDecoderBatch, row int, at int64, r *rand.Rand, s *scratch) error {
	lo, hi := row*b.TargetLength, (row+1)*b.TargetLength
	inputs, targets := b.Inputs[row*b.InputLength:(row+1)*b.InputLength], b.Targets[lo:hi]
	decoder, weights := b.DecoderInputs[lo:hi], b.Weights[lo:hi]
	// Limit the capacities to the row, so that appending more reallocates and
	// the next rows stay intact.
	in, out, denoiser, err := d.example(inputs[:0:len(inputs)], targets[:0:len(targets)], at, r, s)
	if err != nil {
		return err
	}
	n, m := len(in)+1, len(out)+1
	if n > len(inputs) || m > len(targets) {
		return errTooLong(d.plans[denoiser].Denoiser, n, m)
	}
	inputs[n-1], targets[m-1] = d.vocab.EOS, d.vocab.EOS
	fill(inputs[n:], d.vocab.Pad)
	fill(targets[m:], d.vocab.Pad)
	decoder[0] = d.vocab.Pad
	copy(decoder[1:m], targets)
	fill(decoder[m:], d.vocab.Pad)
	for i := range m {
		weights[i] = 1
	}
	b.InputLengths[row], b.TargetLengths[row], b.Denoisers[row] = int32(n), int32(m), int32(denoiser)
	return nil
}

// decoderRows makes the rows of a [DecoderBatch] with inputs and targets.
type decoderRows struct{ *denoising }

func (d decoderRows) newBatch(size int) *DecoderBatch { return newDecoderBatch(size, d.L) }

func (d decoderRows) newScratch() *scratch {
	s := d.denoising.newScratch()
	s.candidates = make([]int32, 0, d.targets)
	return s
}

func newDecoderBatch(size, length int) *DecoderBatch {
	return &DecoderBatch{
		Size: size, Length: length,
		Tokens:        make([]int32, size*length),
		Targets:       make([]int32, size*length),
		Weights:       make([]float32, size*length),
		PrefixLengths: make([]int32, size),
		Lengths:       make([]int32, size),
		Denoisers:     make([]int32, size),
	}
}

func (d decoderRows) fill(b *DecoderBatch, row int, at int64, r *rand.Rand, s *scratch) error {
	lo, hi := row*b.Length, (row+1)*b.Length
	tokens, targets, weights := b.Tokens[lo:hi], b.Targets[lo:hi], b.Weights[lo:hi]
	in, out, denoiser, err := d.example(tokens[:0:len(tokens)], s.candidates[:0], at, r, s)
	if err != nil {
		return err
	}
	n, length := len(in), len(in)+len(out)
	if length > len(tokens) {
		return errTooLong(d.plans[denoiser].Denoiser, n, len(out))
	}
	copy(tokens[n:], out)
	copy(targets, tokens[1:length])
	targets[length-1] = d.vocab.EOS
	fill(tokens[length:], d.vocab.Pad)
	fill(targets[length:], d.vocab.Pad)
	for i := n - 1; i < length; i++ {
		weights[i] = 1
	}
	b.PrefixLengths[row], b.Lengths[row], b.Denoisers[row] = int32(n), int32(length), int32(denoiser)
	return nil
}

func errTooLong(d Denoiser, inputs, targets int) error {
	return fmt.Errorf("objective: %v made inputs of %d and targets of %s, which do not fit: please report this", d, inputs, plain.Count(targets, "token"))
}
