package engine

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/tokenizer"
)

// TestOtherSentinels refuses a table that was trained with other ids for T5's sentinels,
// as earlier versions gave them, and names the first row.
func TestOtherSentinels(t *testing.T) {
	data, err := os.ReadFile("../../data/tokenizer/testdata/beside.json")
	var reference struct {
		Cases []struct {
			Files map[string]json.RawMessage
		}
	}
	if err == nil {
		err = json.Unmarshal(data, &reference)
	}
	if err != nil {
		t.Fatal(err)
	}
	var pieces struct{ Base64 []byte }
	for _, c := range reference.Cases {
		if raw := c.Files["spiece.model"]; raw != nil {
			err = json.Unmarshal(raw, &pieces)
		}
	}
	t5, e := tokenizer.ParseSentencePiece(pieces.Base64)
	if err != nil || e != nil {
		t.Fatal(err, e)
	}
	old, err := t5.Extend(tokenizer.NLU, tokenizer.NLG, tokenizer.S2S, tokenizer.Sentinel(1), tokenizer.Sentinel(0))
	if err != nil {
		t.Fatal(err)
	}
	now, err := t5.ExtendUL2(2, true)
	if err != nil {
		t.Fatal(err)
	}
	if extends(now, old) {
		t.Error("another numbering was accepted")
	}
	if got := difference(now, old); !strings.Contains(got, `trained for "[NLU]", and the data would use it for "<extra_id_99>"`) {
		t.Errorf("the difference: %q", got)
	}
	if again, err := old.ExtendUL2(2, true); err != nil || !extends(again, old) || difference(again, old) != "" {
		t.Errorf("the model's own vocabulary was refused: %v", err)
	}
	if !extends(now, t5) {
		t.Error("an extended vocabulary was refused")
	}
}
