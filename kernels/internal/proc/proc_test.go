package proc

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func shell(t *testing.T, script string) []string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	return []string{sh, "-c", script}
}

func TestRunSeparatesStreams(t *testing.T) {
	var out, other []string
	err := Run(t.Context(), Command{
		Args: shell(t, `echo one; echo two >&2; printf three`),
		Out:  func(l string) { out = append(out, l) },
		Line: func(l string) { other = append(other, l) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(out, ","); got != "one,three" {
		t.Errorf("stdout %q, want one,three", got)
	}
	if got := strings.Join(other, ","); got != "two" {
		t.Errorf("stderr %q, want two", got)
	}
}

func TestDropLeavesOutVariables(t *testing.T) {
	t.Setenv("FOREIGN_TOKEN", "x")
	t.Setenv("NOT_FOREIGN", "y")
	out, err := Output(t.Context(), Command{Args: shell(t, `echo "$FOREIGN_TOKEN,$FOREIGN_OWN,$NOT_FOREIGN"`), Drop: "FOREIGN_", Env: []string{"FOREIGN_OWN=z"}})
	if err != nil || out != ",z,y" {
		t.Errorf("the program sees %q, %v", out, err)
	}
}

func TestErrorHoldsLastLines(t *testing.T) {
	err := Run(t.Context(), Command{Args: shell(t, `for i in $(seq 100); do echo line $i >&2; done; exit 3`)})
	var failed *Error
	if !errors.As(err, &failed) || len(failed.Last) != keep || failed.Last[keep-1] != "line 100" {
		t.Fatalf("error %v, want one that holds the last %d lines", err, keep)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("error %v, want exit status 3 inside", err)
	}
	err = Run(t.Context(), Command{Args: []string{"no-such-program-anywhere"}})
	if !Missing(err) {
		t.Errorf("Missing(%v) is false", err)
	}
}

func TestCancelEndsTheGroup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	args := shell(t, `sleep 60 & echo started; wait`)
	err := Run(ctx, Command{Args: args, Out: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
}

func TestOutput(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := Output(ctx, Command{Args: shell(t, `echo "$X"; echo noise >&2`), Env: []string{"X=value"}})
	if err != nil || got != "value" {
		t.Fatalf("Output = %q, %v", got, err)
	}
}
