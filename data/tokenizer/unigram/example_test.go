package unigram_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/unigram"
)

func ExampleTrain() {
	documents := func(yield func(string, error) bool) {
		yield(strings.Repeat("the cat and the dog saw the cats and the dogs. ", 50), nil)
	}
	m, err := unigram.Train(context.Background(), documents, unigram.TrainOptions{
		VocabSize: 28,
		Special:   []string{"<pad>", "</s>", "<unk>"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := m.NewEncoder().Encode(nil, " the dogs  saw the cats.")
	var pieces []string
	for _, id := range ids {
		pieces = append(pieces, m.Token(id))
	}
	fmt.Println(pieces)
	fmt.Println(m.Decode(pieces))
	// Output:
	// [▁the ▁dog s ▁saw ▁the ▁cats .]
	// the dogs saw the cats.
}
