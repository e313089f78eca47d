package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/doctor/report"
	"github.com/landscape-aware/growing/lag/backend/programs"
)

func TestBackendInWords(t *testing.T) {
	header := version{0, 104}
	tests := []struct {
		probe  report.Probe
		status Status
		want   string
	}{
		{report.Probe{Description: "Go engine", Ran: true}, Works, "Go engine, runs"},
		{report.Probe{Minor: 104, Devices: []string{"cpu:0"}, Ran: true}, Works, "PJRT 0.104, devices cpu:0, runs"},
		{report.Probe{Minor: 106, Ran: true}, Works, "newer than go-xla's 0.104"},
		{report.Probe{Minor: 81, Ran: true}, Works, "older than go-xla's 0.104"},
		{report.Probe{Major: 1, Minor: 2, Error: "bad struct"}, Missing, "INCOMPATIBLE with go-xla's 0.104"},
		{report.Probe{Error: "no such file"}, Missing, "does not run: no such file"},
	}
	for _, test := range tests {
		f := backend("b", test.probe, header)
		if f.Status != test.status || !strings.Contains(f.Text, test.want) {
			t.Errorf("%+v: %d %q, want %d and %q", test.probe, f.Status, f.Text, test.status, test.want)
		}
	}
}

func TestHeaderVersionIsRead(t *testing.T) {
	c, err := checkout.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	v, err := headerVersion(t.Context(), c)
	if err != nil || v.major != 0 || v.minor < 50 {
		t.Errorf("go-xla's PJRT version is %s, %v", v, err)
	}
}

func TestTryTellsOfACrash(t *testing.T) {
	script := filepath.Join(t.TempDir(), "probe")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho boom >&2\nkill -SEGV $$\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := try(t.Context(), script, "go")
	if r.Ran || !strings.Contains(r.Error, "crashes") && !strings.Contains(r.Error, "no such file") {
		t.Errorf("%+v, want a crash", r)
	}
}

func TestNothingSetUp(t *testing.T) {
	t.Setenv("JUPYTER_DATA_DIR", t.TempDir())
	c := checkout.Checkout{Root: t.TempDir()}
	found := kernels(t.Context(), c)
	if len(found) == 0 {
		t.Error("nothing is said of kernels")
	}
	for _, f := range found {
		if f.Status != Missing || f.Fix != setup {
			t.Errorf("%+v, want missing kernels mended by the set-up", f)
		}
	}
}

func TestCompiledPrograms(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "programs")
	want := func(value, text string) {
		t.Helper()
		t.Setenv(programs.Env, value)
		if f := compiledPrograms(t.Context(), checkout.Checkout{})[0]; !strings.Contains(f.Text, text) {
			t.Errorf("%s=%s: %+v, want %q", programs.Env, value, f, text)
		}
	}
	want(programs.Off, "not kept")
	want(dir, "none yet in "+dir)
	s, err := programs.Open(dir, programs.Limit)
	if err == nil {
		err = s.Save(programs.Key{}, make([]byte, 3<<20))
	}
	if err != nil {
		t.Skipf("nothing is kept on this system: %v", err)
	}
	want(dir, "1, 3.0 MiB of at most 2.0 GiB, in "+dir)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	want(dir, "others can write to it")
}
