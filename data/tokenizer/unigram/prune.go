package unigram

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// alternative is how a piece is segmented without itself.
type alternative struct {
	ids    []int32 // nil if there is no other way; -1 for unknown characters
	better bool    // than the piece
}

// alternatives returns the alternative of each piece.
func (e *estimator) alternatives(ctx context.Context) []alternative {
	out := make([]alternative, len(e.pieces))
	e.parallel(ctx, len(e.pieces), func(_ int, l *lattice, lo, hi int) {
		for i := lo; i < hi; i++ {
			word := []byte(e.pieces[i])
			if !e.alive[i] || charLen(word) == len(word) {
				continue
			}
			l.build(word, int32(i))
			score := l.best(len(word))
			if math.IsInf(score, -1) {
				continue
			}
			out[i].better = score > e.score[i]
			for at := int32(len(word)); at > 0; at = l.start[at] {
				out[i].ids = append(out[i].ids, l.last[at])
			}
		}
	})
	return out
}

// prune drops the pieces whose loss is least. It leaves the share keep of the pieces,
// or target of them if these are more. The loss of a piece is how much less likely the
// text becomes, by its best segmentations, when the piece is replaced by its
// alternative everywhere.
func (e *estimator) prune(ctx context.Context, keep float64, target int) error {
	e.prepare()
	size := max(target, int(keep*float64(e.left)))
	others := e.alternatives(ctx)
	counts := e.sum(ctx, func(l *lattice, word []byte, count int64, sums []int64) {
		l.build(word, -1)
		l.best(len(word))
		for at := int32(len(word)); at > 0; at = l.start[at] {
			if id := l.last[at]; id >= 0 {
				sums[id] += count
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	total := 0.0
	for _, n := range counts {
		total += float64(n)
	}
	type candidate struct {
		id   int32
		loss float64
	}
	var candidates []candidate
	kept := 0
	for i, alive := range e.alive {
		switch {
		case !alive:
		case counts[i] == 0 || others[i].better:
			e.drop(int32(i))
		case others[i].ids == nil:
			kept++
		default:
			n := float64(counts[i])
			with := math.Log(n) - math.Log(total)
			all := math.Log(total + n*float64(len(others[i].ids)-1))
			without := 0.0
			for _, id := range others[i].ids {
				m := n
				if id >= 0 {
					m += float64(counts[id])
				}
				without += math.Log(m) - all
			}
			candidates = append(candidates, candidate{int32(i), n / total * (with - without)})
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.loss, a.loss), cmp.Compare(a.id, b.id))
	})
	for _, c := range candidates[min(len(candidates), max(size-kept, 0)):] {
		e.drop(c.id)
	}
	return nil
}

// dropUnreachable drops the pieces whose alternative is better, so that no best
// segmentation can hold them.
func (e *estimator) dropUnreachable(ctx context.Context) error {
	e.prepare()
	others := e.alternatives(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, other := range others {
		if e.alive[i] && other.better {
			e.drop(int32(i))
		}
	}
	return nil
}
