package checkout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "notebooks", "more")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(deep); err == nil || !strings.Contains(err.Error(), Module) {
		t.Fatalf("outside a checkout: error %v, want one that names %s", err, Module)
	}
	// A module with another name in a parent directory is not ours.
	for dir, module := range map[string]string{root: Module, deep: Module + "/other"} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("// x\nmodule "+module+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Find(deep)
	if err != nil || c.Root != root {
		t.Fatalf("Find = %v, %v, want %s", c.Root, err, root)
	}
	if got, want := c.Bin("x"), filepath.Join(root, ".lag", "bin"); filepath.Dir(got) != want {
		t.Errorf("Bin is in %s, want %s", filepath.Dir(got), want)
	}
}
