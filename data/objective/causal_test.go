package objective

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCausal(t *testing.T) {
	store := newLibrary(30, 5, 0, 1, 100, 17, 60)
	v := vocab(6 + len(store.sequence))
	for _, separate := range []bool{false, true} {
		s := decoder(t, CausalLM{12, separate}, store, v, 3, 1)
		for step := range int64(30) {
			b := at(t, s, step)
			if (b.Segments != nil) != separate || !slices.Equal(b.PrefixLengths, []int32{0, 0, 0}) || !slices.Equal(b.Lengths, []int32{12, 12, 12}) {
				t.Fatalf("segments %v, prefixes %v, lengths %v", b.Segments, b.PrefixLengths, b.Lengths)
			}
			for row := range b.Size {
				tokens, targets := b.Tokens[row*12:row*12+12], b.Targets[row*12:row*12+12]
				window := append(slices.Clone(tokens), targets[11])
				if !slices.Equal(window[1:], targets) {
					t.Fatalf("targets %v of %v", targets, tokens)
				}
				first := slices.IndexFunc(window, func(id int32) bool { return id >= 5 })
				from := int(window[first]) - 5 - first
				if d := cmp.Diff([]int32(store.sequence[from:from+13]), window); d != "" {
					t.Fatal(d)
				}
				segment := int32(0)
				for i, id := range tokens {
					want := float32(1)
					if separate && id == 3 {
						want = 0
					}
					if b.Weights[row*12+i] != want || separate && b.Segments[row*12+i] != segment {
						t.Fatalf("weights %v, segments %v of %v", b.Weights, b.Segments, b.Tokens)
					}
					if id == 3 {
						segment++
					}
				}
			}
		}
	}
}
