package wheel

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestUnpackTogether: of several processes that find a model damaged, none removes
// what another has made.
func TestUnpackTogether(t *testing.T) {
	w, whole := made(t)
	root := t.TempDir()
	file, dir := filepath.Join(root, w.File), filepath.Join(root, "model")
	if err := os.WriteFile(file, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("damaged"), 0o644); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if err := w.unpack(t.Context(), file, dir); err != nil {
					t.Error(err)
				}
				if err := w.check(t.Context(), dir); err != nil { // at once, while the others go on
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}
