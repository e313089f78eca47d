package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/doctor/report"
)

// asMain is the environment variable that makes the test binary run the command.
const asMain = "LAG_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) == "1" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func execute(t *testing.T, arguments ...string) (stdout []byte, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, arguments...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	return cmd.Output()
}

// TestProbe checks that the probe prints one line of JSON, both for a backend
// that runs a graph and for one that fails.
func TestProbe(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		backend string
		works   bool
	}{{"go", true}, {"xla:/no/such/plugin.so", false}, {"xla:" + self, false}, {"abacus", false}} { // this program is no plugin
		out, err := execute(t, c.backend)
		if err != nil {
			t.Errorf("%s: %v", c.backend, err)
		}
		var got report.Probe
		if err := json.Unmarshal(out, &got); err != nil || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%s: %q is not one line of JSON: %v", c.backend, out, err)
		}
		if got.Ran != c.works || (got.Error == "") != c.works || c.works && got.Description == "" {
			t.Errorf("%s: %+v", c.backend, got)
		}
	}
	if _, err := execute(t); err == nil {
		t.Error("without a backend it does not fail")
	}
}
