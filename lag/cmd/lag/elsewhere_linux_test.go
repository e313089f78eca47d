package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A kubectl that takes one submission, whose pods have all ended well.
const finishedKubectl = `#!/bin/sh
cd "$(dirname "$0")" || exit
case "$*" in
*apply*) sed -n 's/.*"name": "\(lag-[a-z0-9-]*\)".*/\1/p' | head -n 1 >name; echo x >>applied ;;
*persistentvolumeclaim*) echo '{"spec": {"accessModes": ["ReadWriteMany"]}}' ;;
*get*) echo '{"items": [{"kind": "Job", "metadata": {"name": "'"$(cat name)"'"}, "status": {"completedIndexes": "0,1"}}]}' ;;
*) exit 1 ;;
esac
`

// TestResultElsewhere: where the volume of the pods is not mounted, the engine alone
// says that the study is complete, and it is not submitted again.
func TestResultElsewhere(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "kubectl"), []byte(finishedKubectl), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Chdir(t.TempDir())
	submit := []string{"study", "-preset", "smoke", "-on", "k8s", "-workers", "2", "-image", "lag", "-claim", "runs"}
	if out := says(t, submit...); !strings.HasPrefix(out, "Submitted 2 workers as job lag-smoke-") {
		t.Errorf("it says %s", out)
	}
	for range 2 {
		if out := says(t, append(submit, "-wait")...); !strings.HasPrefix(out, "The jobs for "+filepath.Join("runs", "smoke")+" ended well, so the result is on their volume; nothing was submitted.") {
			t.Errorf("it says %s", out)
		}
	}
	if out := says(t, "status", filepath.Join("runs", "smoke")); !strings.Contains(out, "a volume that is not mounted here\nWorkers: 2 done.") {
		t.Errorf("lag status says %s", out)
	}
	if out := says(t, "status", "-watch", filepath.Join("runs", "smoke")); !strings.HasSuffix(out, "The jobs ended well; the result is on their volume.\n") {
		t.Errorf("lag status -watch says %s", out)
	}
	if text, err := os.ReadFile(filepath.Join(bin, "applied")); err != nil || string(text) != "x\n" {
		t.Errorf("submitted: %q, %v, want once", text, err)
	}
}
