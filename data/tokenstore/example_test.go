package tokenstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/tokenstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	prefix := filepath.Join(dir, "train")

	w, err := tokenstore.Create(prefix, tokenstore.Meta{Vocabulary: "sha256 of a tokenizer", VocabSize: 1000, EndToken: 3, Split: "train"})
	if err != nil {
		panic(err)
	}
	defer w.Abort() // does nothing after Commit
	for _, document := range [][]int32{{17, 42, 3}, {99, 3}} {
		if err := w.Append(document); err != nil {
			panic(err)
		}
	}
	if err := w.Commit(); err != nil {
		panic(err)
	}

	s, err := tokenstore.Open(prefix)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	window := make([]int32, 3)
	if err := s.Read(window, 1); err != nil {
		panic(err)
	}
	lo, hi := s.Document(1)
	fmt.Println(window, lo, hi, s.Meta().DType, s.Verify(context.Background(), nil, nil))
	// Output: [42 3 99] 3 5 uint16 <nil>
}
