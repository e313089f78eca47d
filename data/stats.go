package data

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/landscape-aware/growing/data/statistics"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// StageCount is the stage that [Stats] reports. Its unit is tokens.
const StageCount = "count"

// What [Stats] returns is of package statistics, which packages that only draw
// it import without this one.
type (
	Statistics      = statistics.Dataset
	SplitStatistics = statistics.Split
	LengthBin       = statistics.LengthBin
	TokenCount      = statistics.TokenCount
)

// FrequentTokens is the greatest length of [SplitStatistics].Frequent.
const FrequentTokens = 20

// Stats counts the tokens of a dataset. Its memory does not grow with the
// dataset. Progress may be nil.
func Stats(ctx context.Context, d *Dataset, progress Progress) (*Statistics, error) {
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	s := &Statistics{Vocabulary: d.Tokenizer.VocabSize(), UnigramEntropy: d.UnigramEntropy, ValidationEntropy: d.ValidationEntropy}
	total := d.Train.Len() + d.Validation.Len()
	var counts [2][]int64
	for i, part := range []struct {
		store *tokenstore.Store
		stats *SplitStatistics
		from  int64
	}{{d.Train, &s.Train, 0}, {d.Validation, &s.Validation, d.Train.Len()}} {
		var err error
		if counts[i], err = histogram(ctx, part.store, d.Tokenizer.VocabSize()); err != nil {
			return nil, fmt.Errorf("data: counting the tokens of %s: %w", part.store.Meta().Split, err)
		}
		progress(StageCount, part.from+part.store.Len(), total)
		if err := countLengths(ctx, part.stats, part.store); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		countTokens(part.stats, counts[i], d.Tokenizer)
	}
	for id := range counts[0] {
		if counts[0][id]+counts[1][id] == 0 {
			s.Unused++
		}
	}
	return s, nil
}

// lengths sets the fields that depend only on the number and lengths of documents.
func countLengths(ctx context.Context, s *SplitStatistics, store *tokenstore.Store) error {
	m := store.Meta()
	s.Documents, s.Tokens, s.TextBytes = int64(m.Documents), m.Tokens, m.TextBytes
	if m.Tokens > 0 {
		s.BytesPerToken = float64(m.TextBytes) / float64(m.Tokens)
	}
	if m.Documents == 0 {
		return nil
	}
	s.MeanLength = float64(m.Tokens) / float64(m.Documents)
	s.MinLength = math.MaxInt64
	var bins [65]int64 // by the number of bits of the length
	for i := range m.Documents {
		if i%(1<<16) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		lo, hi := store.Document(i)
		if hi < lo {
			return fmt.Errorf("document %d of %s begins at token %d and ends at %d: %w", i, m.Split, lo, hi, tokenstore.ErrDamaged)
		}
		n := hi - lo
		s.MinLength, s.MaxLength = min(s.MinLength, n), max(s.MaxLength, n)
		bins[bits.Len64(uint64(n))]++
	}
	for b := bits.Len64(uint64(s.MinLength)); b <= bits.Len64(uint64(s.MaxLength)); b++ {
		low := int64(0)
		if b > 0 {
			low = 1 << (b - 1)
		}
		s.Lengths = append(s.Lengths, LengthBin{Low: low, High: 1 << b, Documents: bins[b]})
	}
	return nil
}

// tokens sets the fields that depend on the counts of tokens.
func countTokens(s *SplitStatistics, counts []int64, vocab *tokenizer.Tokenizer) {
	if unk := vocab.Special().Unk; unk >= 0 && s.Tokens > 0 {
		s.UnknownRate = float64(counts[unk]) / float64(s.Tokens)
	}
	var ordinary int64
	var all []TokenCount
	for id, n := range counts {
		if n > 0 && !vocab.IsSpecial(int32(id)) {
			ordinary += n
			all = append(all, TokenCount{ID: int32(id), Token: vocab.Token(int32(id)), Count: n})
		}
	}
	for i := range all {
		all[i].Share = float64(all[i].Count) / float64(ordinary)
		s.Entropy -= all[i].Share * math.Log(all[i].Share)
	}
	// Stable, so that of equally frequent tokens the lower id comes first.
	slices.SortStableFunc(all, func(a, b TokenCount) int { return cmp.Compare(b.Count, a.Count) })
	s.Frequent = slices.Clone(all[:min(len(all), FrequentTokens)])
}
