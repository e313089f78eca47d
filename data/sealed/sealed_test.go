package sealed

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type object struct {
	Name   string    `json:"name"`
	Losses []float64 `json:"losses"`
}

// TestDamage changes every byte of a file in three ways, and truncates it at
// every byte. Either the damage is noticed, or the contents are unharmed.
func TestDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	want := object{"a", []float64{1.25, 2}}
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var plain struct {
		object
		Sum string `json:"sha256"`
	}
	if err := json.Unmarshal(text, &plain); err != nil || plain.Name != want.Name || len(plain.Sum) != 64 || !strings.HasSuffix(string(text), "\n}\n") {
		t.Fatalf("%s is no plain JSON with a checksum: %v", text, err)
	}
	check := func(what string, damaged []byte) {
		t.Helper()
		if err := os.WriteFile(path, damaged, 0o666); err != nil {
			t.Fatal(err)
		}
		var got object
		err := Read(path, &got)
		if err != nil && !IsDamaged(err) {
			t.Errorf("%s: got error %v, want a DamagedError", what, err)
		}
		if err == nil && (got.Name != want.Name || len(got.Losses) != 2 || got.Losses[0] != want.Losses[0] || got.Losses[1] != want.Losses[1]) {
			t.Errorf("%s: %s was read as %+v without an error", what, damaged, got)
		}
	}
	check("unchanged", text)
	for i := range text {
		check("truncated", text[:i])
		for _, change := range []byte{1, 2, 0x20} {
			damaged := []byte(string(text))
			damaged[i] ^= change
			check("changed", damaged)
		}
	}
	check("twice", append(text, text...))
	check("written again by another program", []byte(`{"name": "a", "losses": [1.25, 3], "sha256": "`+plain.Sum+`"}`))
}

// TestPlainWords checks that what is wrong with a file is said without Go's words.
func TestPlainWords(t *testing.T) {
	for text, want := range map[string]string{"": "it is empty", `{"sha256": `: "it is not JSON", `{"sha256" 7}`: "it is not JSON", `"sha256"`: "an object"} {
		path := filepath.Join(t.TempDir(), "a.json")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		var got object
		if err := Read(path, &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestRead checks files without a checksum, files that are not there and values
// that cannot have a checksum.
func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	var got object
	if err := Read(path, &got); !errors.Is(err, os.ErrNotExist) || IsDamaged(err) {
		t.Errorf("no file: got error %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"name": "old"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Read(path, &got); err != nil || got.Name != "old" {
		t.Errorf("a file without a checksum: %+v, %v", got, err)
	}
	for _, value := range []any{struct{}{}, []int{1}, 7, func() {}} {
		if err := Write(path, value); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%T was written, error %v", value, err)
		}
	}
	if err := Read(path, &got); err != nil || got.Name != "old" {
		t.Errorf("a failed write changed the file: %+v, %v", got, err)
	}
}

// TestOtherVersion checks that a file with the right checksum that cannot be
// decoded does not count as damaged.
func TestOtherVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	if err := Write(path, map[string]any{"name": 7}); err != nil {
		t.Fatal(err)
	}
	var got object
	if err := Read(path, &got); IsDamaged(err) || !IsOtherVersion(err) || !strings.Contains(err.Error(), "another version") {
		t.Errorf("got error %v", err)
	}
	if _, err := ReadEdited(path, &got); IsDamaged(err) || !IsOtherVersion(err) {
		t.Errorf("got error %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"name": 7}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Read(path, &got); !IsDamaged(err) {
		t.Errorf("without a checksum: got error %v", err)
	}
}

// TestReadEdited checks that a file that a person has changed is read, and one
// that cannot be decoded is damaged.
func TestReadEdited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	if err := Write(path, object{"a", []float64{1}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	for _, c := range []struct {
		what, text, name string
		changed          bool
	}{
		{"as written", whole, "a", false},
		{"changed", strings.Replace(whole, `"a"`, `"b"`, 1), "b", true},
		{"with the line ends of Windows", strings.ReplaceAll(whole, "\n", "\r\n"), "a", true},
		{"with a line end fewer", strings.TrimSpace(whole), "a", false},
		{"in one line", strings.ReplaceAll(whole, "\n", ""), "a", true},
		{"without a checksum", `{"name": "b", "losses": null}`, "b", false},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		var got object
		if changed, err := ReadEdited(path, &got); err != nil || changed != c.changed || got.Name != c.name {
			t.Errorf("%s: got %+v, %v, %v", c.what, got, changed, err)
		}
	}
	for _, text := range []string{whole[:40], "", `{"name": 7}`} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		var got object
		if _, err := ReadEdited(path, &got); !IsDamaged(err) {
			t.Errorf("%q: got error %v", text, err)
		}
	}
	var got object
	if _, err := ReadEdited(path+"x", &got); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got error %v", err)
	}
}

// TestSetAside checks that no file that was set aside is overwritten, and that
// all of them are found.
func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	for i, want := range []string{path + ".damaged", path + ".2.damaged", path + ".3.damaged"} {
		if err := os.WriteFile(path, []byte{byte(i)}, 0o666); err != nil {
			t.Fatal(err)
		}
		aside, err := SetAside(path)
		if text, readErr := os.ReadFile(want); err != nil || aside != want || readErr != nil || text[0] != byte(i) {
			t.Errorf("file %d is %v at %s, %v, %v", i, text, aside, err, readErr)
		}
		if list, err := Aside(path); err != nil || len(list) != i+1 {
			t.Errorf("found %v, %v", list, err)
		}
	}
	if aside, err := SetAside(path); aside != "" || err != nil {
		t.Errorf("no file: got %q, %v", aside, err)
	}
}

// TestOldName checks that no file that was kept is overwritten.
func TestOldName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	for _, want := range []string{path + ".old", path + ".old2", path + ".old3"} {
		name, err := OldName(path)
		if err != nil || name != want {
			t.Errorf("got %q, %v, want %q", name, err, want)
		}
		if err := os.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStrip checks that a person can change a copy of a file.
func TestStrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	if err := Write(path, object{"a", nil}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), `"a"`, `"b"`, 1)
	for what, text := range map[string]string{
		"edited": edited, "in one line": strings.ReplaceAll(edited, "\n", ""), "without": `{"name": "b", "losses": null}`,
	} {
		var got map[string]any
		if err := json.Unmarshal(Strip([]byte(text)), &got); err != nil || got["name"] != "b" || len(got) != 2 {
			t.Errorf("%s: got %v, %v", what, got, err)
		}
	}
	for _, text := range []string{"", "7", `{"sha256`} {
		if got := Strip([]byte(text)); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
