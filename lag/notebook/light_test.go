package notebook

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoEngine: a cell that only draws links neither the training engine nor
// GoMLX.
func TestNoEngine(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 10 {
		t.Fatalf("go list names only %q", deps)
	}
	for _, dep := range deps {
		if strings.Contains(dep, "/lag/engine") || strings.Contains(dep, "gomlx") || strings.HasSuffix(dep, "/growing/lag") {
			t.Errorf("the package imports %s", dep)
		}
	}
}
