package result_test

import (
	"fmt"
	"testing"

	"github.com/landscape-aware/growing/lag/internal/synthetic"
)

// BenchmarkAnalyze measures the analysis of recorded candidates, by their number
// and that of evaluations.
func BenchmarkAnalyze(b *testing.B) {
	for _, size := range []struct{ candidates, evaluations int }{
		{25, 1000}, {50, 1000}, {100, 1000}, {200, 1000}, {200, 125}, {200, 250}, {200, 500},
	} {
		b.Run(fmt.Sprintf("%dx%d", size.candidates, size.evaluations), func(b *testing.B) {
			r := synthetic.Large(size.candidates, size.evaluations)
			rules := synthetic.Rules(r)
			for b.Loop() {
				if err := r.Analyze(b.Context(), rules); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
