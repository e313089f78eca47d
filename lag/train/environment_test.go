package train

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChangedFields(t *testing.T) {
	got := changedFields([]byte(`{"a": 1, "b": "x", "c": [2, 3]}`), []byte(`{"a": 1, "b": "y", "d": 4}`))
	if diff := cmp.Diff([]string{`b from "x" to "y"`, "d from nothing to 4"}, got); diff != "" {
		t.Error(diff)
	}
}
