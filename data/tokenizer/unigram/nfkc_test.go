package unigram

import (
	"maps"
	"slices"
	"testing"
	"time"
)

func TestDiffNFKC(t *testing.T) {
	m := goldenModel(t)
	t0 := time.Now()
	ours, err := nmtNFKC()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(t0), len(ours.source))
	want, got := m.normalizer.charsmap.rules(), ours.rules()
	t.Log(len(want), len(got))
	n := 0
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if g, ok := got[k]; !ok || g != want[k] {
			n++
			t.Logf("%U %+q: theirs %+q ours %+q %v", []rune(k), k, want[k], g, ok)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			n++
			t.Logf("%U %+q: ours only %+q", []rune(k), k, got[k])
		}
	}
	t.Log(n)
}
