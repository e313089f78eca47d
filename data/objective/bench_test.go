package objective

import (
	"fmt"
	"testing"
)

func BenchmarkBatch(b *testing.B) {
	for _, c := range []struct{ size, length int }{{32, 64}, {16, 128}} {
		b.Run(fmt.Sprintf("%dx%d", c.size, c.length), func(b *testing.B) {
			store := make(sequence, 4<<20)
			for i := range store {
				store[i] = 5 + int32(i*7919%8000)
			}
			s := sampler(b, DefaultMLM(c.length), store, vocab(8192), c.size, 1)
			step := int64(0)
			for b.Loop() {
				batch(b, s, step)
				step++
			}
			b.ReportMetric(float64(step)*float64(c.size*c.length)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
