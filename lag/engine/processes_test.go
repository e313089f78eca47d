package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/lag/backend/cores"
)

// TestCoreShare checks that n workers get all cores, each once, in parts that differ
// by at most one core. With fewer cores than workers, each worker gets one core,
// and each core has a worker.
func TestCoreShare(t *testing.T) {
	for cores := 1; cores <= 9; cores++ {
		allowed := make([]int, cores)
		for i := range allowed {
			allowed[i] = 3*i + 1 // as a container may have it
		}
		for n := 1; n <= 9; n++ {
			var all []int
			for i := range n {
				p := coreShare(allowed, i, n)
				if least := max(1, cores/n); len(p) < least || len(p) > max(1, (cores+n-1)/n) {
					t.Errorf("worker %d of %d gets the cores %v of %d", i, n, p, cores)
				}
				all = append(all, p...)
			}
			slices.Sort(all)
			if n > cores {
				all = slices.Compact(all)
			}
			if !slices.Equal(all, allowed) {
				t.Errorf("%d workers get the cores %v of %v", n, all, allowed)
			}
		}
	}
}

// TestTakeCores checks that a worker keeps to its part of the cores until it
// releases it, and that one of many workers has a core.
func TestTakeCores(t *testing.T) {
	before := cores.Usable()
	for _, n := range []int{1, 2, 64} {
		for _, index := range []int{0, n - 1} {
			release, err := TakeCores(index, n)
			if err != nil {
				t.Fatal(err)
			}
			want := before
			if runtime.GOOS == "linux" {
				want = max(1, (index+1)*before/n-index*before/n)
			}
			// On every thread, not only on that which asks.
			done := make(chan int)
			for range 3 {
				go func() {
					runtime.LockOSThread()
					done <- cores.Usable()
				}()
			}
			got := []int{cores.Usable(), <-done, <-done, <-done}
			if err := release(); err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(got, func(cores int) bool { return cores != want }) {
				t.Errorf("worker %d of %d may use %v cores, want %d of %d", index, n, got, want, before)
			}
			if after := cores.Usable(); after != before {
				t.Errorf("after release, %d cores are usable, want %d", after, before)
			}
		}
	}
}

// testProcess is an environment variable with a directory. If it is set, this test
// is a process that Processes has started.
const testProcess = "LAG_TEST_PROCESS"

func TestMain(m *testing.M) {
	if dir := os.Getenv(testProcess); dir != "" {
		if err := runProcess(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runProcess is what a started process does: it says that it has started, and
// what it finds.
func runProcess(dir string) error {
	input := bufio.NewReader(os.Stdin)
	what, err := input.ReadString('\n')
	if err != nil {
		return err
	}
	say := func(name string) error { return os.WriteFile(filepath.Join(dir, name), []byte(what), 0o666) }
	if err := say("started"); err != nil {
		return err
	}
	ctx, shared := Started(context.Background(), input)
	select {
	case <-shared:
		if err := say("shared"); err != nil {
			return err
		}
		<-ctx.Done()
	case <-ctx.Done():
	}
	return say("ended")
}

// await waits until a process has said something, and returns what it was told.
func await(t *testing.T, dir, name string) string {
	t.Helper()
	for range 1000 {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(text) > 0 {
			return string(text)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no process says that it has %s", name)
	return ""
}

func said(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

// TestProcesses checks the order of a plan: another process starts after Open and
// before First, may share the work after First, and ends with the work.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	var done []string
	step := func(name string, check func()) func(context.Context) error {
		return func(context.Context) error {
			done = append(done, name)
			check()
			return nil
		}
	}
	s := Processes{N: 2, Dir: dir, Command: func(ctx context.Context, index int) (*exec.Cmd, []byte, error) {
		c := exec.CommandContext(ctx, os.Args[0])
		c.Env = append(os.Environ(), testProcess+"="+dir)
		return c, []byte("an order\n"), nil
	}}
	err := s.Carry(t.Context(), Plan{
		Open: step("open", func() {
			if said(dir, "started") {
				t.Error("the process started before Open")
			}
		}),
		First: step("first", func() {
			if got := await(t, dir, "started"); got != "an order\n" {
				t.Errorf("the process reads %q", got)
			}
			time.Sleep(50 * time.Millisecond)
			if said(dir, "shared") {
				t.Error("the process shares the work before First has ended")
			}
		}),
		Work:  step("work", func() { await(t, dir, "shared") }),
		Pause: func() error { done = append(done, "pause"); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"open", "first", "pause", "work", "pause"}; !slices.Equal(done, want) {
		t.Errorf("the order is %q, want %q", done, want)
	}
}

// TestProcessesFail checks that no work is shared if an earlier part fails, and that
// the other process, which waits, ends.
func TestProcessesFail(t *testing.T) {
	for _, part := range []string{"open", "first"} {
		dir := t.TempDir()
		failing := func(name string) func(context.Context) error {
			return func(context.Context) error {
				if name != part {
					return nil
				}
				if name == "first" {
					await(t, dir, "started")
				}
				return errors.New(name + " fails")
			}
		}
		paused := 0
		s := Processes{N: 2, Dir: dir, Command: func(ctx context.Context, index int) (*exec.Cmd, []byte, error) {
			c := exec.CommandContext(ctx, os.Args[0])
			c.Env = append(os.Environ(), testProcess+"="+dir)
			return c, []byte("an order\n"), nil
		}}
		start := time.Now()
		err := s.Carry(t.Context(), Plan{
			Open: failing("open"), First: failing("first"),
			Work:  func(context.Context) error { t.Error("there is work"); return nil },
			Pause: func() error { paused++; return nil },
		})
		if err == nil || !strings.Contains(err.Error(), part+" fails") {
			t.Errorf("%s: got %v", part, err)
		}
		if paused != 1 || said(dir, "shared") || said(dir, "started") != (part == "first") {
			t.Errorf("%s: paused %d times, started %t, shared %t", part, paused, said(dir, "started"), said(dir, "shared"))
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: the other process ended after %s", part, took)
		}
	}
}
