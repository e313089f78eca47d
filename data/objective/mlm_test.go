package objective

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// sequence is a store of the given tokens.
type sequence []int32

func (s sequence) Len() int64 { return int64(len(s)) }

func (s sequence) Read(dst []int32, offset int64) error {
	if offset < 0 || offset+int64(len(dst)) > s.Len() {
		return fmt.Errorf("%d tokens at %d of %d", len(dst), offset, len(s))
	}
	copy(dst, s[offset:])
	return nil
}

// vocab is a vocabulary whose first tokens are special.
func vocab(size int) Vocabulary {
	return Vocabulary{Size: size, Pad: 0, Cls: 2, Sep: 3, Mask: 4, EOS: None, Specials: []int32{0, 1, 2, 3, 4}}
}

// counting returns n ordinary tokens 5, 6, 7, ... for a vocabulary of n+5.
func counting(n int) sequence {
	s := make(sequence, n)
	for i := range s {
		s[i] = int32(i + 5)
	}
	return s
}

func sampler(t testing.TB, m MLM, store Tokens, v Vocabulary, size int, seed int64) *Sampler[MLMBatch] {
	t.Helper()
	s, err := NewMLMSampler(m, store, v, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func batch(t testing.TB, s *Sampler[MLMBatch], step int64) MLMBatch {
	t.Helper()
	b, err := s.Batch(step)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenPredictions(t *testing.T) {
	var cases []struct {
		Length  int `json:"len_with_cls_sep"`
		MaxPred int `json:"max_pred"`
		Want    int `json:"num_to_predict"`
	}
	golden(t, "bert_num_to_predict.json", &cases)
	for _, c := range cases {
		m := MLM{SequenceLength: c.Length, MaskProbability: 0.15, MaxPredictions: c.MaxPred}
		if got := m.Predictions(c.Length); got != c.Want {
			t.Errorf("length %d, at most %d: %d, want %d", c.Length, c.MaxPred, got, c.Want)
		}
	}
}

func TestPredictions(t *testing.T) {
	for _, c := range []struct {
		length, most, want int
	}{
		{3, 0, 1}, {10, 0, 2}, // 1.5 rounds to 2
		{30, 0, 4}, // 4.5 rounds to 4
		{64, 0, 10}, {128, 0, 19}, {128, 20, 19}, {512, 20, 20}, {512, 0, 77},
	} {
		if got := (MLM{SequenceLength: c.length, MaskProbability: 0.15, MaxPredictions: c.most}).Predictions(c.length); got != c.want {
			t.Errorf("length %d, at most %d: %d, want %d", c.length, c.most, got, c.want)
		}
	}
}

// TestBatch checks the properties of all batches.
func TestBatch(t *testing.T) {
	store := counting(2000)
	for i := 50; i < len(store); i += 37 {
		store[i] = 3 // [SEP] between documents
	}
	for i := 300; i < 340; i++ {
		store[i] = 1 // a stretch of [UNK], so that some rows have fewer predictions
	}
	v := vocab(2005)
	m := MLM{SequenceLength: 32, MaskProbability: 0.3}
	s := sampler(t, m, store, v, 8, 1)
	partial := false
	for step := range int64(20) {
		b := batch(t, s, step)
		if b.Size != 8 || b.Length != 32 || b.Predictions != 10 || len(b.Tokens) != 256 || len(b.Positions) != 80 || len(b.Labels) != 80 || len(b.Weights) != 80 {
			t.Fatalf("shape %d %d %d", b.Size, b.Length, b.Predictions)
		}
		for row := range b.Size {
			tokens := slices.Clone(b.Tokens[row*32 : row*32+32])
			last := int32(0)
			for i := row * 10; i < row*10+10; i++ {
				if b.Weights[i] == 0 {
					partial = true
					if b.Positions[i] != 0 || b.Labels[i] != 0 {
						t.Errorf("unused prediction with position %d, label %d", b.Positions[i], b.Labels[i])
					}
					continue
				}
				if b.Positions[i] <= last || b.Positions[i] >= 31 {
					t.Errorf("position %d after %d", b.Positions[i], last)
				}
				last = b.Positions[i]
				if b.Labels[i] < 5 {
					t.Errorf("the special token %d is predicted", b.Labels[i])
				}
				if got := tokens[last]; got != v.Mask && got < 5 {
					t.Errorf("%d was replaced by the special token %d", b.Labels[i], got)
				}
				tokens[last] = b.Labels[i]
			}
			// With its labels restored, a row is [CLS], a window, [SEP].
			if tokens[0] != v.Cls || tokens[31] != v.Sep {
				t.Errorf("a row from %d to %d", tokens[0], tokens[31])
			}
			at := slices.IndexFunc(tokens[1:31], func(id int32) bool { return id >= 5 })
			if at < 0 {
				continue // only special tokens, which do not show their position
			}
			from := int(tokens[1+at]) - 5 - at
			if d := cmp.Diff([]int32(store[from:from+30]), tokens[1:31]); d != "" {
				t.Errorf("step %d row %d is no window of the store: %s", step, row, d)
			}
		}
	}
	if !partial {
		t.Error("no row had fewer predictions; the test does not test that")
	}
}

// TestEpoch checks that every window of an epoch is seen once, that the next
// epoch has another order and offset, and that a batch may span both.
func TestEpoch(t *testing.T) {
	const w, n = 10, 507
	s := sampler(t, MLM{SequenceLength: w + 2, MaskProbability: 0.1, MaxPredictions: 1}, counting(n), vocab(n+5), 7, 3)
	if s.windows != 49 { // (507-10+1)/10
		t.Fatalf("%d windows", s.windows)
	}
	var starts []int
	for step := range int64(14) { // two epochs
		b := batch(t, s, step)
		for row := range b.Size {
			tokens := b.Tokens[row*b.Length : (row+1)*b.Length]
			at := 1
			if b.Positions[row] == 1 {
				at = 2
			}
			starts = append(starts, int(tokens[at])-5-(at-1))
		}
	}
	first, second := starts[:49], starts[49:]
	for _, e := range [][]int{first, second} {
		sorted := slices.Clone(e)
		slices.Sort(sorted)
		for i, at := range sorted {
			if at != sorted[0]+i*w {
				t.Fatalf("windows begin at %v", sorted)
			}
		}
	}
	if slices.Equal(first, second) {
		t.Error("two epochs are the same")
	}
}

func TestPure(t *testing.T) {
	m := DefaultMLM(16)
	store, v := counting(500), vocab(505)
	a, b := sampler(t, m, store, v, 4, 7), sampler(t, m, store, v, 4, 7)
	other := sampler(t, m, store, v, 4, 8)
	var want []MLMBatch
	for step := range int64(30) { // more than three epochs
		want = append(want, batch(t, a, step))
	}
	for step := int64(29); step >= 0; step-- {
		if d := cmp.Diff(want[step], batch(t, b, step)); d != "" {
			t.Fatalf("step %d in another order: %s", step, d)
		}
		if cmp.Equal(want[step], batch(t, other, step)) {
			t.Errorf("step %d is the same with another seed", step)
		}
	}
	// This pins the numbers themselves: a run's address is its configuration,
	// so the same seed must always give the same batches. If they must change,
	// increase formatVersion of package data too.
	if d := cmp.Diff([]int32{2, 47, 48, 49, 50, 51, 52, 4, 4, 55, 56, 57, 58, 59, 60, 3}, want[3].Tokens[:16]); d != "" {
		t.Error(d)
	}
}

func TestFixed(t *testing.T) {
	m := DefaultMLM(12)
	store, v := counting(1003), vocab(1008)
	s := sampler(t, m, store, v, 4, 1)
	a, err := s.Fixed(5)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sampler(t, m, store, v, 4, 1).Fixed(5)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
	seen := make(map[int32]bool)
	for _, b := range a {
		for row := range b.Size {
			for i := range b.Predictions {
				b.Tokens[row*b.Length+int(b.Positions[row*b.Predictions+i])] = b.Labels[row*b.Predictions+i]
			}
			for _, id := range b.Tokens[row*b.Length+1 : (row+1)*b.Length-1] {
				if seen[id] {
					t.Errorf("token %d is in two windows", id)
				}
				seen[id] = true
			}
		}
	}
	if _, err := s.Fixed(25); err != nil { // 100 windows of 10
		t.Error(err)
	}
	if _, err := s.Fixed(26); err == nil || !strings.Contains(err.Error(), "1003 tokens, and they need 1040") {
		t.Errorf("too many batches: %v", err)
	}
}

// chiSquare fails the test if the counts are improbable (p < 0.001) for the
// expectation.
func chiSquare(t *testing.T, what string, got, want []float64) {
	t.Helper()
	x := stat.ChiSquare(got, want)
	if p := (distuv.ChiSquared{K: float64(len(got) - 1)}).Survival(x); p < 1e-3 {
		t.Errorf("%s: chi-square %.1f, p = %g; got %v, want %v", what, x, p, got, want)
	}
}

// TestMaskFrequency checks with a fixed seed that all positions, all sets of
// positions of a small case, the three treatments and all replacements have the
// expected frequencies.
func TestMaskFrequency(t *testing.T) {
	const w, rows, steps = 6, 100, 300
	v := vocab(25)
	store := make(sequence, w*rows*2)
	for i := range store {
		store[i] = 5 + int32(i)%2 // two tokens, so that most replacements show
	}
	s := sampler(t, MLM{SequenceLength: w + 2, MaskProbability: 0.25, MaxPredictions: 0}, store, v, rows, 11) // two of six positions
	sets := make(map[[2]int32]float64)
	replaced := make([]float64, v.Size)
	var masked, random, same, total float64
	for step := range int64(steps) {
		b := batch(t, s, step)
		for row := range rows {
			sets[[2]int32(b.Positions[2*row:2*row+2])]++
			for i := 2 * row; i < 2*row+2; i++ {
				total++
				switch got := b.Tokens[row*b.Length+int(b.Positions[i])]; {
				case got == v.Mask:
					masked++
				case got == b.Labels[i]:
					same++
				default:
					random++
					replaced[got]++
				}
			}
		}
	}
	if len(sets) != 15 {
		t.Errorf("%d of 15 sets of positions occur", len(sets))
	}
	got, want := make([]float64, 0, 15), make([]float64, 15)
	for _, n := range sets {
		got = append(got, n)
	}
	for i := range want {
		want[i] = steps * rows / 15.0
	}
	chiSquare(t, "sets of positions", got, want)
	// One random replacement in 20 is the token itself.
	chiSquare(t, "treatments", []float64{masked, random, same}, []float64{0.8 * total, 0.095 * total, 0.105 * total})
	// Tokens 7 to 24 replace either of the two, 5 and 6 only each other.
	want = make([]float64, 20)
	for i := range want {
		want[i] = random / 19
		if i < 2 {
			want[i] /= 2
		}
	}
	chiSquare(t, "replacements", replaced[5:], want)
	if math.Abs(total-2*rows*steps) > 0 {
		t.Errorf("%v predictions, want %d", total, 2*rows*steps)
	}
}

func TestErrors(t *testing.T) {
	v := vocab(505)
	for _, c := range []struct {
		m     MLM
		store sequence
		v     Vocabulary
		size  int
		want  string
	}{
		{MLM{SequenceLength: 2, MaskProbability: 0.15, MaxPredictions: 0}, counting(500), v, 1, "too short"},
		{MLM{SequenceLength: 16, MaskProbability: 0, MaxPredictions: 0}, counting(500), v, 1, "mask probability"},
		{MLM{SequenceLength: 16, MaskProbability: math.NaN(), MaxPredictions: 0}, counting(500), v, 1, "mask probability"},
		{MLM{SequenceLength: 16, MaskProbability: 0.15, MaxPredictions: -1}, counting(500), v, 1, "no limit"},
		{DefaultMLM(16), counting(500), v, 0, "batch size"},
		{DefaultMLM(16), counting(500), Vocabulary{Size: 3, Cls: 0, Sep: 1, Mask: 5}, 1, "outside the vocabulary"},
		{DefaultMLM(16), counting(68), v, 4, "it has 68 tokens, and a batch of 4 sequences of 16 needs 69"},
		{DefaultMLM(16), nil, v, 1, "shorter than a batch"},
	} {
		if _, err := NewMLMSampler(c.m, c.store, c.v, c.size, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.m, err, c.want)
		}
	}
	sampler(t, DefaultMLM(16), counting(69), v, 4, 1)
	s := sampler(t, DefaultMLM(16), counting(500), vocab(100), 4, 1)
	if _, err := s.Batch(0); err == nil || !strings.Contains(err.Error(), "another vocabulary") {
		t.Errorf("a store of another vocabulary: %v", err)
	}
}
