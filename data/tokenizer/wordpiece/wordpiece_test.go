package wordpiece

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

var bertSpecials = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

func texts(docs ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func train(t testing.TB, opts TrainOptions, docs ...string) *Model {
	t.Helper()
	opts.Special = bertSpecials
	tok, err := Train(context.Background(), texts(docs...), opts)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestEveryCodePoint compares the words made of 'a' + c + 'b' for every c with
// those that Hugging Face makes.
func TestEveryCodePoint(t *testing.T) {
	if unicode.Version != "15.0.0" {
		t.Fatalf("the exception tables are for Unicode 15.0.0, this Go has %s: compare with testdata/codepoints.py and amend unicode.go", unicode.Version)
	}
	const want = "24ffb3d64d467eaf7a79cbe2b56afe15a3d6b769540f6c020193f357b36137e5" // sha256 of the output of testdata/codepoints.py
	n := Uncased
	h := sha256.New()
	var scratch []byte
	for c := rune(1); c < 0x110000; c++ {
		if 0xD800 <= c && c < 0xE000 {
			continue
		}
		fmt.Fprintf(h, "%x\t", c)
		separator := ""
		fields("a"+string(c)+"b", func(field string) {
			scratch = n.words(field, scratch, func(word []byte) {
				fmt.Fprintf(h, "%s", separator)
				separator = ""
				for _, r := range string(word) {
					fmt.Fprintf(h, "%s%x", separator, r)
					separator = " "
				}
				separator = "|"
			})
		})
		fmt.Fprintln(h)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("sha256 %s, want %s: some character is treated otherwise than by Hugging Face; print this loop's lines and compare them with testdata/codepoints.py", got, want)
	}
}

// TestTrain checks the trainer against a small case whose merges can be
// followed by hand. Counts: hug 10, pug 5, pun 12, bun 4, hugs 5, the example of
// the Hugging Face course.
func TestTrain(t *testing.T) {
	var words []string
	for word, n := range map[string]int{"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5} {
		words = append(words, strings.Repeat(word+" ", n))
	}
	tok := train(t, TrainOptions{VocabSize: 22}, words...)
	// ##u ##g occurs 20 times, ##u ##n 16, h ##ug 15, p ##un 12; then p ##ug,
	// hug ##s at 5 each, the one with the lower id first.
	want := []string{
		"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",
		"b", "g", "h", "n", "p", "s", "u", "##g", "##n", "##s", "##u",
		"##ug", "##un", "hug", "pun", "pug", "hugs",
	}
	if d := cmp.Diff(want, tok.Tokens()); d != "" {
		t.Error(d)
	}
}

func TestTrainDeterministic(t *testing.T) {
	var docs []string
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		// Words of few letters make many ties.
		word := make([]byte, 1+r.IntN(8))
		for i := range word {
			word[i] = "abcde"[r.IntN(5)]
		}
		docs = append(docs, string(word))
	}
	a := train(t, TrainOptions{VocabSize: 500}, docs...)
	slices.Reverse(docs)
	b := train(t, TrainOptions{VocabSize: 500}, docs...)
	if d := cmp.Diff(a.Tokens(), b.Tokens()); d != "" {
		t.Errorf("the vocabulary depends on the order of documents: %s", d)
	}
	if a.Size() != 500 {
		t.Errorf("%d tokens, want 500", a.Size())
	}
}

func TestTrainErrors(t *testing.T) {
	ctx := context.Background()
	if _, err := Train(ctx, texts("", " \n"), TrainOptions{VocabSize: 100, Special: bertSpecials}); !errors.Is(err, wordcount.ErrNoText) {
		t.Errorf("no text: %v", err)
	}
	if _, err := Train(ctx, texts("abcdefghijk"), TrainOptions{VocabSize: 12, Special: bertSpecials}); err == nil || !strings.Contains(err.Error(), "raise the vocabulary size") {
		t.Errorf("too large an alphabet: %v", err)
	}
	if _, err := Train(ctx, texts("a"), TrainOptions{VocabSize: 3, Special: bertSpecials}); err == nil {
		t.Error("a vocabulary of 3 was accepted")
	}
	broken := errors.New("broken")
	_, err := Train(ctx, func(yield func(string, error) bool) { yield("", broken) }, TrainOptions{VocabSize: 100, Special: bertSpecials})
	if !errors.Is(err, broken) {
		t.Errorf("a failing source: %v", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Train(canceled, texts(strings.Repeat("some words ", 1000)), TrainOptions{VocabSize: 100, Special: bertSpecials}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// wordpiece is a small vocabulary for examples and tests.
func wordpiece(t testing.TB, tokens ...string) *Model {
	t.Helper()
	tok, err := New(slices.Concat(bertSpecials, tokens), Uncased)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestEncode(t *testing.T) {
	tok := wordpiece(t, "un", "##aff", "##able", "na", "##ive", "x", "##x", "東", "京", ".", ",", "[", "]", "sep")
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Unaffable, naïve.", "un ##aff ##able , na ##ive ."},
		{"un un\taff", "un un [UNK]"},
		{"東京", "東 京"},
		{"un\u200baff\ufeffable\x00", "un ##aff ##able"},
		{"un\xffaff", "un ##aff"},
		{"un[SEP]un", "un [ sep ] un"},
		{"un[SEP", "un [ sep"},
		{long, "x" + strings.Repeat(" ##x", 99)},
		{long + "x", "[UNK]"},
	} {
		want := strings.Fields(c.want)
		var got []string
		for _, id := range tok.NewEncoder().Encode(nil, c.in) {
			got = append(got, tok.Token(id))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", c.in, got, want)
		}
	}
	if got := tok.Decode([]string{"[CLS]", "un", "##aff", "##able", ",", "na", "##ive", "."}); got != "[CLS] unaffable, naive." {
		t.Errorf("decoded: %q", got)
	}
}

func FuzzEncode(f *testing.F) {
	tok := wordpiece(f, "a", "##a", "b")
	f.Add("a\xffé [MASK] 東")
	f.Fuzz(func(t *testing.T, text string) {
		e := tok.NewEncoder()
		ids := e.Encode(nil, text)
		if again := e.Encode(nil, text); !slices.Equal(ids, again) {
			t.Errorf("%v, then %v", ids, again)
		}
	})
}
