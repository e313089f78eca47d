package nbrun

import (
	"bytes"
	"encoding/json"
	"path/filepath"
)

// withoutHome returns the text of a notebook that writes ~ for the home directory in
// what its cells have printed, so that a notebook does not tell whose machine it ran
// on. Sources stay as they are.
func withoutHome(notebook []byte, home string) []byte {
	quoted, err := json.Marshal(filepath.Clean(home))
	if err != nil || home == "" || filepath.Dir(home) == home {
		return notebook
	}
	inside := append(bytes.Trim(quoted, `"`), filepath.Separator)
	var nb struct {
		Cells []struct {
			Outputs []struct {
				Text json.RawMessage `json:"text"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if json.Unmarshal(notebook, &nb) != nil {
		return notebook
	}
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			if bytes.Contains(o.Text, inside) {
				notebook = bytes.ReplaceAll(notebook, o.Text, bytes.ReplaceAll(o.Text, inside, []byte("~/")))
			}
		}
	}
	return notebook
}
