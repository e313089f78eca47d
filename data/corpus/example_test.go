package corpus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/corpus"
)

// A file of JSON lines whose text is in the field "body", cleaned.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "corpus")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	lines := `{"id": 1, "body": "Grow   a model."}
{"id": 2, "body": "Grow a model."}
{"id": 3, "body": "Wait\n\nfor a lag."}
`
	path := filepath.Join(dir, "pages.jsonl")
	if err := os.WriteFile(path, []byte(lines), 0o666); err != nil {
		panic(err)
	}

	ctx := context.Background()
	source, err := corpus.Open(ctx, corpus.Spec{
		Source: path, Field: "body", License: "CC0-1.0",
		Clean: corpus.Cleaning{CollapseSpace: true, DropDuplicates: true},
	})
	if err != nil {
		panic(err)
	}
	for document, err := range source.Documents(ctx) {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%q\n", document.Text)
	}
	// Output:
	// "Grow a model."
	// "Wait\nfor a lag."
}

// A specification is a string in JSON where only the source is given.
func ExampleSpec() {
	for _, s := range []corpus.Spec{{Source: "go"}, {Source: "hf:wikimedia/wikipedia", Config: "20231101.en"}} {
		text, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(text))
	}
	// Output:
	// "go"
	// {"source":"hf:wikimedia/wikipedia","config":"20231101.en"}
}
