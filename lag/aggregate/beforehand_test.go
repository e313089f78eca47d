package aggregate

import (
	"math"
	"testing"

	"github.com/landscape-aware/growing/lag/result"
)

func TestBeforehand(t *testing.T) {
	r := small(10, "keeps", "nearly", "high")
	r.Source.Loss, r.Source.UnigramEntropy = 3, 5.5
	for i, loss := range []result.Number{3, 3.005, 4} {
		r.Strategies[i].Curve = []result.Point{{Step: 0, Loss: loss}, {Step: 10, Loss: 2}}
	}
	mean := 10.005 / 3
	spread := math.Sqrt(((3-mean)*(3-mean) + (3.005-mean)*(3.005-mean) + (4-mean)*(4-mean)) / 2)
	b := Compared{Named: Named{"a", r}}.Beforehand()
	if b.BelowUnigram != 2.5 || math.Abs(b.Spread-spread) > 1e-12 || math.Abs(b.Kept-2./3) > 1e-12 {
		t.Errorf("%+v, want a spread of %v", b, spread)
	}
	if b := (Compared{Named: Named{"none", &result.Study{}}}).Beforehand(); !math.IsNaN(b.Spread) || !math.IsNaN(b.Kept) {
		t.Errorf("of nothing: %+v", b)
	}
}
