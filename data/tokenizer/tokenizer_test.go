package tokenizer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// golden is where the exact cases lie that are not part of the repository.
const golden = "../../../shared/golden/tokenizers"

func texts(docs ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// trained returns a tokenizer trained on a few sentences.
func trained(t testing.TB, opts TrainOptions) *Tokenizer {
	t.Helper()
	text := `She said "it's <b>5 & 7</b>", naïvely. She said it. 東京 she said it, and she said: growing grows, stacking stacks.`
	tok, err := Train(context.Background(), texts(text, text, text), opts)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// wordpieces returns the smallest BERT vocabulary with the tokens.
func wordpieces(t testing.TB, tokens ...string) *Tokenizer {
	t.Helper()
	tok, err := ParseVocabulary([]byte(strings.Join(slices.Concat(specialNames[WordPiece], tokens), "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func names(t *Tokenizer, ids []int32) string {
	var out []string
	for _, id := range ids {
		out = append(out, t.Token(id))
	}
	return strings.Join(out, " ")
}

// TestGolden encodes lines whose ids are known from the programs that made the
// files.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(golden, "parity.json"))
	if err != nil {
		t.Skipf("no exact cases: %v", err)
	}
	var cases struct {
		Lines []string
		IDs   map[string][][]int32
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for name, file := range goldenFiles {
		tok, err := Load(filepath.Join(golden, file))
		if err != nil {
			t.Fatal(err)
		}
		again := reload(t, tok)
		e := again.NewEncoder()
		want := cases.IDs[name]
		if len(want) != len(cases.Lines) || len(want) == 0 {
			t.Fatalf("%s: %d answers for %d lines", name, len(want), len(cases.Lines))
		}
		for i, line := range cases.Lines {
			if got := tok.Encode(nil, line); !slices.Equal(got, want[i]) {
				t.Errorf("%s: %q: %v, want %v", name, line, got, want[i])
			}
			if got := e.Encode(nil, line); !slices.Equal(got, want[i]) {
				t.Errorf("%s: %q saved and loaded: %v, want %v", name, line, got, want[i])
			}
		}
	}
}

// reload saves a tokenizer and loads it again.
func reload(t *testing.T, tok *Tokenizer) *Tokenizer {
	t.Helper()
	dir := t.TempDir()
	if err := tok.SaveTo(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range tok.Files() {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: another %s was saved, error %v", tok.Kind(), name, err)
		}
	}
	again, err := Load(filepath.Join(dir, tok.FileName()))
	if err != nil {
		t.Fatal(err)
	}
	if tok.Fingerprint() != again.Fingerprint() {
		t.Errorf("%s: another fingerprint after saving and loading", tok.Kind())
	}
	return again
}

func TestSpecialTokens(t *testing.T) {
	tok := wordpieces(t, "un", "[", "]", "sep", "mask")
	for _, c := range []struct{ in, want string }{
		{"un[SEP]un", "un [SEP] un"},
		{"[MASK][MASK]", "[MASK] [MASK]"},
		{"un [SEP", "un [ sep"},
		{"[[MASK]", "[ [MASK]"},
		{"", ""},
	} {
		if got := names(tok, tok.Encode(nil, c.in)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	if got := names(tok, tok.EncodeSpecial(nil, "un")); got != "[CLS] un [SEP]" {
		t.Errorf("with special tokens: %q", got)
	}
	e := tok.NewEncoder()
	e.Literal = true
	if got := names(tok, e.Encode(nil, "un[SEP]un")); got != "un [ sep ] un" {
		t.Errorf("literal: %q", got)
	}
	if got := tok.Decode(tok.Encode(nil, "[CLS] un UN")); got != "[CLS] un un" {
		t.Errorf("decoded: %q", got)
	}
}

func TestAddedTokens(t *testing.T) {
	m, err := newMatchers([]addedToken{
		{ID: 1, Content: "<a>"}, {ID: 2, Content: "<ab>", LStrip: true}, {ID: 3, Content: "word", SingleWord: true, RStrip: true}, {ID: 4, Content: "<a>b"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   string
		want []int32
		rest string
	}{
		{"x<a>y", []int32{1}, "x|y"},
		{"x<a>b", []int32{4}, "x|"},       // the longest
		{"x  <ab> y", []int32{2}, "x| y"}, // takes the spaces before it
		{"swords word  x", []int32{3}, "swords |x"},
		{"<a> <ab>", []int32{1, 2}, "||"},
	} {
		var ids []int32
		rest, at := "", 0
		for part, id := range m[0].matches(c.in, false) {
			ids = append(ids, id)
			rest += c.in[at:part[0]] + "|"
			at = part[1]
		}
		rest += c.in[at:]
		if !slices.Equal(ids, c.want) || rest != c.rest {
			t.Errorf("%q: %v, %q; want %v, %q", c.in, ids, rest, c.want, c.rest)
		}
	}
}

// TestExtend checks that sentinels descend from the last id, and that they and
// the mode tokens survive saving.
func TestExtend(t *testing.T) {
	for _, kind := range kinds {
		tok := reload(t, trained(t, TrainOptions{Kind: kind, VocabSize: 400, Sentinels: 4, Modes: true}))
		n := int32(tok.VocabSize())
		if got := tok.Sentinels(); !slices.Equal(got, []int32{n - 1, n - 2, n - 3, n - 4}) {
			t.Errorf("%s: sentinels %v of %d tokens", kind, got, n)
		}
		nlu, nlg, s2s, ok := tok.Modes()
		if !ok || nlu != n-7 || nlg != n-6 || s2s != n-5 || tok.Token(s2s) != S2S {
			t.Errorf("%s: modes %d %d %d %v of %d tokens", kind, nlu, nlg, s2s, ok, n)
		}
		for _, id := range append(tok.Sentinels(), nlu, nlg, s2s) {
			if !tok.IsSpecial(id) || tok.Continues(id) {
				t.Errorf("%s: %s is not special", kind, tok.Token(id))
			}
		}
		sp := tok.Special()
		for name, id := range map[string]int32{"pad": sp.Pad, "cls": sp.Cls, "sep": sp.Sep, "mask": sp.Mask, "eos": sp.EOS} {
			if id < 0 || !tok.IsSpecial(id) {
				t.Errorf("%s: no token for %s", kind, name)
			}
		}
		again, err := tok.ExtendUL2(4, true)
		if err != nil || again.VocabSize() != tok.VocabSize() {
			t.Errorf("%s: extended twice: %v", kind, err)
		}
		if _, err := tok.Extend("s"); kind == WordPiece && err == nil {
			t.Errorf("%s: an ordinary token became special", kind)
		}
	}
}

func TestTrainErrors(t *testing.T) {
	ctx := context.Background()
	for _, kind := range kinds {
		if _, err := Train(ctx, texts("", ""), TrainOptions{Kind: kind, VocabSize: 400}); !errors.Is(err, ErrNoText) {
			t.Errorf("%s: no text: %v", kind, err)
		}
		broken := errors.New("broken")
		_, err := Train(ctx, func(yield func(string, error) bool) { yield("", broken) }, TrainOptions{Kind: kind, VocabSize: 400})
		if !errors.Is(err, broken) {
			t.Errorf("%s: a failing source: %v", kind, err)
		}
		canceled, cancel := context.WithCancel(ctx)
		late := TrainOptions{Kind: kind, VocabSize: 400, Progress: func(int64, int64) { cancel() }}
		if tok, err := Train(canceled, texts(strings.Repeat("some words ", 50)), late); (tok == nil) == (err == nil) {
			t.Errorf("%s: canceled late: %v, %v", kind, tok, err)
		}
		for _, opts := range []TrainOptions{
			{Kind: kind, VocabSize: 3}, {Kind: kind, VocabSize: 50, Sentinels: 60}, {Kind: kind, VocabSize: 400, Sentinels: -1},
			{Kind: kind, VocabSize: math.MaxInt}, {Kind: kind, VocabSize: math.MinInt, Sentinels: 5}, {Kind: kind, VocabSize: 400, Sentinels: math.MaxInt, Modes: true},
			{Kind: kind, VocabSize: 400, CharacterCoverage: 2}, {Kind: kind, VocabSize: 400, MinFrequency: -1}, {Kind: kind, VocabSize: 400, LimitAlphabet: -1},
		} {
			_, err := Train(ctx, texts("a b"), opts)
			if err == nil {
				t.Errorf("accepted: %+v", opts)
			}
			checkPrefix(t, err)
		}
		opts := TrainOptions{Kind: kind, VocabSize: 700, CharacterCoverage: 1, ByteFallback: true}
		if tok, err := Train(ctx, texts("a b"), opts); (err == nil) != (kind == Unigram) {
			t.Errorf("%s with bytes to fall back to: %v", kind, err)
		} else if err == nil && len(tok.Encode(nil, "é")) < 3 {
			t.Errorf("é became %q", names(tok, tok.Encode(nil, "é")))
		}
	}
	_, err := Train(ctx, texts("a b"), TrainOptions{Kind: BPE, VocabSize: 300, Sentinels: 100})
	if err == nil || !strings.Contains(err.Error(), "300 tokens less 100 sentinels and mode tokens leave 200") {
		t.Errorf("more sentinels than there is room for: %v", err)
	}
	if _, err := Train(ctx, texts("a"), TrainOptions{Kind: "words", VocabSize: 400}); err == nil || !strings.Contains(err.Error(), "words") {
		t.Errorf("an unknown kind: %v", err)
	}
}

func TestVocabulary(t *testing.T) {
	if got := names(wordpieces(t, "a", "##b"), wordpieces(t, "a", "##b").Encode(nil, "AB")); got != "a ##b" {
		t.Errorf("an uncased vocabulary: %q", got)
	}
	cased := wordpieces(t, "a", "A", "##B")
	if got := names(cased, cased.Encode(nil, "AB a")); got != "A ##B a" {
		t.Errorf("a cased vocabulary: %q", got)
	}
	for _, c := range []struct{ text, want string }{
		{"a\n\nb\n", "line 2 is empty"}, {"a\nb\n", "[UNK]"}, {"[UNK]\na\na\n", "two ids"}, {"", "line 1"},
	} {
		if _, err := ParseVocabulary([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want one with %q", c.text, err, c.want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "vocab.bin")
	if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), ".bin") {
		t.Errorf("an unknown extension: %v", err)
	}
	good := string(wordpieces(t, "a", "b").contents())
	for _, c := range []struct{ name, data, want string }{
		{"truncated", good[:len(good)/2], "not a tokenizer.json"},
		{"no model", "{}", "no \"model\""},
		{"other model", strings.Replace(good, `"type":"WordPiece","unk`, `"type":"WordLevel","unk`, 1), "WordLevel"},
		{"other normalizer", strings.Replace(good, "BertNormalizer", "Lowercase", 1), "normalizer"},
		{"gap", strings.Replace(good, `"b":6`, `"b":7`, 1), "must be 0 to 6"},
		{"twice", strings.Replace(good, `"b":6`, `"b":5`, 1), "share the id"},
		{"no unk", strings.Replace(good, `"[UNK]":1`, `"<unk>":1`, 1), "[UNK]"},
		{"huge id", strings.Replace(good, `"b":6`, `"b":99999999999`, 1), "must be 0 to 6"},
		{"gap of added", strings.Replace(good, `{"id":4,"content":"[MASK]"`, `{"id":9,"content":"[MASKED]"`, 1), "id 9"},
		{"added twice", strings.Replace(good, `{"id":4,"content":"[MASK]"`, `{"id":0,"content":"[PAD]"`, 1), "twice"},
		{"template", strings.Replace(good, `"ids":[2]`, `"ids":[77]`, 1), "77"},
		{"post-processor", strings.Replace(good, "TemplateProcessing", "Other", 1), "Other"},
		{"template of B", strings.Replace(good, `{"Sequence":{"id":"A"`, `{"Sequence":{"id":"B"`, 1), `"A"`},
		{"template of both", strings.Replace(good, `{"Sequence":{"id":"A"`, `{"SpecialToken":{"id":"[SEP]"},"Sequence":{"id":"A"`, 1), "both"},
		{"deep post-processor", withPost(good, strings.Repeat(`{"type":"Sequence","processors":[`, 3000)+strings.Repeat("]}", 3000)), "16 deep"},
		{"fraction", withPost(good, `{"type":"BertProcessing","cls":["[CLS]",2.5],"sep":["[SEP]",3]}`), "2.5"},
		{"wide id", withPost(good, `{"type":"BertProcessing","cls":["[CLS]",2],"sep":["[SEP]",4294967299]}`), "4294967299"},
		{"short pair", withPost(good, `{"type":"RobertaProcessing","cls":["[CLS]"],"sep":["[SEP]",3]}`), "1 elements"},
		{"long pair", withPost(good, `{"type":"BertProcessing","cls":["[CLS]",2,3],"sep":["[SEP]",3]}`), "3 elements"},
		{"null id", withPost(good, `{"type":"BertProcessing","cls":["[CLS]",null],"sep":["[SEP]",3]}`), "null"},
		{"version", strings.Replace(good, `"1.0"`, `"2.0"`, 1), "2.0"},
		{"nothing left", strings.Replace(good, `"added_tokens": [`, `"added_tokens": [{"id":7,"content":"\u200b","normalized":true},`, 1), "normalized"},
	} {
		_, err := Parse([]byte(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
		checkPrefix(t, err)
	}
	if tok, err := Parse([]byte(withPost(good, `{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}`))); err != nil {
		t.Error(err)
	} else if got := names(tok, tok.EncodeSpecial(nil, "a")); got != "[CLS] a [SEP]" {
		t.Errorf("BertProcessing: %q", got)
	}
	if err := os.WriteFile(path[:len(path)-len("bin")]+"txt", []byte("a\xff"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path[:len(path)-len("bin")] + "txt")
	checkPrefix(t, err)
}

// withPost returns a tokenizer.json with another post_processor.
func withPost(file, post string) string {
	before, rest, _ := strings.Cut(file, `"post_processor": `)
	_, after, _ := strings.Cut(rest, "\n")
	return before + `"post_processor": ` + post + ",\n" + after
}

// checkPrefix checks that an error names the package once.
func checkPrefix(t *testing.T, err error) {
	t.Helper()
	if err != nil && (!strings.HasPrefix(err.Error(), "tokenizer: ") || strings.Count(err.Error(), "tokenizer: ") > 1) {
		t.Errorf("error %q", err)
	}
}

// TestUntyped reads models that do not name their type, as old files.
func TestUntyped(t *testing.T) {
	for name, kind := range map[string]Kind{"wordpiece.json": WordPiece, "bpe.json": BPE} {
		data, err := os.ReadFile(filepath.Join("testdata/small", name))
		if err != nil {
			t.Fatal(err)
		}
		untyped := strings.NewReplacer(`"type":"WordPiece","unk`, `"unk`, `"type":"BPE",`, ``).Replace(string(data))
		if tok, err := Parse([]byte(untyped)); err != nil || tok.Kind() != kind || untyped == string(data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tok, err := Parse([]byte(`{"model": {"unk_id": 0, "vocab": [["<unk>", 0], ["a", -1]]}}`))
	if err != nil || tok.Kind() != Unigram {
		t.Errorf("unigram: %v", err)
	}
}

func TestExtendNames(t *testing.T) {
	for _, kind := range kinds {
		tok := trained(t, TrainOptions{Kind: kind, VocabSize: 400})
		twice, err := tok.Extend("<x>", "<y>", "<x>")
		if err != nil || twice.VocabSize() != tok.VocabSize()+2 {
			t.Errorf("%s: a name twice: %v", kind, err)
		}
		for _, name := range []string{"", "\xff"} {
			_, err := tok.Extend(name)
			if err == nil {
				t.Errorf("%s: %q was accepted", kind, name)
			}
			checkPrefix(t, err)
		}
		if _, err := tok.ExtendUL2(-1, false); err == nil {
			t.Errorf("%s: -1 sentinels were accepted", kind)
		}
		ids := tok.Encode(nil, "she")
		if got, want := tok.Decode(append([]int32{-1, 1 << 30}, ids...)), tok.Decode(ids); got != want {
			t.Errorf("%s: with unknown ids %q, want %q", kind, got, want)
		}
	}
}

// TestManyAdded finds added tokens among very many that begin alike.
func TestManyAdded(t *testing.T) {
	var added []string
	for i := range 20000 {
		added = append(added, Sentinel(i))
	}
	tok, err := wordpieces(t, "<", "a").Extend(added...)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("<a <ext<extra_id_19999><extra_id_2", 3000)
	id, _ := tok.ID(Sentinel(19999))
	n := 0
	for _, got := range tok.Encode(nil, text) {
		if got == id {
			n++
		}
	}
	if n != 3000 {
		t.Errorf("found %d times, want 3000", n)
	}
}

var kinds = []Kind{WordPiece, BPE, Unigram}

var goldenFiles = map[string]string{"bert_wp": "bert_wp.json", "bpe_bytelevel": "bpe_bytelevel.json", "sp_unigram": "sp_unigram.model"}
