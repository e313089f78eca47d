package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// readCases reads a file that testdata/cases.py made.
func readCases(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// TestSmallReferences encodes lines with small vocabularies of the references.
func TestSmallReferences(t *testing.T) {
	var cases struct {
		Lines []string
		IDs   map[string][][]int32
	}
	readCases(t, "testdata/small/ids.json", &cases)
	if len(cases.IDs) != len(kinds) {
		t.Errorf("cases of %d vocabularies", len(cases.IDs))
	}
	for name, want := range cases.IDs {
		tok, err := Load(filepath.Join("testdata/small", name))
		if err != nil {
			t.Fatal(err)
		}
		again := reload(t, tok)
		for i, line := range cases.Lines {
			if got := tok.Encode(nil, line); !slices.Equal(got, want[i]) {
				t.Errorf("%s: %q: %v, want %v", name, line, got, want[i])
			}
			if got := again.Encode(nil, line); !slices.Equal(got, want[i]) {
				t.Errorf("%s: %q saved and loaded: %v, want %v", name, line, got, want[i])
			}
		}
	}
}

// TestAddedReferences looks for added tokens with every combination of flags, in
// ordinary and in literal text.
func TestAddedReferences(t *testing.T) {
	var all []struct {
		Tokenizer json.RawMessage
		Cases     []struct {
			Text         string
			IDs, Literal []int32
		}
	}
	readCases(t, "testdata/added.json", &all)
	for _, c := range all {
		tok, err := Parse(c.Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		tok = reload(t, tok)
		literal := tok.NewEncoder()
		literal.Literal = true
		for _, c := range c.Cases {
			if got := tok.Encode(nil, c.Text); !slices.Equal(got, c.IDs) {
				t.Errorf("%s: %q: %v, want %v", tok.Kind(), c.Text, got, c.IDs)
			}
			if c.Literal == nil {
				c.Literal = c.IDs
			}
			if got := literal.Encode(nil, c.Text); !slices.Equal(got, c.Literal) {
				t.Errorf("%s: %q literally: %v, want %v", tok.Kind(), c.Text, got, c.Literal)
			}
		}
	}
}
