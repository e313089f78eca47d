package corpus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSourcePaths names files in directories, and by names, that look like
// patterns.
func TestSourcePaths(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"sel[2]/a.txt", "sel[2]/b.txt", "sel2/c.txt", "x[/d.txt", "x[/deep/e.txt", "a[.txt", "a,b.txt", "-n.txt", "50%d.txt", "a b/f.txt"} {
		path := filepath.FromSlash(name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for source, want := range map[string]string{
		"sel[2]/a.txt":           "sel[2]/a.txt",
		"x[/*.txt":               "x[/d.txt",
		"./x[/*.txt":             "x[/d.txt",
		"x[/*/*.txt":             "x[/deep/e.txt",
		"a[.txt":                 "a[.txt",
		"a,b.txt":                "a,b.txt",
		"a[.txt,x[/d.txt":        "a[.txt x[/d.txt",
		"-n.txt":                 "-n.txt",
		"50%d.txt":               "50%d.txt",
		"a b/*":                  "a b/f.txt",
		"sel[2]/*.txt":           "sel2/c.txt", // a pattern that matches stays a pattern
		dir + "/x[/deep/[e].*":   filepath.ToSlash(dir) + "/x[/deep/e.txt",
		"sel2/*.txt,50%d.txt":    "sel2/c.txt 50%d.txt",
		"sel[2]/[ab].txt":        "sel[2]/a.txt sel[2]/b.txt",
		dir + "/sel[2]/[^a].tx?": filepath.ToSlash(dir) + "/sel2/c.txt",
	} {
		got, err := sourcePaths(filepath.FromSlash(source))
		if diff := cmp.Diff(want, filepath.ToSlash(strings.Join(got, " "))); diff != "" || err != nil {
			t.Errorf("%s: %v %s", source, err, diff)
		}
	}
	for source, want := range map[string]string{"[": "not a valid pattern", "x[/[": "not a valid pattern", "x[/none*": "there is no file", "none/*.txt": "there is no file"} {
		if _, err := sourcePaths(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}
