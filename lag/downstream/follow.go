package downstream

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
)

// A drawnPair is two passages of tokens.
type drawnPair struct {
	first, second []int32
	follows       bool // the second follows the first in its document; else it is from another document
	block         int  // the documents among which both were drawn, from 0 in each part
}

// pairs are the examples of which passages follow each other. Those of the test come
// from other documents than those of the training, and those of a block from other
// documents than those of another. So blocks are independent, and intervals resample
// them. Resampled by the document of the first passage alone, examples that share the
// other document would pass for independent, and intervals be too narrow.
type pairs struct {
	train, test []drawnPair
	passage     int // tokens of each passage
}

const (
	leastPassage      = 8  // tokens; shorter passages only if the model's sequences are shorter
	wantedDocuments   = 24 // for which passages are shortened
	leastDocuments    = 8  // two blocks for training, of which one is set aside, and two for the test
	leastOfPart       = 4  // documents for training, and for the test
	leastOfBlock      = 2  // documents: one more for passages of another document
	trainingBlocks    = 5  // of which one is set aside
	shareForTraining  = 2. / 3
	testOfTraining    = 2                  // there are half as many examples of the test
	drawingOfExamples = 0x6c61672d666f6c6c // distinguishes these random numbers from others of the seed
)

// drawPairs draws examples: passages of at most the given number of tokens, and at most
// the given number of examples to train on. Each document that is long enough for two
// passages is for training or for the test. The documents of training are divided at
// random into five blocks, or fewer, and those of the test into blocks of two. The blocks
// take turns. The first passage of each example is at a random place in a random document
// of its block; in every other example the second passage follows it, in the others it is
// at a random place in another document of the same block. That is one where a second
// passage can be: not in the first passage of its document, or the second passage alone
// would tell, by how documents begin. Passages are shortened, by half at a time, until
// enough documents are long enough. There are no more examples than disjoint passages.
func drawPairs(d objective.Documents, passage, examples int, seed int64) (*pairs, error) {
	chosen, long := choosePassage(d, passage)
	if len(long) < leastDocuments {
		return nil, fmt.Errorf("%s have %d tokens, enough for two passages, but a probe needs %d; give a text with more or longer documents", plain.Count(len(long), "document"), 2*chosen, leastDocuments)
	}
	random := rand.New(rand.NewPCG(uint64(seed), drawingOfExamples))
	random.Shuffle(len(long), func(i, j int) { long[i], long[j] = long[j], long[i] })
	n := min(max(leastOfPart, int(shareForTraining*float64(len(long)))), len(long)-leastOfPart)
	p := &pairs{passage: chosen}
	var err error
	if p.train, err = drawFrom(d, blocksOf(long[:n], trainingBlocks), chosen, examples, random); err != nil {
		return nil, err
	}
	p.test, err = drawFrom(d, blocksOf(long[n:], len(long)), chosen, (examples+testOfTraining-1)/testOfTraining, random)
	return p, err
}

// choosePassage returns the length of the passages and the documents that have two.
func choosePassage(d objective.Documents, passage int) (chosen int, long []int) {
	for n := passage; n >= min(passage, leastPassage); n /= 2 {
		var of []int
		for i := range d.Documents() {
			if lo, hi := d.Document(i); hi-lo-1 >= int64(2*n) { // without its end token
				of = append(of, i)
			}
		}
		// The longest passage for which there is almost nothing loses against a shorter one.
		if chosen == 0 || len(of) > len(long) {
			chosen, long = n, of
		}
		if len(long) >= wantedDocuments {
			break
		}
	}
	return chosen, long
}

// blocksOf divides documents into blocks of one size, or nearly, of two at least: into
// the given number, or fewer.
func blocksOf(documents []int, number int) [][]int {
	number = min(number, len(documents)/leastOfBlock)
	blocks := make([][]int, number)
	for i := range blocks {
		blocks[i] = documents[i*len(documents)/number : (i+1)*len(documents)/number]
	}
	return blocks
}

// drawFrom draws examples from blocks of documents.
func drawFrom(d objective.Documents, blocks [][]int, passage, examples int, random *rand.Rand) ([]drawnPair, error) {
	disjoint := int64(0)
	for _, block := range blocks {
		for _, i := range block {
			lo, hi := d.Document(i)
			disjoint += (hi - lo - 1) / int64(passage)
		}
	}
	list := make([]drawnPair, max(2, int(min(int64(examples), disjoint))/2*2))
	for i := range list {
		p := drawnPair{follows: i%2 == 0, block: i / 2 % len(blocks)}
		from := blocks[p.block]
		k := random.IntN(len(from))
		lo, hi := d.Document(from[k])
		at := lo + random.Int64N(hi-1-lo-int64(2*passage)+1)
		then := at + int64(passage)
		if !p.follows {
			other := (k + 1 + random.IntN(len(from)-1)) % len(from)
			lo, hi := d.Document(from[other])
			then = lo + int64(passage) + random.Int64N(hi-1-lo-int64(2*passage)+1)
		}
		p.first, p.second = make([]int32, passage), make([]int32, passage)
		if err := cmp.Or(d.Read(p.first, at), d.Read(p.second, then)); err != nil {
			return nil, err
		}
		list[i] = p
	}
	return list, nil
}
