package unigram

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/wordcount"
)

// estimator holds the words of the training text and the pieces that are left.
// Pieces are addressed by their place in the list of seeds, from first to last.
type estimator struct {
	words  *wordcount.Counts
	pieces []string
	score  []float64 // log probability of each piece; meaningless for dropped ones
	alive  []bool
	left   int // pieces that are alive

	trie     trie
	prob     []float64 // of each piece, scaled; 0 for dropped ones
	unkScore float64
	unkProb  [utf8.UTFMax + 1]float64 // by the bytes of the character
	workers  int
}

// scale is added to the log probability of a piece for each of its bytes, so that
// the products over a word stay near 1.
const scale = 1.5

// fixedPoint is the unit in which expected counts are added up. Sums of integers
// do not depend on their order, and so not on the number of workers.
const fixedPoint = 1 << 20

func newEstimator(words *wordcount.Counts, pieces []string, scores []float64) (*estimator, error) {
	e := &estimator{words: words, pieces: pieces, score: scores, alive: make([]bool, len(pieces)), left: len(pieces), workers: min(runtime.GOMAXPROCS(0), 8)}
	for i := range e.alive {
		e.alive[i] = true
	}
	return e, e.rebuild()
}

// rebuild makes the trie of the pieces that are alive.
func (e *estimator) rebuild() error {
	order := make([]int32, 0, e.left)
	for i := range e.pieces {
		if e.alive[i] {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(e.pieces[a], e.pieces[b]) })
	keys := make([]string, len(order))
	for i, id := range order {
		keys[i] = e.pieces[id]
	}
	var err error
	e.trie, err = buildTrie(keys, order)
	return err
}

// prepare derives what the passes over the words need from the scores.
func (e *estimator) prepare() {
	if e.prob == nil {
		e.prob = make([]float64, len(e.pieces))
	}
	lowest := math.MaxFloat64
	for i, alive := range e.alive {
		e.prob[i] = 0
		if alive {
			lowest = min(lowest, e.score[i])
			e.prob[i] = math.Exp(e.score[i] + scale*float64(len(e.pieces[i])))
		}
	}
	e.unkScore = lowest - unkPenalty
	for n := range e.unkProb {
		e.unkProb[n] = math.Exp(e.unkScore + scale*float64(n))
	}
}

// edge is a piece at a place of a word; id is -1 for an unknown character.
type edge struct {
	from, to int32
	id       int32
}

// lattice is what a worker needs for one word.
type lattice struct {
	e           *estimator
	edges       []edge
	alpha, beta []float64
	start       []int32 // of the last edge on the best path to each place
	last        []int32 // that edge's piece
}

// build lists the edges of a word in the order in which they begin. It leaves out
// the piece without, unless it is -1, as an edge over the whole word.
func (l *lattice) build(word []byte, without int32) {
	l.edges = l.edges[:0]
	for start := 0; start < len(word); {
		char := charLen(word[start:])
		single := false
		for size, id := range prefixes(l.e.trie, word[start:]) {
			if !l.e.alive[id] || id == without && size == len(word) {
				continue
			}
			single = single || size == char
			l.edges = append(l.edges, edge{int32(start), int32(start + size), id})
		}
		if !single {
			l.edges = append(l.edges, edge{int32(start), int32(start + char), -1})
		}
		start += char
	}
}

func (l *lattice) resize(n int) {
	l.alpha, l.beta = slices.Grow(l.alpha[:0], n+1)[:n+1], slices.Grow(l.beta[:0], n+1)[:n+1]
	l.start, l.last = slices.Grow(l.start[:0], n+1)[:n+1], slices.Grow(l.last[:0], n+1)[:n+1]
}

// expect adds to sums the expected number of each piece in count words, in
// units of 1/fixedPoint: the forward-backward algorithm.
func (l *lattice) expect(word []byte, count int64, sums []int64) {
	l.build(word, -1)
	n := len(word)
	l.resize(n)
	clear(l.alpha)
	clear(l.beta)
	l.alpha[0], l.beta[n] = 1, 1
	for _, x := range l.edges {
		l.alpha[x.to] += l.alpha[x.from] * l.probOf(x)
	}
	z := l.alpha[n]
	if !(z > 1e-250 && z < 1e250) {
		l.expectLog(n, count, sums)
		return
	}
	for i := len(l.edges) - 1; i >= 0; i-- {
		x := l.edges[i]
		l.beta[x.from] += l.beta[x.to] * l.probOf(x)
	}
	unit := float64(count) * fixedPoint / z
	for _, x := range l.edges {
		if x.id >= 0 {
			sums[x.id] += int64(l.alpha[x.from]*l.e.prob[x.id]*l.beta[x.to]*unit + 0.5)
		}
	}
}

