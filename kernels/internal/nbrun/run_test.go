package nbrun

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
)

// ready returns this checkout, in which notebooks can run, or skips the test. CI
// has set it up before.
func ready(t *testing.T) checkout.Checkout {
	t.Helper()
	if testing.Short() {
		t.Skip("starts kernels")
	}
	c, err := checkout.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{c.Python(), c.Bin("gonb"), c.Bin("kernels")} {
		if _, err := os.Stat(path); err != nil {
			if os.Getenv("LAG_REQUIRE_XLA") != "" {
				t.Fatal(err)
			}
			t.Skip("no notebooks can run here; set them up with `go run ./kernels setup`")
		}
	}
	return c
}

// write writes a notebook of code cells and returns its path. Expect are the
// patterns of the last cell's output.
func write(t *testing.T, dir string, expect []string, sources ...string) string {
	t.Helper()
	var cells []any
	for i, source := range sources {
		metadata := map[string]any{}
		if i == len(sources)-1 && expect != nil {
			metadata["lag:expect"] = expect
		}
		cells = append(cells, map[string]any{"cell_type": "code", "id": fmt.Sprintf("cell-%d", i), "source": source, "metadata": metadata, "outputs": []any{}, "execution_count": nil})
	}
	text, err := json.Marshal(map[string]any{"cells": cells, "metadata": map[string]any{}, "nbformat": 4, "nbformat_minor": 5})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "planted.ipynb")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// head declares what the cells of a test use, and figures that show nothing, as if
// the kernel had lost them.
const head = `%noautoget
import (
	"fmt"
	"os"
)

type shower struct{}

func (shower) Show(...int) {}

var figure shower
`

// TestPlantedFaults executes notebooks in which something is wrong.
func TestPlantedFaults(t *testing.T) {
	c := ready(t)
	pidFile := filepath.Join(t.TempDir(), "pid")
	for _, test := range []struct {
		name   string
		cells  []string
		expect []string
		want   [][]string // in each failure
	}{
		{"nothing", []string{head, "%%\nfmt.Println(\"rho 0.9\")"}, []string{`rho \d`}, nil},
		// These cells do not fail, so the ones after them are executed.
		{"less than it should", []string{
			head,
			"%%\nfigure.Show(1)\nfmt.Println(\"shown\")",
			"%%\nos.Exit(0)\nfmt.Println(\"rho 0.9\")",
			"%%\nfmt.Println(\"rule regret\")",
		}, []string{"rule regret", `lag:30 \d`}, [][]string{
			{"cell 2", "a plot was lost"}, {"cell 3", "nothing came out"}, {"cell 4", "says less than it should", "lag:30"},
		}},
		{"panic", []string{"%%\nvar list []int\n_ = list[len(list)]"}, nil, [][]string{{"cell 1 (var list []int)", "exit status 2", "index out of range [0]"}}},
		{"compile error", []string{"%%\nprintln(\"one\", undefinedName)"}, nil, [][]string{{"cell 1", "undefinedName"}}},
		{"failed shell line", []string{"%%\nprintln()\n", "!false"}, nil, [][]string{{"cell 2", "shell line"}}},
		{"error of a cell", []string{"import \"github.com/landscape-aware/growing/lag/notebook\"\n\n%%\nnotebook.Study(\"no/such\")"}, nil,
			[][]string{{"cell 1", "exit status 1\nError: there is no study or stacking in no/such"}}},
		{"kernel that ends", []string{"import (\n\t\"os\"\n\t\"syscall\"\n)\n\n%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)"}, nil, [][]string{{"cell 1", "the kernel died"}}},
		// Its program does not listen to the kernel's interrupt.
		{"endless loop", []string{fmt.Sprintf("import (\n\t\"os\"\n\t\"os/signal\"\n\t\"strconv\"\n)\n\n%%%%\nsignal.Ignore(os.Interrupt)\n"+
			"os.WriteFile(%q, []byte(strconv.Itoa(os.Getpid())), 0o600)\nfor {\n}", pidFile)}, nil, [][]string{{"cell 1", "still running after 5s"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, limit := t.TempDir(), 2*time.Minute // generous, where the machine is busy
			if test.name == "endless loop" {
				limit = 5 * time.Second
			}
			executed, err := Run(t.Context(), c, write(t, dir, test.expect, test.cells...),
				Options{Kernel: kernelspec.Default, Timeout: limit, Dir: filepath.Join(dir, "executed")})
			if test.want == nil {
				if err != nil {
					t.Errorf("the sound notebook fails: %v", err)
				}
				return
			}
			bad, ok := errors.AsType[*FailedError](err)
			if !ok || len(bad.Failures) != len(test.want) {
				t.Fatalf("executed as %q with error %v, want one of a notebook with %d failures", executed, err, len(test.want))
			}
			for i, failure := range bad.Failures {
				for _, want := range test.want[i] {
					if !strings.Contains(failure.String(), want) {
						t.Errorf("the failure %q does not say %q", failure, want)
					}
				}
			}
			if test.name != "panic" && strings.Contains(err.Error(), "goroutine") {
				t.Errorf("the error has a stack: %v", err)
			}
			if test.name == "endless loop" {
				checkEnded(t, pidFile)
			}
		})
	}
}

// checkEnded checks that a process has ended. It has not begun if the machine was
// too busy to build its program in time.
func checkEnded(t *testing.T, pidFile string) {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Logf("the program of the cell was not built in time: %v", err)
		return
	}
	// In a container nobody may ask for the exit status of a process that has
	// ended: it stays as a zombie.
	state, err := exec.Command("ps", "-o", "stat=", "-p", string(text)).Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if state := strings.TrimSpace(string(state)); state != "" && !strings.HasPrefix(state, "Z") {
		_ = exec.Command("kill", "-9", string(text)).Run()
		t.Errorf("the program of the cell, process %s, still runs (%s)", text, state)
	}
}
