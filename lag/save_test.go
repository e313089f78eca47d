package lag

import (
	"testing"

	"github.com/landscape-aware/growing/lag/result"
)

// TestSave checks that a result with fewer failures, written by another
// process, is kept.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	whole := &result.Study{
		Verdict: "whole", From: 1, To: 1, Seeds: []int64{1}, Source: result.Source{Curve: []result.Point{{}}},
		Strategies: []result.Outcome{{Name: "stack", Map: []int{0}, Seed: 1, Curve: []result.Point{{}}, Status: result.StatusComplete}},
	}
	failed := new(*whole)
	failed.Verdict, failed.Failures = "failed", []result.Failure{{Run: "stack", Seed: 1}}
	before := fileHash(dir, result.StudyResult)
	for _, step := range []struct {
		study  *result.Study
		opened bool // start again, so that the existing result counts as an earlier one
		want   string
	}{
		{failed, false, "failed"}, {failed, false, "failed"}, {whole, false, "whole"}, {failed, false, "whole"},
		{failed, true, "failed"}, {whole, false, "whole"},
	} {
		if step.opened {
			before = fileHash(dir, result.StudyResult)
		}
		got, err := save(t.Context(), dir, result.StudyResult, step.study, result.LoadStudy, before)
		if err != nil || got.Verdict != step.want {
			t.Errorf("got %v, %v, want %s", got.Verdict, err, step.want)
		}
		if file, err := result.LoadStudy(dir); err != nil || file.Verdict != step.want {
			t.Errorf("the file says %v, %v, want %s", file.Verdict, err, step.want)
		}
	}
}
