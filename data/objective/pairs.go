package objective

import (
	"fmt"
	"math/rand/v2"
	"sort"

	"github.com/landscape-aware/growing/data/strictjson"
)

// SentencePairs makes [CLS] A [SEP] B [SEP] from two spans of text; the model
// predicts whether B follows A (Devlin et al. 2019, section 3.1, task 2). It
// follows Google BERT's create_pretraining_data.py. That program packs whole
// sentences of a document. Here a token store knows documents but no sentences,
// and a batch must not depend on earlier ones. So, for a window of the store
// that begins at token t:
//
//  1. K, the number of tokens that are not special, is L-3, or, with probability
//     ShortProbability, a uniformly random number from 2 to L-3.
//  2. The chunk is K consecutive tokens of the document that contains t (or, if
//     that is empty, of the next one that is not). It begins at t, or earlier
//     if the document ends before t+K. It is the whole document if that has
//     fewer than K tokens. The document's end token does not belong to it.
//  3. A is the first a of the chunk's n tokens, with a uniformly random from 1 to
//     n-1.
//  4. With probability RandomNext, and always if n is 1, B comes from another,
//     uniformly random document: K-a tokens from a uniformly random place, or
//     fewer if the document ends. Otherwise B is the rest of the chunk.
//
// A and B together have at most L-3 tokens, so nothing is cut off.
type SentencePairs struct {
	RandomNext       float64 `json:"random_next"`       // probability that B is from another document; 0.5 in BERT
	ShortProbability float64 `json:"short_probability"` // share of shorter examples; 0.1 in BERT
}

// DefaultSentencePairs returns BERT's settings.
func DefaultSentencePairs() *SentencePairs {
	return &SentencePairs{RandomNext: 0.5, ShortProbability: 0.1}
}

// UnmarshalJSON decodes the settings. All are required.
func (p *SentencePairs) UnmarshalJSON(text []byte) error {
	type fields SentencePairs
	if err := strictjson.Decode(text, (*fields)(p)); err != nil {
		return fmt.Errorf("pairs: %w", err)
	}
	return nil
}

func (p SentencePairs) validate(length int) error {
	switch {
	case length < 5:
		return fmt.Errorf("objective: sequence length %d is too short for sentence pairs: [CLS], two [SEP] and a token of each sentence take five", length)
	case !(p.RandomNext >= 0 && p.RandomNext <= 1):
		return fmt.Errorf("objective: the probability %v of a random next sentence must lie between 0 and 1", p.RandomNext)
	case !(p.ShortProbability >= 0 && p.ShortProbability <= 1):
		return fmt.Errorf("objective: the probability %v of a short pair must lie between 0 and 1", p.ShortProbability)
	}
	return nil
}

// documents finds the documents of a store.
type documents struct {
	Documents
	vocab Vocabulary
}

func newDocuments(store Tokens, vocab Vocabulary) (*documents, error) {
	indexed, ok := store.(Documents)
	if !ok {
		return nil, fmt.Errorf("objective: sentence pairs need a store with an index of documents, which %T lacks: use a token store with an index, or packed sequences", store)
	}
	d := &documents{indexed, vocab}
	// B may come from another document, so two documents with text are needed.
	filled := 0
	for i := 0; i < d.Documents.Documents() && filled < 2; i++ {
		lo, hi, err := d.text(i)
		if err != nil {
			return nil, err
		}
		if hi > lo {
			filled++
		}
	}
	if filled < 2 {
		return nil, fmt.Errorf("objective: sentence pairs need two documents with text, and the store has %d: use a corpus with more documents, or packed sequences", filled)
	}
	return d, nil
}

// text returns the bounds of document i without its end token.
func (d *documents) text(i int) (lo, hi int64, err error) {
	lo, hi = d.Document(i)
	if hi > lo {
		var last [1]int32
		if err := d.Read(last[:], hi-1); err != nil {
			return 0, 0, fmt.Errorf("objective: reading a document's end: %w", err)
		}
		if d.vocab.ends(last[0]) {
			hi--
		}
	}
	return lo, hi, nil
}

// next returns the first document from i on, other than avoid, that has text.
// The search wraps around.
func (d *documents) next(i, avoid int) (document int, lo, hi int64, err error) {
	for range 2 * d.Documents.Documents() {
		if i != avoid {
			if lo, hi, err = d.text(i); err != nil || hi > lo {
				return i, lo, hi, err
			}
		}
		i = (i + 1) % d.Documents.Documents()
	}
	return 0, 0, 0, fmt.Errorf("objective: the store's index has changed since it was opened")
}

// holding returns the index of the document that contains the token.
func (d *documents) holding(at int64) int {
	return sort.Search(d.Documents.Documents()-1, func(i int) bool {
		_, hi := d.Document(i)
		return hi > at
	})
}

// fillPair fills the tokens and segments of a row, and returns the row's
// length.
func (m *mlmRows) fillPair(b *MLMBatch, row int, at int64, r *rand.Rand) (length int, err error) {
	tokens, segments := b.Tokens[row*b.Length:(row+1)*b.Length], b.Segments[row*b.Length:(row+1)*b.Length]
	K := int64(b.Length - 3)
	if r.Float64() < m.Pairs.ShortProbability {
		K = 2 + r.Int64N(K-1)
	}
	document, lo, hi, err := m.documents.next(m.documents.holding(at), -1)
	if err != nil {
		return 0, err
	}
	begin := max(lo, min(at, hi-K))
	n := min(K, hi-begin)
	a := int64(1)
	if n > 1 {
		a += r.Int64N(n - 1)
	}
	next, size := begin+a, n-a // the beginning and the length of B
	if random := r.Float64() < m.Pairs.RandomNext; random || n == 1 {
		b.NextSentence[row] = 1
		other := r.IntN(m.documents.Documents.Documents() - 1)
		if other >= document {
			other++
		}
		if _, lo, hi, err = m.documents.next(other, document); err != nil {
			return 0, err
		}
		next = lo + r.Int64N(hi-lo)
		size = min(K-a, hi-next)
	}
	tokens[0] = m.vocab.Cls
	for _, part := range []struct {
		from, to int64 // in the row
		at       int64 // in the store
		segment  int32
	}{{1, 1 + a, begin, 0}, {2 + a, 2 + a + size, next, 1}} {
		if err := m.store.Read(tokens[part.from:part.to], part.at); err != nil {
			return 0, fmt.Errorf("objective: reading a sentence: %w", err)
		}
		tokens[part.to] = m.vocab.Sep
		fill(segments[part.from:part.to+1], part.segment)
	}
	return int(a + size + 3), nil
}
