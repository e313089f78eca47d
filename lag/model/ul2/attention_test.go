package ul2_test

import (
	"math"
	"slices"
	"testing"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/ul2"
)

const seqVocab, seqLength = 29, 11

// sequences returns a batch of two rows for a decoder without an encoder: a
// full row, and one with seven tokens and padding. Each row is one document.
func sequences() objective.DecoderBatch {
	b := objective.DecoderBatch{
		Size: 2, Length: seqLength, PrefixLengths: []int32{4, 3}, Lengths: []int32{seqLength, 7}, Segments: make([]int32, 2*seqLength),
	}
	for row := range b.Size {
		for i := range seqLength {
			b.Tokens = append(b.Tokens, int32((5*i+7*row+i*i)%seqVocab))
			b.Targets = append(b.Targets, int32((5*i+3*row+2)%seqVocab))
			weight := float32(1)
			if i < int(b.PrefixLengths[row])-1 || i >= int(b.Lengths[row]) {
				weight = 0
			}
			b.Weights = append(b.Weights, weight)
		}
	}
	return b
}

// TestWhoSeesWhom changes every token in turn and checks which positions
// change: in every form exactly those that may attend to it.
func TestWhoSeesWhom(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		for _, form := range []ul2.Form{ul2.CausalLM, ul2.PrefixLM} {
			t.Run(string(form), func(t *testing.T) {
				run := forward(t, b, narrow(b, smallConfig(form)))
				batch := sequences()
				// The first row contains two documents; the prefix is in the
				// first.
				for i := range seqLength - 6 {
					batch.Segments[6+i] = 1
				}
				before := run(ul2.DecoderInputs(batch))
				for changed := range 2 * seqLength {
					other := batch
					other.Tokens = slices.Clone(batch.Tokens)
					other.Tokens[changed] = (other.Tokens[changed] + 1) % seqVocab
					after := run(ul2.DecoderInputs(other))
					row, key := changed/seqLength, changed%seqLength
					for r := range before {
						for query := range before[r] {
							sees := key <= query || form == ul2.PrefixLM && key < int(batch.PrefixLengths[row])
							sees = sees && r == row && batch.Segments[row*seqLength+query] == batch.Segments[row*seqLength+key]
							if key >= int(batch.Lengths[row]) {
								sees = sees && query == key // padding attends only to itself, and nothing else attends to it
							}
							if equal := slices.Equal(before[r][query], after[r][query]); equal == sees {
								t.Errorf("token %d of row %d was changed; position %d of row %d unchanged: %v", key, row, query, r, equal)
							}
						}
					}
				}
			})
		}
		t.Run("encoder-decoder", func(t *testing.T) {
			run := forward(t, b, smallConfig(ul2.EncoderDecoder))
			batch := pairs(1)
			before := run(ul2.EncoderDecoderInputs(batch))
			for changed := range batch.DecoderInputs {
				other := batch
				other.DecoderInputs = slices.Clone(batch.DecoderInputs)
				other.DecoderInputs[changed] = (other.DecoderInputs[changed] + 1) % seqVocab
				after := run(ul2.EncoderDecoderInputs(other))
				row, key := changed/batch.TargetLength, changed%batch.TargetLength
				for r := range before {
					for query := range before[r] {
						if equal := slices.Equal(before[r][query], after[r][query]); equal == (r == row && key <= query) {
							t.Errorf("decoder token %d of row %d was changed; position %d of row %d unchanged: %v", key, row, query, r, equal)
						}
					}
				}
			}
			for changed := range batch.Inputs {
				other := batch
				other.Inputs = slices.Clone(batch.Inputs)
				other.Inputs[changed] = (other.Inputs[changed] + 1) % seqVocab
				after := run(ul2.EncoderDecoderInputs(other))
				row, key := changed/batch.InputLength, changed%batch.InputLength
				for r := range before {
					for query := range before[r] {
						sees := r == row && key < int(batch.InputLengths[row])
						if equal := slices.Equal(before[r][query], after[r][query]); equal == sees {
							t.Errorf("input %d of row %d was changed; position %d of row %d unchanged: %v", key, row, query, r, equal)
						}
					}
				}
			}
		})
	})
}

// TestPaddingAndPacking checks that a row gives the same with and without
// padding, and that a document after another one in its row gives the same as
// alone.
func TestPaddingAndPacking(t *testing.T) {
	b := testbackend.Go(t)
	for _, form := range []ul2.Form{ul2.CausalLM, ul2.PrefixLM} {
		t.Run(string(form), func(t *testing.T) {
			run := forward(t, b, smallConfig(form))
			batch := sequences()
			want := run(ul2.DecoderInputs(objective.DecoderBatch{ // the second row without padding
				Size: 1, Length: 7, Tokens: batch.Tokens[seqLength : seqLength+7], Segments: make([]int32, 7),
				Targets: batch.Targets[:7], Weights: batch.Weights[:7], PrefixLengths: batch.PrefixLengths[1:], Lengths: []int32{7},
			}))[0]
			requireClose(t, "padded", run(ul2.DecoderInputs(batch))[1][:7], want)
			if form == ul2.PrefixLM {
				return // a prefix must be at the start of a row
			}
			copy(batch.Tokens[4:], batch.Tokens[seqLength:seqLength+7]) // the same document after four other tokens
			for i := range 7 {
				batch.Segments[4+i] = 1
			}
			requireClose(t, "packed", run(ul2.DecoderInputs(batch))[0][4:], want)
		})
	}
	t.Run("encoder-decoder", func(t *testing.T) {
		run := forward(t, b, smallConfig(ul2.EncoderDecoder))
		batch := pairs(1)
		n, row := int(batch.InputLengths[1]), 1
		want := run(ul2.EncoderDecoderInputs(objective.EncoderDecoderBatch{
			Size: 1, InputLength: n, TargetLength: batch.TargetLength, InputLengths: []int32{int32(n)},
			Inputs:        batch.Inputs[row*batch.InputLength : row*batch.InputLength+n],
			DecoderInputs: batch.DecoderInputs[row*batch.TargetLength:],
			Targets:       batch.Targets[row*batch.TargetLength:], Weights: batch.Weights[row*batch.TargetLength:],
		}))[0]
		requireClose(t, "padded", run(ul2.EncoderDecoderInputs(batch))[row], want)
	})
}

func requireClose(t *testing.T, what string, got, want [][]float32) {
	t.Helper()
	for i := range want {
		for j := range want[i] {
			if math.Abs(float64(got[i][j]-want[i][j])) > 1e-5 {
				t.Fatalf("%s: logit %d of position %d is %v, want %v", what, j, i, got[i][j], want[i][j])
			}
		}
	}
}
