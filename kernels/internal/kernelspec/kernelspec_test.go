package kernelspec

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
)

func TestInstallOffersOnlyWhatCanRun(t *testing.T) {
	c := checkout.Checkout{Root: filepath.Join(t.TempDir(), `with "quotes", space and [bracket`)}
	cpu, tpu := plugin.Plugin{Name: "cpu_v0.106.0"}, plugin.Plugin{Name: "tpu"}
	names, err := Install(c, "/go/bin/go", Offered([]plugin.Plugin{cpu, tpu}))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, "; "); got != "LAG (Go, CPU); LAG (pure Go); LAG (Go, TPU)" {
		t.Errorf("offered %s", got)
	}
	if _, err := Install(c, "/go/bin/go", Offered(nil)); err != nil {
		t.Fatal(err)
	}
	found := Installed(c)
	if len(found) != 2 || found[Default].DisplayName != "LAG (Go, CPU)" || found["lag-go"].DisplayName != "LAG (pure Go)" {
		t.Errorf("without plugins the kernels are %v, want those for the CPU", found)
	}
	if got, want := found[Default].Argv[0], Launcher(c); got != want {
		t.Errorf("the kernel starts %s, want %s", got, want)
	}
	if !slices.Contains(found[Default].Argv, "{connection_file}") {
		t.Errorf("argv %v holds no place for the connection file", found[Default].Argv)
	}
	info, err := os.Stat(Launcher(c))
	if err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("launcher: %v, %v, want a program", info, err)
	}
}

func TestPrepare(t *testing.T) {
	c := checkout.Checkout{Root: t.TempDir()}
	cpu := []plugin.Plugin{{Name: "cpu_v0.106.0"}}
	if _, err := Prepare(c, "cpu", "f.json", cpu, nil); err == nil || !strings.Contains(err.Error(), "kernels setup") {
		t.Errorf("without GoNB: error %v, want one that names the set-up", err)
	}
	if err := os.MkdirAll(c.Private("bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.Bin("gonb"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(c, "abacus", "f.json", cpu, nil); err == nil {
		t.Error("no error for an unknown kind")
	}
	tests := []struct {
		kind, given, want string
		plugins           []plugin.Plugin
	}{
		{"cpu", "", "xla:cpu", cpu},
		{"cpu", "", "go", nil},
		{"cpu", "go", "go", cpu},
		{"cuda", "go", "xla:cuda", cpu},
		{"go", "xla:cpu", "go", cpu},
	}
	for _, test := range tests {
		l, err := Prepare(c, test.kind, "f.json", test.plugins, []string{"PATH=/usr/bin", "GOFLAGS=-mod=mod", "LAG_BACKEND=" + test.given, "LAG_GO=/go/bin/go"})
		if err != nil {
			t.Fatal(err)
		}
		env := newEnviron(l.Env)
		if got := env.get("LAG_BACKEND"); got != test.want {
			t.Errorf("%s with LAG_BACKEND=%s: backend %s, want %s", test.kind, test.given, got, test.want)
		}
		if got, want := env.get("GOFLAGS"), "-mod=mod -ldflags=-w"; got != want {
			t.Errorf("GOFLAGS %q, want %q", got, want)
		}
		path := filepath.SplitList(env.get("PATH"))
		if path[0] != c.Private("bin") || path[len(path)-1] != "/go/bin" {
			t.Errorf("PATH %v, want the private programs first and Go last", path)
		}
		if i := slices.Index(l.Args, "-go_work"); i < 0 || l.Args[i+1] != c.Root || !slices.Contains(l.Args, "-raw_error") {
			t.Errorf("arguments %v", l.Args)
		}
	}
}

func TestPrepareKeepsLinkFlags(t *testing.T) {
	c := checkout.Checkout{Root: t.TempDir()}
	if err := os.MkdirAll(c.Private("bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.Bin("gonb"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := Prepare(c, "cpu", "f.json", nil, []string{"GOFLAGS=-ldflags=-compressdwarf=false"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := newEnviron(l.Env).get("GOFLAGS"), "-ldflags=-compressdwarf=false"; got != want {
		t.Errorf("GOFLAGS %q, want the given %q", got, want)
	}
}
