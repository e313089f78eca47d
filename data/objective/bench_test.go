package objective

import (
	"fmt"
	"testing"
)

// BenchmarkBatch makes batches of 16 rows in one goroutine. tokens/s counts the
// positions of the model: rows times sequence length, plus targets if there are
// any.
func BenchmarkBatch(b *testing.B) {
	const size = 16
	store := make(sequence, 1<<22)
	for i := range store {
		store[i] = 5 + int32(i*7919%8000)
	}
	bert, t5 := vocab(8192), t5vocab(8000, 187)
	bert.Continues = func(id int32) bool { return id%3 == 0 }
	var pairs library
	pairs.sequence = store
	for at := int64(500); at <= store.Len(); at += 500 {
		pairs.ends = append(pairs.ends, at)
	}
	words, paired := MLM.withWords, MLM.withPairs
	for _, L := range []int{128, 512} {
		mlm := DefaultMLM(L)
		for _, c := range []struct {
			name string
			MLM
		}{{"mlm", mlm}, {"mlm-whole-words", words(mlm)}, {"mlm-pairs", paired(mlm)}} {
			b.Run(fmt.Sprintf("%s/%d", c.name, L), func(b *testing.B) {
				measure(b, sampler(b, c.MLM, pairs, bert, size, 1), size*L)
			})
		}
		for _, kind := range []Kind{KindSpanCorruption, KindUL2, KindPrefixLM, KindCausalLM} {
			if kind != KindCausalLM {
				o, _ := Default(kind, EncoderDecoder, L)
				b.Run(fmt.Sprintf("%s-encoder-decoder/%d", kind, L), func(b *testing.B) {
					s := encoderDecoder(b, o.Settings, store, t5, size, 1)
					measure(b, s, size*(L+at(b, s, 0).TargetLength))
				})
			}
			o, _ := Default(kind, DecoderOnly, L)
			b.Run(fmt.Sprintf("%s-decoder-only/%d", kind, L), func(b *testing.B) {
				measure(b, decoder(b, o.Settings, store, t5, size, 1), size*L)
			})
		}
	}
}

func (m MLM) withWords() MLM { m.WholeWords = true; return m }

func (m MLM) withPairs() MLM { m.Pairs = DefaultSentencePairs(); return m }

func measure[B any](b *testing.B, s *Sampler[B], tokens int) {
	at(b, s, 0) // shuffles the epoch
	step := int64(0)
	for b.Loop() {
		at(b, s, step)
		step++
	}
	b.ReportMetric(float64(step)*float64(tokens)/b.Elapsed().Seconds(), "tokens/s")
}
