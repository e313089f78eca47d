package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestUpdatesWithoutProxy: where the module proxy is out of reach, .ci/updates says
// that it has compared nothing.
func TestUpdatesWithoutProxy(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil || runtime.GOOS == "windows" {
		t.Skip("no bash here")
	}
	offline := t.TempDir()
	if err := os.WriteFile(filepath.Join(offline, "curl"), []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, proxy := range []string{"off", "http://127.0.0.1:1"} {
		cmd := exec.Command("bash", "../.ci/updates")
		cmd.Env = append(os.Environ(), "GOPROXY="+proxy, "PATH="+offline+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "the module proxy cannot be reached: versions were not compared\n") {
			t.Errorf("GOPROXY=%s: %v, %s", proxy, err, out)
		}
	}
}
