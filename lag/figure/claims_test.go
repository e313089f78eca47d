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

func TestClaims(t *testing.T) {
	one, two := synthetic.Result(6, 16, 1), synthetic.Result(7, 12, 3)
	c := comparison(t, aggregate.Named{Name: "one", Study: one}, aggregate.Named{Name: "two", Study: two}, aggregate.Named{Name: "empty", Study: &result.Study{}})
	f := Claims(c)
	checkFigure(t, f)
	for _, want := range []string{"one", "two", "empty", "At the lag", "What the picks cost", "loss at initialization", "random pick"} {
		if !bytes.Contains(f.VegaLite, []byte(want)) || !bytes.Contains(f.SVG, []byte(want)) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	if !strings.Contains(f.Alt, "two: rho "+formatRho(c.Studies[1].AtInit)+" at initialization") {
		t.Errorf("the description is %q", f.Alt)
	}
	if f := Claims(&aggregate.Comparison{}); !errors.Is(f.Err, ErrNoData) {
		t.Errorf("nothing is drawn with error %v", f.Err)
	}
}
