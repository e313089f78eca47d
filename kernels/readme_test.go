package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/readme"
)

// TestBlocksOfReadmesAreMarked: .ci/run can run every block of every README, or a
// comment says why not. Running them takes minutes; this takes a moment.
func TestBlocksOfReadmesAreMarked(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	names, err := readme.Documents(t.Context(), "..")
	if err != nil {
		t.Skip(err) // not a clone
	}
	blocks := 0
	for _, name := range names {
		d, err := readme.Load(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
			continue
		}
		blocks += d.Blocks()
	}
	if blocks == 0 {
		t.Errorf("none of %q has a block", names)
	}
}
