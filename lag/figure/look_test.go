package figure

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
)

// TestLook writes the figures of a made-up study to $LAG_FIGURES for visual
// inspection:
//
//	LAG_FIGURES=/tmp/figures go test -run Look ./lag/figure
func TestLook(t *testing.T) {
	dir := lookDir()
	if dir == "" {
		t.Skip("set LAG_FIGURES to a directory to write the figures there")
	}
	for name, figures := range map[string][]Figure{
		"1-seed":       All(synthetic.Result(6, 16, 1)),
		"3-seeds":      All(synthetic.Result(6, 16, 3)),
		"5-strategies": All(synthetic.Result(6, 5, 3)),
		"wide":         All(synthetic.Result(6, 100, 3)),
		"controls":     {Controls(synthetic.Controlled(6, 16, 3)), Controls(synthetic.Controlled(6, 16, 1))},
		"swept":        {Controls(synthetic.Swept(6, 16, 3)), Controls(synthetic.Swept(6, 16, 1))},
		"downstream":   {Downstream(synthetic.Result(6, 16, 3), synthetic.Downstream(1, synthetic.Result(6, 16, 3)))},
		"downstream-1": {Downstream(synthetic.Result(6, 5, 1), synthetic.Downstream(1, synthetic.Result(6, 5, 1)))},
		"two-stacks":   All(synthetic.TwoStacks(6, 16, 1)),
		"stacking":     AllStacking(synthetic.Stacking(6, 3)),
		"stacking-1":   AllStacking(synthetic.Stacking(6, 1)),
	} {
		for _, f := range figures {
			if err := f.WriteFiles(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	}
	pool, err := growth.DefaultPool(3, 6)
	if err != nil {
		t.Fatal(err)
	}
	f := PoolMaps(3, pool)
	f.Name = "pool-maps"
	if err := f.WriteFiles(dir); err != nil {
		t.Error(err)
	}
}

func lookDir() string { return os.Getenv("LAG_FIGURES") }

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}
