package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestDatasetsSetAside checks that the latest dataset is none that was damaged.
func TestDatasetsSetAside(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"0123", "0123.damaged", "0123.2.damaged", ".partial-4567"} {
		d := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(d, 0o777), os.WriteFile(filepath.Join(d, "dataset.json"), nil, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := datasets(dir)
	if err != nil || len(found) != 1 || filepath.Base(found[0].dir) != "0123" {
		t.Errorf("found %v, %v", found, err)
	}
}
