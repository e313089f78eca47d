package merges_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer/merges"
)

// joinWith joins tokens as WordPiece does with the prefix "##".
func joinWith(prefix string) func(left, right string) string {
	return func(left, right string) string { return left + strings.TrimPrefix(right, prefix) }
}

// characters returns the ids of the characters of word, of which all but the
// first have the prefix.
func characters(t testing.TB, tokens []string, word, prefix string) []int32 {
	var ids []int32
	for i, r := range word {
		name := string(r)
		if i > 0 {
			name = prefix + name
		}
		id := slices.Index(tokens, name)
		if id < 0 {
			t.Fatalf("no token %q", name)
		}
		ids = append(ids, int32(id))
	}
	return ids
}

// TestLearnAsHuggingFace compares small trainings with those of
// testdata/learn.py.
func TestLearnAsHuggingFace(t *testing.T) {
	data, err := os.ReadFile("testdata/learn.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Words        map[string]int64
		Prefix       string
		VocabSize    int   `json:"vocab_size"`
		MinFrequency int64 `json:"min_frequency"`
		Tokens       []string
		Merges       [][2]string
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		initial := slices.IndexFunc(c.Tokens, func(s string) bool { return len(strings.TrimPrefix(s, c.Prefix)) > 1 })
		if initial < 0 {
			initial = len(c.Tokens)
		}
		var words merges.Words
		for w, n := range c.Words {
			words.Add(characters(t, c.Tokens[:initial], w, c.Prefix), n)
		}
		tokens, learned, err := merges.Learn(context.Background(), c.Tokens[:initial], &words, merges.Options{
			VocabSize:    max(c.VocabSize, initial),
			MinFrequency: c.MinFrequency,
			Join:         joinWith(c.Prefix),
		})
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		if diff := cmp.Diff(c.Tokens, tokens); diff != "" {
			t.Errorf("case %d: tokens (-theirs, +ours):\n%s", i, diff)
		}
		// Of a pair that is merged several times they keep the last merge.
		last := make(map[[2]string]int)
		for j, m := range learned {
			last[[2]string{tokens[m.Left], tokens[m.Right]}] = j
		}
		var pairs [][2]string
		for j, m := range learned {
			if p := [2]string{tokens[m.Left], tokens[m.Right]}; last[p] == j {
				pairs = append(pairs, p)
			}
		}
		if diff := cmp.Diff(c.Merges, pairs); diff != "" && len(c.Merges)+len(pairs) > 0 {
			t.Errorf("case %d: merges (-theirs, +ours):\n%s", i, diff)
		}
	}
}

func TestLearnRefuses(t *testing.T) {
	word := func(ids ...int32) *merges.Words {
		var w merges.Words
		w.Add(ids, 1)
		return &w
	}
	for name, c := range map[string]struct {
		words *merges.Words
		opts  merges.Options
	}{
		"small":     {word(0, 1), merges.Options{VocabSize: 1}},
		"large":     {word(0, 1), merges.Options{VocabSize: 1<<24 + 1}},
		"frequency": {word(0, 1), merges.Options{VocabSize: 3, MinFrequency: -1}},
		"id":        {word(0, 2), merges.Options{VocabSize: 3}},
		"negative":  {word(0, -1), merges.Options{VocabSize: 3}},
	} {
		if _, _, err := merges.Learn(context.Background(), []string{"a", "b"}, c.words, c.opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestLearnSize checks that memory goes by what the words can give, not by the
// size that is asked for.
func TestLearnSize(t *testing.T) {
	var w merges.Words
	w.Add([]int32{0, 1, 0}, 1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tokens, _, err := merges.Learn(context.Background(), []string{"a", "b"}, &w, merges.Options{VocabSize: 1 << 24})
	runtime.ReadMemStats(&after)
	if want := []string{"a", "b", "ab", "aba"}; err != nil || !slices.Equal(tokens, want) {
		t.Errorf("%q, %v; want %q", tokens, err, want)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated for 4 tokens", n)
	}
}

func TestLearnStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("enough")
	cancel(reason)
	var w merges.Words
	w.Add([]int32{0, 1}, 1)
	if _, _, err := merges.Learn(ctx, []string{"a", "b"}, &w, merges.Options{VocabSize: 3}); !errors.Is(err, reason) {
		t.Errorf("got %v, want %v", err, reason)
	}
}

func ExampleLearn() {
	tokens := []string{"h", "u", "g", "s", "p"}
	var words merges.Words
	words.Add([]int32{0, 1, 2}, 10)   // hug
	words.Add([]int32{4, 1, 2}, 5)    // pug
	words.Add([]int32{0, 1, 2, 3}, 5) // hugs
	tokens, learned, err := merges.Learn(context.Background(), tokens, &words, merges.Options{VocabSize: 8})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range learned {
		fmt.Println(tokens[m.Left], "+", tokens[m.Right], "=", tokens[m.Result])
	}
	// Output:
	// u + g = ug
	// h + ug = hug
	// p + ug = pug
}
