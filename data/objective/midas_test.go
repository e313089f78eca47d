package objective

import (
	"math"
	"strings"
	"testing"
)

// TestMIDAS checks the shares of the mixture, and that its causal LM reads the first
// token and predicts all others, in both forms.
func TestMIDAS(t *testing.T) {
	const length, rows = 32, 3000
	v := t5vocab(40, 20)
	store := make(sequence, 100_000)
	for i := range store {
		store[i] = int32(5 + i%40)
	}
	b := at(t, decoder(t, MIDAS(length), store, v, rows, 3), 0)
	var shares [3]float64
	for row := range rows {
		denoiser := b.Denoisers[row]
		shares[denoiser] += 1.0 / rows
		if denoiser != 0 {
			continue
		}
		tokens, targets, weights := b.Tokens[row*length:(row+1)*length], b.Targets[row*length:(row+1)*length], b.Weights[row*length:(row+1)*length]
		if b.PrefixLengths[row] != 1 || b.Lengths[row] != length {
			t.Fatalf("row %d: a prefix of %d and %d tokens, want 1 and %d", row, b.PrefixLengths[row], b.Lengths[row], length)
		}
		for i := range tokens {
			want := v.EOS
			if i+1 < length {
				want = tokens[i+1]
			}
			if targets[i] != want || weights[i] != 1 {
				t.Fatalf("row %d: after %v come %v with weights %v", row, tokens, targets, weights)
			}
		}
	}
	for i, want := range []float64{0.6, 0.2, 0.2} {
		if math.Abs(shares[i]-want) > 5*math.Sqrt(want*(1-want)/rows) {
			t.Errorf("denoiser %d has a share of %.3f, want %g", i, shares[i], want)
		}
	}

	e := at(t, encoderDecoder(t, MIDAS(length), store, v, 100, 3), 0)
	for row, denoiser := range e.Denoisers {
		if denoiser != 0 {
			continue
		}
		inputs, targets := e.Inputs[row*e.InputLength:(row+1)*e.InputLength], e.Targets[row*e.TargetLength:(row+1)*e.TargetLength]
		if n := e.InputLengths[row]; n != 2 || inputs[1] != v.EOS {
			t.Errorf("row %d: %d inputs %v, want a token and EOS", row, n, inputs)
		}
		last := int(e.TargetLengths[row]) - 1
		if last != length-1 || targets[last] != v.EOS {
			t.Errorf("row %d: %d targets %v, want %d and EOS", row, last, targets, length-1)
		}
		for i, before := range append(inputs[:1:1], targets[:last-1]...) {
			if want := 5 + (before-5+1)%40; targets[i] != want { // the store counts
				t.Errorf("row %d: target %d is %d, want %d", row, i, targets[i], want)
			}
		}
	}

	for _, bad := range []Denoiser{{Causal, 3, 1, 1}, {Causal, 0, 0.5, 1}, {Causal, 0, 0, 1}} {
		if err := bad.Validate(); err == nil || !strings.Contains(err.Error(), "mode C hides all but the first token") {
			t.Errorf("%+v: error %v", bad, err)
		}
	}
	table, err := MIDAS(length).Table(DecoderOnly)
	if err != nil || !strings.Contains(table, "60.0%") {
		t.Errorf("%v\n%s", err, table)
	}
}
