package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
)

// TestLoadDamaged checks that a file whose parts do not fit together is an
// error that says where.
func TestLoadDamaged(t *testing.T) {
	a, b := outcome("a", 4, 4, 3, 3, 3, 3, 3, 2.0), outcome("b", 5, 4)
	a.Map, b.Map = []int{0, 0}, []int{0, growth.New}
	study := analyzed(t, a, b)
	study.Source.Curve = []Point{{0, 4}, {8, 3}}
	arm := ArmOutcome{Name: "a", Seed: 1, Final: 3, Status: StatusComplete, Stages: []StageOutcome{{Depths: growth.Depths{1}}, {Depths: growth.Depths{2}, Strategy: "stack", Map: growth.Map{0, 0}}}, Curve: []StackingPoint{{Step: 0, Loss: 4}, {Step: 2, Loss: 3}, {Step: 2, Loss: 3}}}
	stacking := &Stacking{Seeds: []int64{1}, Arms: []ArmOutcome{arm}}
	stacking.Analyze()

	loadStudy := func(dir string) error { _, err := LoadStudy(dir); return err }
	loadStacking := func(dir string) error { _, err := LoadStacking(dir); return err }
	for _, c := range []struct {
		file     string
		whole    any
		load     func(dir string) error
		old, new string // a part of the file, and what it is replaced by
		want     string
	}{
		{StudyResult, study, loadStudy, "", "", ""},
		{StudyResult, study, loadStudy, `"seeds":[0]`, `"seeds":[]`, "no seeds"},
		{StudyResult, study, loadStudy, `"seeds":[0]`, `"seeds":[0,1,2]`, "2 strategies cannot be those of 3 seeds"},
		{StudyResult, study, loadStudy, `"seeds":[0]`, `"seeds":[7]`, `strategy "a" with seed 0`},
		{StudyResult, study, loadStudy, `"from":1`, `"from":0`, "cannot be grown"},
		{StudyResult, study, loadStudy, `"map":[0,0]`, `"map":[0,9]`, "contains layer 9"},
		{StudyResult, study, loadStudy, `"map":[0,0]`, `"map":[0]`, "has 1 layer, expected 2"},
		{StudyResult, study, loadStudy, `"curve":[{"step":0,"loss":4},{"step":8,"loss":3}]`, `"curve":null`, "the source has no losses"},
		{StudyResult, study, loadStudy, `{"step":8,"loss":3}`, `{"step":0,"loss":3}`, "order of their steps"},
		{StudyResult, study, loadStudy, `"final":2,`, `"final":null,`, "has no final loss"},
		{StudyResult, study, loadStudy, `"status":"complete"`, `"status":"fine"`, `unknown status "fine"`},
		{StudyResult, study, loadStudy, `"spearman":`, `"spearman":7,"x":`, "outside [-1, 1]"},
		{StackingResult, stacking, loadStacking, "", "", ""},
		{StackingResult, stacking, loadStacking, `"seeds":[1]`, `"seeds":null`, "no seeds"},
		{StackingResult, stacking, loadStacking, `"seeds":[1]`, `"seeds":[2]`, `arm "a" with seed 1`},
		{StackingResult, stacking, loadStacking, `"depths":[1]`, `"depths":[]`, "stage 1"},
		{StackingResult, stacking, loadStacking, `"depths":[2]`, `"depths":[2,2]`, "stage 2"},
		{StackingResult, stacking, loadStacking, `"depths":[2]`, `"depths":[3]`, "has 2 layers, expected 3"},
		{StackingResult, stacking, loadStacking, `"map":[0,0]`, `"map":[0,1]`, "contains layer 1"},
		{StackingResult, stacking, loadStacking, `"step":0`, `"step":5`, "order of their steps"},
	} {
		text, err := json.Marshal(c.whole)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), c.old, c.new, 1)
		if c.old != "" && changed == string(text) {
			t.Fatalf("%s does not contain %s", text, c.old)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, c.file), []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
		switch err := c.load(dir); {
		case c.want == "" && err != nil:
			t.Errorf("a whole file: %v", err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file)):
			t.Errorf("%s instead of %s: got error %v, want %q", c.new, c.old, err, c.want)
		}
	}
}
