package component

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// nested returns a sequence in sequences, depth deep.
func nested(depth int) json.RawMessage {
	return json.RawMessage(strings.Repeat(`{"type": "Sequence", "normalizers": [`, depth) + `{"type": "NFC"}` + strings.Repeat("]}", depth))
}

func TestEach(t *testing.T) {
	many := func(n int) json.RawMessage {
		return json.RawMessage(`{"type": "Sequence", "decoders": [` + strings.TrimSuffix(strings.Repeat(`{"type": "Fuse"},`, n), ",") + "]}")
	}
	for _, c := range []struct {
		section json.RawMessage
		want    []string // types
		err     string
	}{
		{nil, nil, ""},
		{json.RawMessage(" null "), nil, ""},
		{json.RawMessage(`{"type": "NFC"}`), []string{"NFC"}, ""},
		{json.RawMessage(`{"type": "Sequence", "normalizers": [{"type": "NFD"}, null, {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]}, {"type": "NFC"}]}`),
			[]string{"NFD", "Lowercase", "NFC"}, ""},
		{nested(maxNesting), []string{"NFC"}, ""},
		{nested(maxNesting + 1), nil, "nested more than 16 deep"},
		{many(maxComponents), slices.Repeat([]string{"Fuse"}, maxComponents), ""},
		{many(maxComponents + 1), nil, "more than 1024 components"},
		{json.RawMessage(`{"type": 3}`), nil, `"type" is a number, but must be a text`},
		{json.RawMessage(`[]`), nil, "a list"},
	} {
		var got []string
		err := Each("normalizer", c.section, func(c Component) error {
			got = append(got, c.Type)
			return nil
		})
		switch {
		case c.err == "" && (err != nil || !slices.Equal(got, c.want)):
			t.Errorf("%.80s: got %q, %v", c.section, got, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err) || !strings.HasPrefix(err.Error(), "normalizer: ")):
			t.Errorf("%.80s: got error %v, want one with %q", c.section, err, c.err)
		}
	}
	stop := fmt.Errorf("stop")
	if err := Each("decoder", json.RawMessage(`{"type": "Fuse"}`), func(Component) error { return stop }); err == nil || !strings.Contains(err.Error(), "decoder: stop") {
		t.Errorf("an error of visit: %v", err)
	}
}

func TestOne(t *testing.T) {
	if c, err := One("post_processor", json.RawMessage("null")); c != nil || err != nil {
		t.Errorf("null: %v, %v", c, err)
	}
	c, err := One("post_processor", json.RawMessage(`{"type": "Split", "pattern": {"Regex": "a+"}, "invert": true}`))
	if err != nil || c.Pattern.Regex == nil || *c.Pattern.Regex != "a+" || c.Pattern.String != nil || c.Invert == nil || !*c.Invert || c.Behavior != nil {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := One("post_processor", json.RawMessage(`7`)); err == nil || !strings.HasPrefix(err.Error(), "post_processor: ") {
		t.Errorf("a number: %v", err)
	}
}