func (l *lattice) probOf(x edge) float64 {
	if x.id < 0 {
		return l.e.unkProb[x.to-x.from]
	}
	return l.e.prob[x.id]
}

func (l *lattice) scoreOf(x edge) float64 {
	if x.id < 0 {
		return l.e.unkScore
	}
	return l.e.score[x.id]
}

// expectLog is expect for words whose probability is out of range.
func (l *lattice) expectLog(n int, count int64, sums []int64) {
	for i := range l.alpha {
		l.alpha[i], l.beta[i] = math.Inf(-1), math.Inf(-1)
	}
	l.alpha[0], l.beta[n] = 0, 0
	for _, x := range l.edges {
		l.alpha[x.to] = logAdd(l.alpha[x.to], l.alpha[x.from]+l.scoreOf(x))
	}
	for i := len(l.edges) - 1; i >= 0; i-- {
		x := l.edges[i]
		l.beta[x.from] = logAdd(l.beta[x.from], l.beta[x.to]+l.scoreOf(x))
	}
	z := l.alpha[n]
	for _, x := range l.edges {
		if x.id >= 0 {
			p := math.Exp(l.alpha[x.from] + l.scoreOf(x) + l.beta[x.to] - z)
			sums[x.id] += int64(p*float64(count)*fixedPoint + 0.5)
		}
	}
}

func logAdd(x, y float64) float64 {
	if x < y {
		x, y = y, x
	}
	if math.IsInf(y, -1) {
		return x
	}
	return x + math.Log1p(math.Exp(y-x))
}

// best finds the best path through the word that was built, of n bytes, and
// returns its score. The path is in start and last.
func (l *lattice) best(n int) float64 {
	l.resize(n)
	for i := range l.alpha {
		l.alpha[i] = math.Inf(-1)
	}
	l.alpha[0] = 0
	for _, x := range l.edges {
		if s := l.alpha[x.from] + l.scoreOf(x); s > l.alpha[x.to] {
			l.alpha[x.to], l.start[x.to], l.last[x.to] = s, x.from, x.id
		}
	}
	return l.alpha[n]
}

// parallel calls work for consecutive parts of n things on all workers, until
// ctx is done.
func (e *estimator) parallel(ctx context.Context, n int, work func(worker int, l *lattice, lo, hi int)) {
	const part = 1024
	var next atomic.Int64
	var wg sync.WaitGroup
	for worker := range e.workers {
		wg.Go(func() {
			l := &lattice{e: e}
			for {
				lo := int(next.Add(part)) - part
				if lo >= n || ctx.Err() != nil {
					return
				}
				work(worker, l, lo, min(lo+part, n))
			}
		})
	}
	wg.Wait()
}

// sum runs work, which adds to the counts of pieces it is given, over all
// words, and returns the total.
func (e *estimator) sum(ctx context.Context, work func(l *lattice, word []byte, count int64, sums []int64)) []int64 {
	sums := make([][]int64, e.workers)
	e.parallel(ctx, e.words.Len(), func(worker int, l *lattice, lo, hi int) {
		if sums[worker] == nil {
			sums[worker] = make([]int64, len(e.pieces))
		}
		for i := lo; i < hi; i++ {
			work(l, e.words.Word(i), e.words.Count(i), sums[worker])
		}
	})
	total := make([]int64, len(e.pieces))
	for _, part := range sums {
		for i, n := range part {
			total[i] += n
		}
	}
	return total
}

// update is one step of EM: it sets the scores from the expected counts, and
// drops the pieces that are expected less than half a time. The digamma
// function in place of the logarithm is the Bayesian variant of EM, which
// favors few pieces (Liang and Klein, "Structured Bayesian Nonparametric
// Models with Variational Inference", ACL 2007).
func (e *estimator) update(ctx context.Context) error {
	e.prepare()
	expected := e.sum(ctx, (*lattice).expect)
	if err := ctx.Err(); err != nil {
		return err
	}
	total := 0.0
	for i, n := range expected {
		if e.alive[i] {
			if n < fixedPoint/2 {
				e.drop(int32(i))
			} else {
				total += float64(n) / fixedPoint
			}
		}
	}
	log := digamma(total)
	for i, n := range expected {
		if e.alive[i] {
			e.score[i] = digamma(float64(n)/fixedPoint) - log
		}
	}
	return nil
}

func (e *estimator) drop(i int32) {
	e.alive[i] = false
	e.left--
}

// digamma is the logarithmic derivative of the gamma function, by its
// recurrence and asymptotic series.
func digamma(x float64) float64 {
	result := 0.0
	for ; x < 7; x++ {
		result -= 1 / x
	}
	x -= 0.5
	x2 := 1 / (x * x)
	x4 := x2 * x2
	return result + math.Log(x) + x2/24 - 7*x4/960 + 31*x4*x2/8064 - 127*x4*x4/30720
}
