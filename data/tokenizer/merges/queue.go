package merges

// candidate is a pair that may be merged in some words. A pair can have several
// candidates if a token can be made in several ways.
type candidate struct {
	count int64 // of the pair when the candidate was last looked at
	pair  Pair
	round int32 // the merge that made the candidate
	list  int32 // which list holds its words
}

// before orders candidates by falling count, then by rising pair, then by age.
func (c *candidate) before(d *candidate) bool {
	if c.count != d.count {
		return c.count > d.count
	}
	if c.pair != d.pair {
		return c.pair < d.pair
	}
	return c.round < d.round
}

// queue is a heap in which every candidate has up to arity children and comes
// before them.
type queue []candidate

const arity = 8

func (q *queue) push(c candidate) {
	*q = append(*q, c)
	h := *q
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / arity
		if !c.before(&h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = c
}

// pop removes the first candidate.
func (q *queue) pop() {
	h := *q
	last := h[len(h)-1]
	*q = h[:len(h)-1]
	if len(*q) > 0 {
		q.replace(last)
	}
}

// replace puts c in the place of the first candidate.
func (q queue) replace(c candidate) {
	i := 0
	for {
		first := arity*i + 1
		if first >= len(q) {
			break
		}
		best := first
		for child := first + 1; child < min(first+arity, len(q)); child++ {
			if q[child].before(&q[best]) {
				best = child
			}
		}
		if !q[best].before(&c) {
			break
		}
		q[i] = q[best]
		i = best
	}
	q[i] = c
}
