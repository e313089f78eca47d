package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/corpus"
)

// TestDatasetOf finds a data set by its fingerprint beside a damaged one, and
// says so if the one that is looked for is damaged.
func TestDatasetOf(t *testing.T) {
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "Document %d grows %d times as large.\n\n", i, i*i)
	}
	file := filepath.Join(t.TempDir(), "corpus.txt")
	if err := os.WriteFile(file, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var sets []*data.Dataset
	for seed := range int64(2) {
		d, err := data.Prepare(t.Context(), data.Config{Corpus: corpus.Spec{Source: file}, VocabSize: 60, ValidationFraction: 0.2, SplitSeed: seed}, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		sets = append(sets, d)
	}
	path := filepath.Join(sets[0].Dir, "dataset.json")
	json, err := os.ReadFile(path)
	if err := errors.Join(err, os.WriteFile(path, []byte(strings.Replace(string(json), `"documents": 200`, `"documents": 201`, 1)), 0o666)); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDataset(t.Context(), sets[1].Fingerprint, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.Dir != sets[1].Dir {
		t.Errorf("it found %s, not %s", d.Dir, sets[1].Dir)
	}
	d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files, err := filepath.Glob(filepath.Join(sets[1].Dir, "*"))
	for _, file := range files { // so that they are read again
		err = errors.Join(err, os.Chtimes(file, time.Time{}, time.Now().Add(-time.Hour)))
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDataset(ctx, sets[1].Fingerprint, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: got error %v", err)
	}
	if err := os.WriteFile(path, json, 0o666); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(sets[0].Dir, "train.bin")
	tokens, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	tokens[len(tokens)/2] ^= 1
	if err := os.WriteFile(bin, tokens, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDataset(t.Context(), sets[0].Fingerprint, dir, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged data set: %v", err)
	}
}
