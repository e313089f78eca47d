package wordpiece

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const (
	bertNormalizer   = `{"type": "BertNormalizer"}`
	bertPreTokenizer = `{"type": "BertPreTokenizer"}`
	abModel          = `{"type": "WordPiece", "vocab": {"[UNK]": 0, "a": 1, "##b": 2}}`
)

func parse(decoder, model string) (*Model, error) {
	return Parse(json.RawMessage(bertNormalizer), json.RawMessage(bertPreTokenizer), json.RawMessage(decoder), json.RawMessage(model))
}

func TestDecoder(t *testing.T) {
	for _, c := range []struct{ decoder, want, saved string }{
		{`null`, "a ##b .", "null"},
		{``, "a ##b .", "null"},
		{`{"type": "WordPiece", "prefix": "##", "cleanup": true}`, "ab.", `{"type": "WordPiece", "prefix": "##", "cleanup": true}`},
		{`{"type": "WordPiece", "prefix": "##", "cleanup": false}`, "ab .", `{"type": "WordPiece", "prefix": "##", "cleanup": false}`},
	} {
		m, err := parse(c.decoder, abModel)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Decode([]string{"a", "##b", "."}); got != c.want {
			t.Errorf("decoder %s: %q, want %q", c.decoder, got, c.want)
		}
		if _, _, saved, _ := m.JSON(); string(saved) != c.saved {
			t.Errorf("decoder %s saved as %s", c.decoder, saved)
		}
	}
	if _, err := parse(`{"type": "WordPiece", "prefix": "@@"}`, abModel); err == nil || !strings.Contains(err.Error(), "@@") {
		t.Errorf("another prefix: %v", err)
	}
}

func TestMaxChars(t *testing.T) {
	for number, want := range map[string][]int32{"0": {0}, "1": {0}, "2": {1, 2}} {
		m, err := parse("null", strings.Replace(abModel, `"vocab"`, `"max_input_chars_per_word": `+number+`, "vocab"`, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.NewEncoder().Encode(nil, "ab"); !slices.Equal(got, want) {
			t.Errorf("words of up to %s characters: %v, want %v", number, got, want)
		}
	}
}

// TestSameMessage checks that of several faults the same is told each time.
func TestSameMessage(t *testing.T) {
	first := ""
	for range 50 {
		_, err := parse("null", `{"vocab": {"[UNK]": 0, "a": 7, "b": 8, "c": 9, "d": -1}}`)
		if err == nil {
			t.Fatal("accepted")
		}
		if first == "" {
			first = err.Error()
		}
		if err.Error() != first {
			t.Fatalf("%q, then %q", first, err)
		}
	}
}

// TestNormalized checks that normalizing first gives the same ids.
func TestNormalized(t *testing.T) {
	m := wordpiece(t, "un", "##aff", "na", "##ive", "東", "京", ".", "x")
	normalized := m.Normalized()
	for _, text := range []string{"", "UNaff. NAÏVE\t\nx", "東京\u200bUn\x00aff", "Un\u3000x\u2028X"} {
		want := m.NewEncoder().Encode(nil, text)
		if got := normalized.NewEncoder().Encode(nil, m.Normalize(text)); !slices.Equal(got, want) {
			t.Errorf("%q as %q: %v, want %v", text, m.Normalize(text), got, want)
		}
	}
	if got, want := m.Normalize("A\tÉ\x00東b"), "a e 東 b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := normalized.NewEncoder().Encode(nil, "UN"); !slices.Equal(got, []int32{1}) {
		t.Errorf("text that is not normalized: %v", got)
	}
}

func TestParseVocabulary(t *testing.T) {
	m, err := ParseVocabulary("\ufeff[UNK]\r\na \nb\u00a0\n\u2028\nc\t\n\n \n")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"[UNK]", "a", "b", "\u2028", "c"}; !slices.Equal(m.Tokens(), want) {
		t.Errorf("%q, want %q", m.Tokens(), want)
	}
	if _, err := ParseVocabulary("[UNK]\na\xff\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("invalid UTF-8: %v", err)
	}
}
