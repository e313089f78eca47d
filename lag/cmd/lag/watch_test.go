package main

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/watch"
)

// TestWatch runs lag watch until Ctrl-C, on a study that has not begun, and once on
// one that is done.
func TestWatch(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	cmd, _ := lagCommand(t, "watch", "-wait", dir)
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill() }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSpace(address)+"state", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Errorf("the state: %s", answer.Status)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v, want status 0", err)
	}

	cmd, output := lagCommand(t, append(studyArguments(t, dir, backend.Go), "-strategies", "stack,random-top")...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	cmd, output = lagCommand(t, "watch", "-once", dir)
	if err := cmd.Run(); err != nil || !strings.Contains(output.String(), ": complete, 5 of 5 runs done, 100%") {
		t.Errorf("%v: %s", err, output)
	}
	state, err := watch.Look(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for arguments, want := range map[string]string{
		filepath.Join(dir, "none"):             "-wait",
		filepath.Join(dir, state.Runs[0].Name): "single run",
		filepath.Dir(dir):                      "lag runs",
		filepath.Join(dir, result.StudyConfig): "is a file",
	} {
		cmd, output = lagCommand(t, "watch", arguments)
		if err := cmd.Run(); err == nil || !strings.Contains(output.String(), want) {
			t.Errorf("lag watch %s: %v, %s, want %q", arguments, err, output, want)
		}
	}

	// A study with other settings beside it.
	other := filepath.Join(filepath.Dir(dir), "other")
	cmd, output = lagCommand(t, append(studyArguments(t, other, backend.Go), "-strategies", "stack", "-steps", "8")...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	cmd, output = lagCommand(t, "compare", dir, other)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for _, want := range []string{"study", "other", "growth.schedule.steps", "other does not have random-top.", filepath.Join(filepath.Dir(dir), "comparison", "comparison.html")} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("lag compare lacks %q: %s", want, output)
		}
	}
	for _, ext := range []string{".html", ".png", ".svg", ".vl.json", ".csv"} {
		if info, err := os.Stat(filepath.Join(filepath.Dir(dir), "comparison", "comparison"+ext)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", ext, err)
		}
	}
	cmd, output = lagCommand(t, "compare", dir)
	if err := cmd.Run(); err == nil || !strings.Contains(output.String(), "two or more") {
		t.Errorf("of one study: %v, %s", err, output)
	}
}

func TestComparedNames(t *testing.T) {
	root := t.TempDir()
	join := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	for _, c := range []struct{ dirs, want []string }{
		{[]string{join("a", "x"), join("a", "y") + "/"}, []string{"x", "y"}},
		{[]string{join("a", "x"), join("b", "x"), join("b", "y")}, []string{"a/x", "b/x", "b/y"}},
	} {
		if got := comparedNames(c.dirs); !slices.Equal(got, c.want) {
			t.Errorf("%q are named %q, want %q", c.dirs, got, c.want)
		}
	}
	if got := comparedNames([]string{join("a"), join("a")}); got[0] != got[1] {
		t.Errorf("one study given twice is named %q", got)
	}
}
