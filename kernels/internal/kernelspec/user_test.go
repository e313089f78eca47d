package kernelspec

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// TestInstallForUser installs into a Jupyter of the user's, beside kernels of
// others, and removes only what is its own.
func TestInstallForUser(t *testing.T) {
	data := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", data)
	one, two := checkout.Checkout{Root: t.TempDir()}, checkout.Checkout{Root: t.TempDir()}
	kernel := func(name string) string { return filepath.Join(data, "kernels", name, "kernel.json") }
	foreign := `{"argv": ["python3", "-m", "ipykernel_launcher"], "display_name": "Python 3"}`
	write := func(path, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write(kernel("python3"), foreign)
	write(kernel("lag-tpu"), foreign)

	paths, err := InstallForUser(one, "/go/bin/go", []string{"cpu", "go"}, false)
	if err != nil || len(paths) != 2 || paths[0] != filepath.Dir(kernel("lag-cpu")) {
		t.Fatalf("installed %q, %v", paths, err)
	}
	spec, err := read(paths[0])
	if err != nil || spec.Argv[0] != Launcher(one) || spec.Env[goEnv] != "/go/bin/go" {
		t.Errorf("the kernel is %+v, %v", spec, err)
	}
	if paths, err := InstallForUser(one, "/go/bin/go", []string{"cpu"}, false); err != nil || len(paths) != 1 {
		t.Errorf("installed again: %q, %v", paths, err)
	}
	for name, c := range map[string]checkout.Checkout{"cpu": two, "tpu": one} {
		if paths, err := InstallForUser(c, "/go/bin/go", []string{name, "cuda"}, false); err == nil || len(paths) > 0 || !strings.Contains(err.Error(), "-replace") {
			t.Errorf("the kernel for %s of others: %q, %v", name, paths, err)
		}
	}
	if _, err := os.Stat(kernel("lag-cuda")); err == nil {
		t.Error("a kernel was installed although another could not be")
	}
	if _, err := InstallForUser(two, "/go/bin/go", []string{"cpu"}, true); err != nil {
		t.Error(err)
	}
	removed, left, err := UninstallForUser(one)
	if err != nil || len(removed) != 1 || filepath.Base(removed[0]) != "lag-go" || len(left) != 1 || filepath.Base(left[0]) != "lag-cpu" {
		t.Errorf("removed %q, left %q, %v", removed, left, err)
	}
	if err := os.RemoveAll(two.Root); err != nil { // nobody can uninstall there
		t.Fatal(err)
	}
	if own, err := OfUser(); err != nil || len(own) != 1 || own[0].Err == nil {
		t.Errorf("the kernel of a checkout that is gone is %+v, %v", own, err)
	}
	if removed, left, err := UninstallForUser(one); err != nil || len(removed) != 1 || len(left) > 0 {
		t.Errorf("removed %q, left %q, %v", removed, left, err)
	}
	for _, name := range []string{"python3", "lag-tpu"} {
		if text, err := os.ReadFile(kernel(name)); err != nil || string(text) != foreign {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// TestFiles: each kind has an icon of its own, which is XML and within its box,
// and a kernel.json for its kind.
func TestFiles(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range kinds {
		files, err := k.files(checkout.Checkout{Root: "/c"}, "/go")
		if err != nil {
			t.Fatal(err)
		}
		icon := string(files["logo-svg.svg"])
		for d := xml.NewDecoder(strings.NewReader(icon)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v: %s", k.Kind, err, icon)
			}
		}
		if seen[icon] || !strings.Contains(icon, k.Letters) {
			t.Errorf("%s has the icon of another kind: %s", k.Kind, icon)
		}
		seen[icon] = true
		if !strings.Contains(string(files["kernel.json"]), `"launch", "-kind", "`+k.Kind+`"`) {
			t.Errorf("%s: %s", k.Kind, files["kernel.json"])
		}
	}
}
