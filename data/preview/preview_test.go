package preview

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/objective"
)

var update = flag.Bool("update", false, "write testdata anew")

// words is a tokenizer that knows whole words and pieces marked "##".
type words struct {
	tokens []string
	ids    map[string]int32
}

func (w *words) id(token string) int32 {
	id, ok := w.ids[token]
	if !ok {
		id = int32(len(w.tokens))
		w.ids[token], w.tokens = id, append(w.tokens, token)
	}
	return id
}

func (w *words) Token(id int32) string { return w.tokens[id] }

func (w *words) Decode(ids []int32) string {
	var b strings.Builder
	for i, id := range ids {
		rest, ok := strings.CutPrefix(w.tokens[id], "##")
		if ok && i > 0 {
			b.WriteString(rest)
			continue
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.tokens[id])
	}
	return b.String()
}

// store holds documents.
type store struct {
	ids  []int32
	ends []int64
}

func (s store) Len() int64 { return int64(len(s.ids)) }

func (s store) Read(dst []int32, at int64) error { copy(dst, s.ids[at:]); return nil }

func (s store) Documents() int { return len(s.ends) }

func (s store) Document(i int) (lo, hi int64) {
	if i > 0 {
		lo = s.ends[i-1]
	}
	return lo, s.ends[i]
}

// text is two documents with characters that must be escaped.
const text = `Layers of a trained model are copied to make a deep ##er one . The copy begins where the small ##er model ended ,
and so it need not learn every ##thing again . Which layers are best copied , and in which order , is not known before .
A short train ##ing of each candidate , a few hundred steps , tells much of what a long one would tell .
<b>Tags & "quotes"</b> are shown as they are . 日本語 as well , and words like Donau ##dampf ##schiff ##fahrts ##gesellschaft .
Steps are cheap at first and dear later ; what is saved early is saved for good . Not all that is copied stays the same .
A gate opens slowly , and the new layer is heard more and more . At the end nobody can tell which layer was there before . [SEP]
Bread is made of flour , water , salt and time . Knead it , let it rise , fold it , and let it rise again .
The oven must be hot , much hotter than most people think , and there must be steam . Bake until the crust is dark . [SEP]`

// corpus returns the encoded text, repeated several times.
func corpus() (*words, store, objective.Vocabulary) {
	w := &words{ids: make(map[string]int32)}
	for _, t := range []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "</s>", "[NLU]", "[NLG]", "[S2S]"} {
		w.id(t)
	}
	var s store
	for range 40 {
		for token := range strings.FieldsSeq(text) {
			s.ids = append(s.ids, w.id(token))
			if token == "[SEP]" {
				s.ends = append(s.ends, s.Len())
			}
		}
	}
	v := objective.Vocabulary{Pad: 0, Cls: 2, Sep: 3, Mask: 4, EOS: 5, Modes: objective.Modes{NLU: 6, NLG: 7, S2S: 8}}
	for i := range 20 {
		v.Sentinels = append(v.Sentinels, w.id(fmt.Sprintf("<extra_id_%d>", i)))
	}
	v.Specials = append([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8}, v.Sentinels...)
	v.Size = len(w.tokens)
	v.Continues = func(id int32) bool { return strings.HasPrefix(w.tokens[id], "##") }
	return w, s, v
}

// objectives returns an objective of each kind and form.
func objectives() map[string]objective.Objective {
	pairs := objective.DefaultMLM(48)
	pairs.Pairs, pairs.WholeWords = objective.DefaultSentencePairs(), true
	return map[string]objective.Objective{
		"mlm":                  {Form: objective.Encoder, Settings: objective.DefaultMLM(48)},
		"mlm-pairs":            {Form: objective.Encoder, Settings: pairs},
		"span-corruption":      {Form: objective.EncoderDecoder, Settings: objective.DefaultSpanCorruption(64)},
		"span-corruption-roll": {Form: objective.EncoderDecoder, Settings: objective.SpanCorruption{SequenceLength: 40, MeanSpan: 3, Density: 0.4, Roll: objective.RollAll}},
		"ul2":                  {Form: objective.EncoderDecoder, Settings: objective.DefaultUL2(48)},
		"ul2-decoder":          {Form: objective.DecoderOnly, Settings: objective.DefaultUL2(64)},
		"prefix-lm":            {Form: objective.DecoderOnly, Settings: objective.DefaultPrefixLM(48)},
		"causal-lm":            {Form: objective.DecoderOnly, Settings: objective.CausalLM{SequenceLength: 48, SeparateDocuments: true}},
	}
}

