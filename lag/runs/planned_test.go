package runs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/result"
)

// TestPlanned: while a study or a stacking lacks its result, its runs are
// counted among those that it plans, and when all are trained, that is how many
// there are.
func TestPlanned(t *testing.T) {
	t.Run("study", func(t *testing.T) {
		root := t.TempDir()
		config := must(lag.Preset("smoke"))(t)
		smallTask(t, &config.Task)
		config.Growth.Strategies, config.Growth.Controls = []string{"stack", "random-top"}, result.Controls()
		config.Growth.Seeds = []int64{1, 2}
		config.Growth.Rules = []string{"lag:5", "decay:5,3"}
		o := options(root, "study")
		s := must(lag.Open(config, o))(t)
		if _, err := s.Pretrain(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Close()
		want := 1 + 2*(2*2+len(result.Controls()))
		if e := only(t, root, Study); e.Status != Partial || e.Done != 1 || e.Runs != want {
			t.Errorf("after pretraining the entry is %+v, want 1 of %d", e, want)
		}
		runStudy(t, config, o)
		if e := only(t, root, Study); e.Status != Complete || e.Done != want || e.Runs != want {
			t.Errorf("the complete entry is %+v, want %d of %d", e, want, want)
		}
	})
	for _, rule := range []string{"oracle", "decay:3,2"} {
		t.Run("stacking "+rule, func(t *testing.T) {
			root := t.TempDir()
			config := must(lag.StackingPreset("smoke"))(t)
			smallTask(t, &config.Task)
			config.Arms[0].Rule, config.Seeds = rule, config.Seeds[:1]
			o := options(root, "stacking")
			if _, err := lag.Stack(t.Context(), config, o); err != nil {
				t.Fatal(err)
			}
			whole := only(t, root, Stacking)
			if err := os.Remove(filepath.Join(o.Dir, result.StackingResult)); err != nil {
				t.Fatal(err)
			}
			e := only(t, root, Stacking)
			if e.Status != Partial || e.Done != whole.Runs || must(config.CountRuns())(t) != whole.Runs {
				t.Errorf("%d of %d runs; it plans %d, and has %d when complete", e.Done, e.Runs, must(config.CountRuns())(t), whole.Runs)
			}
		})
	}
}
