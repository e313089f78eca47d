package objective

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestMaskUniform checks that all pairs of compositions occur equally often.
func TestMaskUniform(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct{ length, hidden, spans, masks int }{
		{10, 4, 2, 5 * 3}, {12, 5, 3, 15 * 6}, {9, 1, 1, 1}, {8, 4, 4, 1}, {11, 6, 2, 4 * 5},
	} {
		draws := 2000 * c.masks
		counts := make(map[string]float64)
		mask := make([]bool, c.length)
		for range draws {
			spanMask(mask, c.hidden, c.spans, false, r, new(scratch))
			counts[picture(mask)]++
		}
		if len(counts) != c.masks {
			t.Errorf("%+v: %d masks occur", c, len(counts))
		}
		for m := range counts {
			if strings.Count(m, "#") != c.hidden || strings.Count(m, ".#") != c.spans || !strings.HasSuffix(m, "#") {
				t.Fatalf("%+v: mask %s", c, m)
			}
		}
		if c.masks > 1 {
			uniform(t, fmt.Sprintf("masks %+v", c), counts, draws)
		}
	}
}

// TestMaskRolled compares the frequencies of rolled masks with all rotations of
// all masks.
func TestMaskRolled(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const length, hidden, spans, draws = 7, 3, 2, 100000 // 3 x 2 masks, 7 places
	want := make(map[string]float64)
	for _, stay := range [][]int{{1, 3}, {2, 2}, {3, 1}} {
		for _, hide := range [][]int{{1, 2}, {2, 1}} {
			for shift := range length {
				mask := make([]bool, length)
				fillMask(mask, stay, hide, shift)
				want[picture(mask)] += draws / 42.0
			}
		}
	}
	got := make(map[string]float64)
	mask := make([]bool, length)
	for range draws {
		spanMask(mask, hidden, spans, true, r, new(scratch))
		got[picture(mask)]++
	}
	var g, w []float64
	for m, n := range want {
		g, w = append(g, got[m]), append(w, n)
	}
	if len(got) != len(want) {
		t.Errorf("%d masks, want %d", len(got), len(want))
	}
	chiSquare(t, "rolled masks", g, w)
}

func picture(mask []bool) string {
	var b strings.Builder
	for _, m := range mask {
		b.WriteByte(".#"[map[bool]int{false: 0, true: 1}[m]])
	}
	return b.String()
}

// uniform fails the test unless all counts are about the same.
func uniform[K comparable](t *testing.T, what string, counts map[K]float64, total int) {
	t.Helper()
	var got, want []float64
	for _, n := range counts {
		got, want = append(got, n), append(want, float64(total)/float64(len(counts)))
	}
	chiSquare(t, what, got, want)
}

// TestMaskOfBatches checks that batches contain all masks of a small case.
func TestMaskOfBatches(t *testing.T) {
	v := t5vocab(4000, 10)
	s := encoderDecoder(t, SpanCorruption{10, 2, 0.35, RollNone}, counting(4000), v, 50, 3) // 11 tokens, 4 hidden in 2 spans
	counts, total := make(map[string]float64), 0
	for step := range int64(400) {
		b := at(t, s, step)
		for row := range b.Size {
			mask := make([]bool, 11)
			inputs := b.Inputs[row*10 : row*10+10]
			for i := range mask {
				mask[i] = !slices.Contains(inputs, inputs[0]+int32(i)) // the first token stays
			}
			counts[picture(mask)]++
			total++
		}
	}
	if len(counts) != 6*3 {
		t.Errorf("%d masks occur", len(counts))
	}
	uniform(t, "masks", counts, total)
}

func TestPrefixUniform(t *testing.T) {
	v := t5vocab(4000, 0)
	for _, c := range []PrefixLM{{12, 0.5}, {16, 0.25}} {
		least, most := PrefixRange(c.SequenceLength, c.Density)
		counts, total := make(map[int32]float64), 0
		for step, s := int64(0), decoder(t, c, counting(4000), v, 50, 5); step < 400; step++ {
			for _, n := range at(t, s, step).PrefixLengths {
				if int(n) < least || int(n) > most {
					t.Fatalf("%+v: a prefix of %d", c, n)
				}
				counts[n]++
				total++
			}
		}
		if len(counts) != most-least+1 {
			t.Errorf("%+v: %d prefixes", c, len(counts))
		}
		uniform(t, "prefixes", counts, total)
	}
}

func TestDenoisersByRate(t *testing.T) {
	u := DefaultUL2(64)
	rates := []float64{1, 0, 2, 0.5, 4, 1.5, 0}
	for i := range u.Denoisers {
		u.Denoisers[i].Rate = rates[i]
	}
	s := encoderDecoder(t, u, counting(6000), t5vocab(6000, 100), 20, 9)
	got, want := make([]float64, 7), make([]float64, 7)
	for step := range int64(1000) {
		for _, d := range at(t, s, step).Denoisers {
			got[d]++
		}
	}
	for i, rate := range rates {
		want[i] = 20000 * rate / 9
	}
	if got[1] != 0 || got[6] != 0 {
		t.Errorf("denoisers of rate 0 occur: %v", got)
	}
	keep := func(x []float64) []float64 { return slices.Concat(x[:1], x[2:6]) }
	chiSquare(t, "denoisers", keep(got), keep(want))
}
