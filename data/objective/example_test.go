package objective_test

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
)

// tokens is a store in memory.
type tokens []int32

func (t tokens) Len() int64 { return int64(len(t)) }

func (t tokens) Read(dst []int32, offset int64) error {
	copy(dst, t[offset:])
	return nil
}

func ExampleNewMLMSampler() {
	store := tokens{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26}
	vocabulary := objective.Vocabulary{Size: 30, Cls: 2, Sep: 3, Mask: 4, Specials: []int32{0, 1, 2, 3, 4}}
	sampler, err := objective.NewMLMSampler(objective.DefaultMLM(8), store, vocabulary, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := sampler.Batch(0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for row := range batch.Size {
		fmt.Println(batch.Tokens[row*batch.Length : (row+1)*batch.Length])
	}
	fmt.Println("positions", batch.Positions, "labels", batch.Labels)
	// Output:
	// [2 10 11 16 13 14 15 3]
	// [2 16 17 18 18 20 21 3]
	// positions [3 4] labels [12 19]
}
