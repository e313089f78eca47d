package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestRemoveLeftovers: what is removed are temporary files with the prefix, and
// nothing else.
func TestRemoveLeftovers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.json.1.tmp", "b.json.2.tmp", "a.json", "a.tmp.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d.tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		prefix string
		want   []string
	}{{"a.json.", []string{"a.json", "a.tmp.json", "b.json.2.tmp", "d.tmp"}}, {"", []string{"a.json", "a.tmp.json", "d.tmp"}}} {
		if err := RemoveLeftovers(dir, test.prefix); err != nil || fmt.Sprint(names(t, dir)) != fmt.Sprint(test.want) {
			t.Errorf("%q: there are %v, %v, want %v", test.prefix, names(t, dir), err, test.want)
		}
	}
	if err := RemoveLeftovers(filepath.Join(dir, "none"), ""); err != nil {
		t.Error(err)
	}
}

// TestRemoveLeftoversTogether: several who remove the same files do not fail because
// another was faster.
func TestRemoveLeftoversTogether(t *testing.T) {
	dir := t.TempDir()
	for range 20 {
		for i := range 50 {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("a.%d%s", i, Ext)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := RemoveLeftovers(dir, ""); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if left := names(t, dir); len(left) > 0 {
			t.Fatalf("left: %v", left)
		}
	}
}
