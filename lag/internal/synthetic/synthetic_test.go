package synthetic

import (
	"encoding/json"
	"math"
	"testing"
)

// TestResult checks that made-up results are complete and can be written.
func TestResult(t *testing.T) {
	for _, seeds := range []int{1, 3} {
		r := Result(6, 16, seeds)
		if len(r.Strategies) != 16*seeds || len(r.Seeds) != seeds || len(r.Signals) != 4 || len(r.Rules) < 8 || len(r.Pairs) != 16*15/2 {
			t.Errorf("%d seeds: %d outcomes, %d signals, %d rules, %d pairs", seeds, len(r.Strategies), len(r.Signals), len(r.Rules), len(r.Pairs))
		}
		for _, o := range r.Under(seeds - 1) {
			if o.Seed != r.Seeds[seeds-1] {
				t.Errorf("%s has seed %d, want %d", o.Name, o.Seed, r.Seeds[seeds-1])
			}
		}
		if math.IsNaN(float64(r.Noise.PairError)) || math.IsNaN(float64(r.Noise.Ratio)) != (seeds == 1) {
			t.Errorf("%d seeds: noise %+v", seeds, r.Noise)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	}
	if n := len(Result(6, 100, 1).Strategies); n < 40 {
		t.Errorf("the wide pool has %d strategies", n)
	}
	if r := TwoStacks(1, 6, 1); len(r.Strategies[0].Encoder) != 4 {
		t.Errorf("the map of an encoder is %v", r.Strategies[0].Encoder)
	}
}

func TestStacking(t *testing.T) {
	r := Stacking(1, 3)
	if len(r.Arms) != 15 || len(r.Summary) != 5 || r.Verdict == "" {
		t.Errorf("%d arms, %d in the summary, verdict %q", len(r.Arms), len(r.Summary), r.Verdict)
	}
	for _, o := range r.Arms {
		if o.FLOPs > r.Budget || o.FLOPs < 0.95*r.Budget {
			t.Errorf("%s spends %g of %g", o.Name, o.FLOPs, r.Budget)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}
