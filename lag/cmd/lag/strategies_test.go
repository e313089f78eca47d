package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listed runs lag strategies and returns its output.
func listed(t *testing.T, arguments ...string) string {
	t.Helper()
	cmd, output := lagCommand(t, append([]string{"strategies"}, arguments...)...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return output.String()
}

func TestStrategies(t *testing.T) {
	narrow, wide := listed(t), listed(t, "-wide")
	if !strings.HasPrefix(narrow, "17 strategies from 3 to 6 layers.") || strings.Contains(narrow, "mslt") {
		t.Errorf("the pool is not that of studies: %s", narrow)
	}
	if !strings.Contains(wide, "mslt") || !strings.Contains(wide, "new first") || !strings.Contains(wide, "stack-scaled") {
		t.Errorf("the wide pool lacks strategies: %s", wide)
	}
	if all := listed(t, "-all"); !strings.HasPrefix(all, "52 strategies from 3 to 6 layers.") || !strings.Contains(all, "shrink-perturb(0.6 0.01)") || !strings.Contains(all, "mslt") {
		t.Errorf("the pool of all strategies lacks some: %s", all)
	}
	two := listed(t, "-from", "2,2", "-to", "2,4")
	if !strings.Contains(two, "[0][1]  [0][1](0)(1)  copy") {
		t.Errorf("the strategy that grows only the decoder is missing: %s", two)
	}
	families := listed(t, "-family")
	for _, line := range strings.Split(strings.TrimSpace(families), "\n")[2:] {
		if name := strings.TrimSpace(line); name != "" && strings.Count(families, "\n"+line+"\n") != 1 {
			t.Errorf("by family, this line does not occur exactly once: %q", line)
		}
	}
	if strings.Count(families, "(G_stack)") != 1 {
		t.Errorf("a family occurs more than once: %s", families)
	}
}

func TestStrategiesFigure(t *testing.T) {
	dir := t.TempDir()
	listed(t, "-figure", filepath.Join(dir, "maps.png"), "-from", "2,2", "-to", "4,4")
	listed(t, "-figure", filepath.Join(dir, "maps.SVG"))
	drawing, err := os.ReadFile(filepath.Join(dir, "maps.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(drawing)); err != nil {
		t.Error(err)
	}
	if drawing, err = os.ReadFile(filepath.Join(dir, "maps.SVG")); err != nil || !bytes.Contains(drawing, []byte("<svg")) {
		t.Errorf("no SVG: %v", err)
	}
}
