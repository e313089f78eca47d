package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"
)

// warnOfOtherEnvironment warns if an interrupted run continues with another
// engine or on another machine: its numbers may then differ in the last digits
// from those of an uninterrupted run.
func (r *Run) warnOfOtherEnvironment(dir string) error {
	before, err := os.ReadFile(filepath.Join(dir, EnvironmentFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	now, err := encodeJSON(r.Env)
	if err == nil && string(before) != string(now) {
		log.Warn("this run began in another environment; its last digits may differ from those of an uninterrupted run", "changed", strings.Join(changedFields(before, now), ", "))
	}
	return err
}

// changedFields describes the fields that differ between two JSON objects.
func changedFields(before, now []byte) []string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(before, &a) != nil || json.Unmarshal(now, &b) != nil {
		return []string{"it cannot be compared"}
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if string(a[name]) != string(b[name]) {
			changed = append(changed, fmt.Sprintf("%s from %s to %s", name, cmp.Or(string(a[name]), "nothing"), b[name]))
		}
	}
	return changed
}
