package result_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports checks that packages that draw and print results do not depend on
// an engine or on training, so that a notebook's cell that uses only them
// compiles fast.
func TestImports(t *testing.T) {
	const module = "github.com/landscape-aware/growing/"
	for _, name := range []string{"result", "progress", "aggregate", "figure", "report", "interrupt", "notebook"} {
		list, err := exec.Command("go", "list", "-deps", module+"lag/"+name).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, list)
		}
		for _, dependency := range strings.Fields(string(list)) {
			engine := strings.Contains(dependency, "gomlx") || strings.Contains(dependency, "go-xla")
			for _, forbidden := range []string{"lag", "lag/engine", "lag/train", "lag/backend", "lag/model", "lag/hf"} {
				engine = engine || dependency == module+forbidden
			}
			if engine {
				t.Errorf("lag/%s imports %s", name, dependency)
			}
		}
	}
}
