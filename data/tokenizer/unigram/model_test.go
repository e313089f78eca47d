package unigram

import (
	"bytes"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestMarshal(t *testing.T) {
	for name, m := range models(t) {
		data := m.Marshal()
		if m.file != nil {
			if data != nil {
				t.Errorf("%s: a tokenizer.json has become a .model", name)
			}
			continue
		}
		want, err := os.ReadFile("testdata/" + name + ".model")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, want) {
			t.Errorf("%s: the file is not as it was", name)
		}
	}
}

func TestWithControl(t *testing.T) {
	m := readModel(t, "testdata/plain.model")
	n, err := m.WithControl("<extra_id_0>", "[S2S]")
	if err != nil {
		t.Fatal(err)
	}
	n, err = ParseModel(n.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if n.Size() != m.Size()+2 {
		t.Errorf("%d pieces, want %d", n.Size(), m.Size()+2)
	}
	id, ok := n.ID("[S2S]")
	if !ok || int(id) != m.Size()+1 || !n.IsControl(id) || n.Token(id) != "[S2S]" {
		t.Errorf("[S2S] has the id %d, %v", id, ok)
	}
	split := tokens(n, n.NewEncoder().Encode(nil, "go test"))
	if got := n.Decode(append([]string{"<extra_id_0>"}, split...)); got != "go test" {
		t.Errorf("got %q", got)
	}
	if a, b := m.NewEncoder().Encode(nil, "a [S2S]"), n.NewEncoder().Encode(nil, "a [S2S]"); !slices.Equal(a, b) {
		t.Errorf("ids %v have become %v", a, b)
	}
	if _, err := n.WithControl("[S2S]"); err == nil {
		t.Error("a piece was added twice")
	}
}

func TestParseModelErrors(t *testing.T) {
	good, err := os.ReadFile("testdata/plain.model")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parseProto(good)
	if err != nil {
		t.Fatal(err)
	}
	// with returns the model with another list of pieces or trainer_spec.
	with := func(change func(p *proto)) []byte {
		q := *p
		q.pieces = slices.Clone(p.pieces)
		change(&q)
		return (&Model{proto: &q}).Marshal()
	}
	rules := func(data []byte) func(p *proto) {
		return func(p *proto) {
			p.normalizer = appendBytes(nil, normalizerCharsmap, data)
		}
	}
	charsmap := readModel(t, "testdata/plain.model").normalizer.charsmap.source
	outside := slices.Clone(charsmap)
	copy(outside[4:], []byte{0, 0xFC, 0xFF, 0x7F}) // the root's offset
	for name, data := range map[string][]byte{
		"empty":         nil,
		"text":          []byte("hello, this is no model"),
		"truncated":     good[:len(good)-3],
		"no pieces":     appendBytes(nil, modelTrainer, nil),
		"NaN":           with(func(p *proto) { p.pieces[9].score = float32(math.NaN()) }),
		"infinite":      with(func(p *proto) { p.pieces[9].score = float32(math.Inf(1)) }),
		"no unk":        with(func(p *proto) { p.pieces[0].kind = control }),
		"two unks":      with(func(p *proto) { p.pieces[1].kind = unknown }),
		"duplicate":     with(func(p *proto) { p.pieces[9].text = p.pieces[8].text }),
		"empty piece":   with(func(p *proto) { p.pieces[9].text = "" }),
		"NUL":           with(func(p *proto) { p.pieces[9].text = "a\x00" }),
		"long piece":    with(func(p *proto) { p.pieces[9].text = strings.Repeat("a", maxPiece) }),
		"bytes off":     with(func(p *proto) { p.pieces[9] = piece{"<0x00>", 0, byteType} }),
		"bytes missing": with(func(p *proto) { p.trainer = appendNumber(p.trainer, trainerByteFallback, 1) }),
		"special only":  with(func(p *proto) { p.pieces = p.pieces[:3] }),
		"short rules":   with(rules(charsmap[:3])),
		"cut rules":     with(rules(charsmap[:len(charsmap)-1])),
		"half rules":    with(rules(charsmap[:600])),
		"wild offset":   with(rules(outside)),
		"huge trie":     with(rules([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0, 0})),
	} {
		if _, err := ParseModel(data); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "unigram: ") {
			t.Errorf("%s: the error reads %q", name, err)
		}
	}
	_, err = ParseModel(with(func(p *proto) { p.trainer = appendNumber(p.trainer, trainerModelType, 2) }))
	if !errors.Is(err, errModelType) || !strings.Contains(err.Error(), "BPE") {
		t.Errorf("a BPE model: %v", err)
	}
	for i := range good {
		ParseModel(good[:i]) // must not panic
	}
}

func TestTrie(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2 {
		values := make(map[string]int32)
		for range 5000 {
			key := make([]byte, 1+r.IntN(6))
			for i := range key {
				key[i] = "abcdefgh\xe2\x96\xff\x01"[r.IntN(12)]
			}
			values[string(key)] = int32(r.IntN(40))
		}
		keys := slices.Sorted(maps.Keys(values))
		list := make([]int32, len(keys))
		for i, key := range keys {
			list[i] = values[key]
		}
		tr, err := buildTrie(keys, list)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.validate(40); err != nil {
			t.Error(err)
		}
		if err := tr.validate(39); err == nil {
			t.Error("a value beyond the limit is valid")
		}
		t.Logf("%d units for %d keys", len(tr), len(keys))
		for range 20000 {
			word := make([]byte, 1+r.IntN(8))
			for i := range word {
				word[i] = "abcdefgh\xe2\x96\xff\x01\x00z"[r.IntN(14)]
			}
			base, ok := tr.root(), true
			for i := 0; i < len(word) && ok; i++ {
				var unit uint32
				if base, unit, ok = tr.step(base, word[i]); !ok {
					break
				}
				want, is := values[string(word[:i+1])]
				if ends := unit&trieEnds != 0; ends != is || is && tr.value(base) != want {
					t.Fatalf("%q: got %v, want %v", word[:i+1], ends, is)
				}
			}
		}
	}
}

// TestNMTNFKC compares the rules with the normalization that they stand for.
func TestNMTNFKC(t *testing.T) {
	rules, err := nmtNFKC()
	if err != nil {
		t.Fatal(err)
	}
	n := &normalizer{charsmap: rules}
	n.prepare()
	for _, text := range []string{
		"ﬁ ｅ\u0301 ㍿ ½ ℡ Å", "각 한\u11a8", "e\u0323\u0302 ệ", "\u0344", "日本 ｶﾞ", "①²",
	} {
		if got, want := string(n.text(nil, text)), norm.NFKC.String(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"a\tb\u200bc\ufeffd▁e\ufffdf": "a b c d e f", "a\x01\x1fb\x7f": "ab", "～": "～", "\u200d": "\u200d", "a\xffb": "a\ufffdb",
	} {
		if got := string(n.text(nil, text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	m := goldenModel(t)
	want := m.normalizer.charsmap.rules()
	ours := rules.rules()
	for from, to := range ours {
		if want[from] != to {
			t.Errorf("%+q: got %+q, want %+q", from, to, want[from])
		}
	}
	// sentencepiece's rules are of Unicode 17, ours of 15.
	t.Logf("%d rules, %d of them ours", len(want), len(ours))
	if missing := len(want) - len(ours); missing > 400 {
		t.Errorf("%d rules are missing", missing)
	}
}
