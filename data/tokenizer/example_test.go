package tokenizer_test

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/data/tokenizer"
)

func ExampleTrain() {
	documents := func(yield func(string, error) bool) {
		for range 3 {
			if !yield("Growing grows. Stacking stacks.", nil) {
				return
			}
		}
	}
	t, err := tokenizer.Train(context.Background(), documents, tokenizer.TrainOptions{Kind: tokenizer.WordPiece, VocabSize: 40})
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := t.Encode(nil, "Stacking grows")
	for _, id := range ids {
		fmt.Println(id, t.Token(id))
	}
	fmt.Println(t.Decode(ids))
	// Output:
	// 36 stack
	// 35 ##ing
	// 37 grows
	// stacking grows
}
