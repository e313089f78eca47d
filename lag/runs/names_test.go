package runs

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// studyOf writes the files of a complete study with one candidate that was
// picked and one that was not, and returns the candidates' directories.
func studyOf(t *testing.T, dir string) (picked, other string) {
	t.Helper()
	picked, other = filepath.Join(dir, "0123456789abcdef"), filepath.Join(dir, "fedcba9876543210")
	files := map[string]string{
		"study.json": string(must(json.Marshal(must(lag.Preset("smoke"))(t)))(t)), "result.json": "{}",
		filepath.Join(result.SelectedDir, "lag-5-seed-1.json"): `{"run": "0123456789abcdef"}`,
	}
	for _, run := range []string{picked, other} {
		name := filepath.Base(run)
		files[filepath.Join(name, "config.json")] = `{"kind": "probe"}`
		files[filepath.Join(name, "result.json")] = `{"steps": 4}`
		files[filepath.Join(train.CheckpointDir(name), "step-00000004.safetensors")] = "state"
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return picked, other
}

// TestNamesLikePatterns lists and cleans studies in directories whose names have
// the characters of patterns, or others that a program may take for its own.
func TestNamesLikePatterns(t *testing.T) {
	root := filepath.Join(t.TempDir(), "runs [1]")
	for _, name := range []string{"sel[2]", "x[", "a*?", "a b", "-n", "50%d", `back\slash`, "line\nbreak", "\x1b[31mred"} {
		dir := filepath.Join(root, name)
		picked, other := studyOf(t, dir)
		plan := must(PlanCleaning(dir, false))(t)
		if len(plan.Items) != 1 || plan.Items[0].run != other {
			t.Errorf("%q: cleaning removes %v, want only the state of the candidate that was not picked", name, plan.Items)
		}
		must(plan.Apply())(t)
		if states, _, err := train.CheckpointFiles(picked); err != nil || len(states) != 1 {
			t.Errorf("%q: the picked model has %d states, %v", name, len(states), err)
		}
	}
	if found := must(Find(root))(t); len(found) != 9 {
		t.Errorf("%d studies are found, want 9", len(found))
	}
	if err := os.Remove(filepath.Join(root, "x[", "result.json")); err != nil {
		t.Fatal(err)
	}
	for _, e := range must(Find(root))(t) {
		if want := map[bool]Status{true: Selected, false: Complete}[filepath.Base(e.Path) == "x["]; e.Status != want {
			t.Errorf("%q is %s, want %s", e.Path, e.Status, want)
		}
	}
}

// TestLinkedDirectories finds what is in a directory that a symbolic link names.
func TestLinkedDirectories(t *testing.T) {
	root := t.TempDir()
	studyOf(t, filepath.Join(root, "runs", "a"))
	for link, target := range map[string]string{"link": "runs", "study": filepath.Join("runs", "a"), ".hidden": "runs"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	want := only(t, filepath.Join(root, "runs"), Study)
	for link, path := range map[string]string{"link": filepath.Join("link", "a"), "study": "study", ".hidden": filepath.Join(".hidden", "a")} {
		e := only(t, filepath.Join(root, link), Study)
		if e.Path != filepath.Join(root, path) || e.Size != want.Size || e.Runs != want.Runs || e.Status != Complete {
			t.Errorf("through %s: %+v, want what %+v has", link, e, want)
		}
	}
}
