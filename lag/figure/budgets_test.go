package figure

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

func TestBudgets(t *testing.T) {
	c := comparison(t, aggregate.Named{Name: "one", Study: synthetic.Result(6, 16, 2)}, aggregate.Named{Name: "two", Study: synthetic.Result(7, 12, 3)}, aggregate.Named{Name: "empty", Study: &result.Study{}})
	f := Budgets(c)
	checkFigure(t, f)
	for _, want := range []string{"mean of 2 studies", "race:3", "halving:2", "random pick"} {
		if !bytes.Contains(f.VegaLite, []byte(want)) || !bytes.Contains(f.SVG, []byte(want)) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	if !strings.Contains(f.Alt, "LAG with the studies' own lags loses ") {
		t.Errorf("the description is %q", f.Alt)
	}
	if f := Budgets(comparison(t, aggregate.Named{Name: "empty", Study: &result.Study{}})); !errors.Is(f.Err, ErrNoData) {
		t.Errorf("nothing is drawn with error %v", f.Err)
	}
}
