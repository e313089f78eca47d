package objective

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// t5vocab has padding, EOS, mode tokens, the ordinary tokens 5 to 4+ordinary,
// and sentinels. As in T5, the last token is the first sentinel.
func t5vocab(ordinary, sentinels int) Vocabulary {
	size := 5 + ordinary + sentinels
	v := Vocabulary{Size: size, Pad: 0, EOS: 1, Cls: None, Sep: None, Mask: None, Modes: Modes{NLU: 2, NLG: 3, S2S: 4}}
	v.Sentinels = descending(int32(size-1), sentinels)
	v.Specials = append([]int32{0, 1, 2, 3, 4}, v.Sentinels...)
	return v
}

func encoderDecoder(t testing.TB, s Settings, store Tokens, v Vocabulary, size int, seed int64) *Sampler[EncoderDecoderBatch] {
	t.Helper()
	sampler, err := NewEncoderDecoderSampler(Objective{EncoderDecoder, s}, store, v, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	return sampler
}

func decoder(t testing.TB, s Settings, store Tokens, v Vocabulary, size int, seed int64) *Sampler[DecoderBatch] {
	t.Helper()
	sampler, err := NewDecoderSampler(Objective{DecoderOnly, s}, store, v, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	return sampler
}

func at[B any](t testing.TB, s *Sampler[B], step int64) B {
	t.Helper()
	b, err := s.Batch(step)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decodeSpans restores the text from inputs and targets without mode token and
// EOS. It fails if sentinels are not in order.
func decodeSpans(t *testing.T, inputs, targets []int32, v Vocabulary) []int32 {
	t.Helper()
	// runs returns the runs of text, and whether the first comes before all sentinels.
	runs := func(ids []int32) (list [][]int32, bare bool) {
		next := 0
		for i, id := range ids {
			if s := slices.Index(v.Sentinels, id); s >= 0 {
				if s != next {
					t.Fatalf("sentinel %d where %d should be in %v", s, next, ids)
				}
				next++
				list = append(list, nil)
				continue
			}
			if i == 0 {
				bare = true
				list = append(list, nil)
			}
			list[len(list)-1] = append(list[len(list)-1], id)
		}
		return list, bare
	}
	stay, bareInputs := runs(inputs)
	hide, bareTargets := runs(targets)
	if bareInputs == bareTargets {
		t.Fatalf("inputs %v and targets %v begin alike", inputs, targets)
	}
	// The text after a sentinel in one sequence is between sentinels in the
	// other. So the runs alternate, beginning with the one without a sentinel;
	// one may be empty at the end.
	if bareTargets {
		stay, hide = hide, stay
	}
	var text []int32
	for i := range max(len(stay), len(hide)) {
		if i < len(stay) {
			text = append(text, stay[i]...)
		}
		if i < len(hide) {
			text = append(text, hide[i]...)
		}
	}
	return text
}

// checkText fails unless text has the given number of consecutive tokens of a
// counting store.
func checkText(t *testing.T, text []int32, n int) {
	t.Helper()
	if len(text) != n {
		t.Fatalf("a text of %d tokens, want %d", len(text), n)
	}
	for i, id := range text {
		if id != text[0]+int32(i) {
			t.Fatalf("no text of the store: %v", text)
		}
	}
}

// mixtures returns settings for property tests.
func mixtures(r *rand.Rand) Settings {
	L := 40 + r.IntN(200)
	roll := []Roll{RollSingle, RollAll}[r.IntN(2)]
	switch r.IntN(3) {
	case 0:
		return SpanCorruption{L, 1 + 7*r.Float64(), 0.05 + 0.4*r.Float64(), roll}
	case 1:
		return PrefixLM{L, 0.01 + 0.49*r.Float64()}
	}
	u := DefaultUL2(L)
	u.ModeTokens, u.Roll = r.IntN(2) == 0, roll
	for i := range u.Denoisers {
		u.Denoisers[i].Rate = r.Float64()
	}
	return u
}

// checkMode checks the mode token at the beginning of inputs and removes it.
func checkMode(t *testing.T, inputs []int32, p plan) []int32 {
	t.Helper()
	if !p.prefix {
		return inputs
	}
	if want := map[Mode]int32{Regular: 2, Extreme: 3, Sequential: 4}[p.Mode]; inputs[0] != want {
		t.Fatalf("%v begins with %d, want %d", p.Denoiser, inputs[0], want)
	}
	return inputs[1:]
}

// restore returns the original text of an example.
func restore(t *testing.T, inputs, targets []int32, p plan, v Vocabulary) []int32 {
	t.Helper()
	inputs = checkMode(t, inputs, p)
	if p.Mode == Sequential {
		return slices.Concat(inputs, targets)
	}
	return decodeSpans(t, inputs, targets, v)
}

// TestExamples checks the properties of all examples, in both forms, with
// random settings.
func TestExamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	v := t5vocab(6000, 200)
	store := counting(6000)
	for trial := range 60 {
		settings := mixtures(r)
		size := 1 + r.IntN(5)
		t.Run(fmt.Sprintf("%d %s", trial, settings.Kind()), func(t *testing.T) {
			plans, err := settings.(mixture).plans(EncoderDecoder)
			if err != nil {
				t.Fatal(err)
			}
			s := encoderDecoder(t, settings, store, v, size, int64(trial))
			for step := range int64(10) {
				checkEncoderDecoder(t, at(t, s, step), plans, v)
			}
			if plans, err = settings.(mixture).plans(DecoderOnly); err != nil {
				t.Fatal(err)
			}
			d := decoder(t, settings, store, v, size, int64(trial))
			for step := range int64(10) {
				checkDecoder(t, at(t, d, step), plans, v)
			}
		})
	}
}

func checkEncoderDecoder(t *testing.T, b EncoderDecoderBatch, plans plans, v Vocabulary) {
	t.Helper()
	longest := 0
	for _, p := range plans {
		longest = max(longest, p.targets)
	}
	if b.TargetLength != longest || len(b.Inputs) != b.Size*b.InputLength || len(b.Targets) != b.Size*longest {
		t.Fatalf("shape %d, %d, %d; targets of %d are possible", b.Size, b.InputLength, b.TargetLength, longest)
	}
	for row := range b.Size {
		p := plans[b.Denoisers[row]]
		n, m := int(b.InputLengths[row]), int(b.TargetLengths[row])
		inputs := b.Inputs[row*b.InputLength : (row+1)*b.InputLength]
		lo, hi := row*b.TargetLength, (row+1)*b.TargetLength
		targets, decoder, weights := b.Targets[lo:hi], b.DecoderInputs[lo:hi], b.Weights[lo:hi]
		if n > p.inputs || m > p.targets || inputs[n-1] != v.EOS || targets[m-1] != v.EOS {
			t.Fatalf("%v: %d inputs %v, %d targets %v", p, n, inputs, m, targets)
		}
		for i := n; i < len(inputs); i++ {
			if inputs[i] != v.Pad {
				t.Fatalf("%d after the end of inputs", inputs[i])
			}
		}
		for i := range targets {
			want := float32(0)
			if i < m {
				want = 1
			}
			if weights[i] != want || i >= m && (targets[i] != v.Pad || decoder[i] != v.Pad) {
				t.Fatalf("target %d of %d: %d, weight %v", i, m, targets[i], weights[i])
			}
			if i > 0 && i < m && decoder[i] != targets[i-1] {
				t.Fatalf("decoder input %d is %d after target %d", i, decoder[i], targets[i-1])
			}
		}
		if decoder[0] != v.Pad {
			t.Fatalf("the decoder starts with %d", decoder[0])
		}
		checkText(t, restore(t, inputs[:n-1], targets[:m-1], p, v), p.raw)
	}
}

func checkDecoder(t *testing.T, b DecoderBatch, plans plans, v Vocabulary) {
	t.Helper()
	for row := range b.Size {
		p := plans[b.Denoisers[row]]
		lo, hi := row*b.Length, (row+1)*b.Length
		tokens, targets, weights := b.Tokens[lo:hi], b.Targets[lo:hi], b.Weights[lo:hi]
		prefix, length := int(b.PrefixLengths[row]), int(b.Lengths[row])
		if prefix < 1 || length > b.Length || targets[length-1] != v.EOS {
			t.Fatalf("prefix %d of %d: %v", prefix, length, targets)
		}
		if !p.roll && p.Mode != Sequential && b.Length-length > 2 {
			t.Errorf("%v leaves %d of %d places empty", p.Denoiser, b.Length-length, b.Length)
		}
		for i := range tokens {
			want := float32(0)
			if i >= prefix-1 && i < length {
				want = 1
			}
			if weights[i] != want || i >= length && (tokens[i] != v.Pad || targets[i] != v.Pad) {
				t.Fatalf("token %d of %d: %d, weight %v", i, length, tokens[i], weights[i])
			}
			if i+1 < length && targets[i] != tokens[i+1] {
				t.Fatalf("target %d is %d before token %d", i, targets[i], tokens[i+1])
			}
		}
		checkText(t, restore(t, tokens[:prefix], tokens[prefix:length], p, v), p.raw)
	}
}

// TestDenoisePure checks that batches depend only on seed and step.
func TestDenoisePure(t *testing.T) {
	v, store := t5vocab(6000, 100), counting(6000)
	for _, settings := range []Settings{DefaultUL2(48), DefaultSpanCorruption(48), DefaultPrefixLM(48)} {
		a, b := encoderDecoder(t, settings, store, v, 6, 7), encoderDecoder(t, settings, store, v, 6, 7)
		other := encoderDecoder(t, settings, store, v, 6, 8)
		c, d := decoder(t, settings, store, v, 6, 7), decoder(t, settings, store, v, 6, 7)
		var want []EncoderDecoderBatch
		var wantDecoder []DecoderBatch
		for step := range int64(40) {
			want, wantDecoder = append(want, at(t, a, step)), append(wantDecoder, at(t, c, step))
		}
		for step := int64(39); step >= 0; step-- {
			if diff := cmp.Diff(want[step], at(t, b, step)) + cmp.Diff(wantDecoder[step], at(t, d, step)); diff != "" {
				t.Fatalf("step %d in another order: %s", step, diff)
			}
			if cmp.Equal(want[step], at(t, other, step)) {
				t.Errorf("step %d is the same with another seed", step)
			}
		}
	}
}

// TestDenoisePinned checks that the same seed always gives the same batches,
// see TestPure.
func TestDenoisePinned(t *testing.T) {
	v, store := t5vocab(900, 20), counting(900)
	b := at(t, encoderDecoder(t, DefaultUL2(24), store, v, 3, 1), 5)
	got := fmt.Sprint(b.Denoisers, b.Inputs[24:48], b.Targets[b.TargetLength:2*b.TargetLength])
	if want := "[3 5 0] [3 691 692 693 694 695 696 697 698 699 700 701 702 703 704 924 725 726 727 728 729 730 1 0] " +
		"[924 705 706 707 708 709 710 711 712 713 714 715 716 717 718 719 720 721 722 723 724 923 1]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
