package pyenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

func TestEveryRequirementIsPinnedWithHashes(t *testing.T) {
	for _, block := range regexp.MustCompile(`(?m)^[a-z0-9]`).Split(requirements, -1)[1:] {
		name, _, _ := strings.Cut(block, "\n")
		if !strings.Contains(name, "==") || !strings.Contains(block, "--hash=sha256:") {
			t.Errorf("requirement ...%s: not pinned with a hash", name)
		}
	}
}

func TestVersionFollowsPython(t *testing.T) {
	for _, name := range []string{"jupyterlab", "nbclient", "ipykernel"} {
		for _, python := range []string{"3.9.2", "3.10.1", "3.11.7", "3.13.0"} {
			if v := Version(name, python); v == "" {
				t.Errorf("no %s for Python %s", name, python)
			}
		}
	}
	if a, b := Version("jupyterlab", "3.9.18"), Version("jupyterlab", "3.12.0"); a == b {
		t.Errorf("JupyterLab %s for Python 3.9 and for 3.12, want an older one for 3.9", a)
	}
	if v := Version("no-such-package", "3.11.0"); v != "" {
		t.Errorf("version %q of a package that is not pinned", v)
	}
}

func TestChoose(t *testing.T) {
	pythons := map[string]found{
		"old":     {"/bin/old", "3.6.9", nil},
		"no-venv": {"/bin/no-venv", "3.11.2", []string{"ensurepip"}},
		"good":    {"/bin/good", "3.12.1", nil},
	}
	look := func(name string) (found, error) {
		if f, ok := pythons[name]; ok {
			return f, nil
		}
		return found{}, exec.ErrNotFound
	}
	if p, err := choose([]string{"none", "old", "no-venv", "good"}, look); err != nil || p.Path != "/bin/good" {
		t.Errorf("choose = %v, %v, want /bin/good", p, err)
	}
	for names, want := range map[string]string{
		"none":         "none of none",
		"old":          "3.9 or newer",
		"none no-venv": "lacks the module ensurepip",
	} {
		_, err := choose(strings.Fields(names), look)
		if _, missing := errors.AsType[*MissingError](err); !missing || !strings.Contains(err.Error(), want) {
			t.Errorf("choose(%s): error %v, want one that says %q", names, err, want)
		}
	}
}

func TestPipOutput(t *testing.T) {
	p := pipOutput{total: 3}
	for _, line := range strings.Split(`Ignoring appnope: markers 'sys_platform == "darwin"' don't match your environment
Collecting anyio==4.16.0 (from -r requirements.txt (line 5))
  Downloading anyio-4.16.0-py3-none-any.whl (100 kB)
some other line`, "\n") {
		p.read(line)
	}
	if p.total != 2 || p.done != 1 || p.detail != "anyio" {
		t.Errorf("%+v, want 1 of 2, anyio", p)
	}
	p.read("Installing collected packages: anyio, other")
	if p.done != 2 {
		t.Errorf("done %d of 2 while unpacking", p.done)
	}
}

func TestReadyNeedsTheStampOfThisVersion(t *testing.T) {
	c := checkout.Checkout{Root: filepath.Join(t.TempDir(), "a [bracket")}
	if _, ok := Ready(c); ok {
		t.Fatal("ready without an environment")
	}
	dir := c.Private("venv-1")
	python := checkout.PythonOf(dir)
	if err := os.MkdirAll(filepath.Dir(python), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(python, "")
	if err := link(c.Venv(), dir); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	write(filepath.Join(dir, stampName), `{"Requirements":"other","Root":"`+c.Root+`"}`)
	if _, ok := Ready(c); ok {
		t.Error("ready with an environment made from other requirements")
	}
	write(filepath.Join(dir, stampName), `{"Requirements":"`+sum()+`","Root":"`+c.Root+`","Python":"3.11.7"}`)
	if v, ok := Ready(c); !ok || v != "3.11.7" {
		t.Errorf("Ready = %q, %v with a complete environment", v, ok)
	}
	if err := os.MkdirAll(c.Private("venv-abandoned"), 0o755); err != nil {
		t.Fatal(err)
	}
	removeAbandoned(c)
	if left, _ := checkout.Files(c.Private(), "venv-", ""); len(left) != 1 || left[0] != dir {
		t.Errorf("left %v, want %s alone", left, dir)
	}
}