func examples(t *testing.T, o objective.Objective) []Example {
	t.Helper()
	w, s, v := corpus()
	list, err := Examples(o, s, v, w, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestGolden compares the output with files in testdata. The flag -update
// writes these files; check them before committing.
func TestGolden(t *testing.T) {
	for name, o := range objectives() {
		list := examples(t, o)
		html, err := HTML(list)
		if err != nil {
			t.Fatal(err)
		}
		var plain, ansi bytes.Buffer
		if err := Text(&plain, list, 90, false); err != nil {
			t.Fatal(err)
		}
		if err := Text(&ansi, list, 90, true); err != nil {
			t.Fatal(err)
		}
		for ext, got := range map[string]string{".txt": plain.String(), ".ansi": ansi.String(), ".html": html} {
			path := filepath.Join("testdata", name+ext)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("%s: %s", path, d)
			}
		}
	}
}

// TestSpanColours checks that hidden spans have the numbers of their sentinels,
// also if a mask was rolled and the targets begin with a span.
func TestSpanColours(t *testing.T) {
	w, _, v := corpus()
	b := newBuilder(v, w)
	s, x, y, z := v.Sentinels, w.id("Layers"), w.id("of"), w.id("model")
	spans := func(pieces []Piece, role Role) (list []int) {
		for _, p := range pieces {
			if p.Role == role {
				list = append(list, p.Span)
			}
		}
		return list
	}
	for _, c := range []struct{ inputs, targets []int32 }{
		{[]int32{x, s[0], y, s[1]}, []int32{s[0], y, s[1], z}},
		{[]int32{s[0], y, s[1], x}, []int32{z, z, s[0], y, s[1], 5}},
		{[]int32{x, s[0], x, s[1], x}, []int32{s[0], y, s[1], z, s[2], 5}},
	} {
		if got := spans(b.corrupted(nil, c.inputs), Sentinel); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("sentinels %v", got)
		}
		if got := spans(b.targets(nil, c.targets), Hidden); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("inputs %v, targets %v: spans %v", c.inputs, c.targets, got)
		}
	}
}

// TestWidth checks that only single words are wider than the given width.
func TestWidth(t *testing.T) {
	for name, o := range objectives() {
		for _, width := range []int{20, 33, 80} {
			for _, colour := range []bool{false, true} {
				var b bytes.Buffer
				if err := Text(&b, examples(t, o), width, colour); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					line = strings.TrimRight(line, "\n")
					if strings.HasPrefix(line, "    ") && lipgloss.Width(line) > width {
						t.Errorf("%s: %d columns of %d: %q", name, lipgloss.Width(line), width, line)
					}
				}
				if colour != strings.Contains(b.String(), "\x1b[") {
					t.Errorf("%s: colour %v, but %q", name, colour, b.String()[:40])
				}
			}
		}
	}
}

// TestHostile checks that text cannot control a terminal or inject HTML.
func TestHostile(t *testing.T) {
	const evil = "a\x1b[2Jb\r\n\u202ec<script>alert(1)</script>"
	w := &words{tokens: []string{"[PAD]", evil, "x"}}
	v := objective.Vocabulary{Size: 3, Pad: 0, Cls: objective.None, Sep: objective.None, Mask: objective.None, EOS: objective.None}
	o := objective.Objective{Form: objective.DecoderOnly, Settings: objective.CausalLM{SequenceLength: 4}}
	list, err := Examples(o, store{ids: []int32{1, 1, 2, 1, 1, 1, 2, 2, 1, 1, 1, 1}}, v, w, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Text(&b, list, 80, false); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\r\u202e") {
		t.Errorf("%q", b.String())
	}
	html, err := HTML(list)
	if err != nil || strings.Contains(html, "<script") || !strings.Contains(html, "&lt;script&gt;") {
		t.Errorf("%v %s", err, html)
	}
}

func TestNotColoured(t *testing.T) {
	if Coloured(new(bytes.Buffer)) {
		t.Error("a buffer is no terminal")
	}
}

func TestExamplesErrors(t *testing.T) {
	w, s, v := corpus()
	o := objective.Objective{Form: objective.DecoderOnly, Settings: objective.DefaultMLM(48)}
	if _, err := Examples(o, s, v, w, 4, 2); err == nil || !strings.Contains(err.Error(), "attends to both sides") {
		t.Error(err)
	}
	o.Form = objective.Encoder
	if _, err := Examples(o, s, v, w, 4000, 2); err == nil || !strings.Contains(err.Error(), "shorter than a batch") {
		t.Error(err)
	}
}
