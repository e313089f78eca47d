//go:build unix

package notebook

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/log"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/progress"
)

// cellVariable names the cell that a process of this test is.
const cellVariable = "LAG_TEST_CELL"

func TestMain(m *testing.M) {
	if name := os.Getenv(cellVariable); name != "" {
		cells[name]()
		fmt.Println("the cell went on")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var errFull = errors.New("saving the state after 87 steps: no space left on device")

// cells are the bodies of main of cells.
var cells = map[string]func(){
	"training": func() { Must(train(Context(), nil)) },
	"full":     func() { Must(train(Context(), errFull)) },
	"slow": func() {
		patience = 50 * time.Millisecond
		Context()
		Must(train(context.Background(), nil)) // does not listen
	},
	"drawing": func() {
		ready()
		time.Sleep(time.Minute)
	},
	"failing": func() { Must1(0, errors.New("there is no study in ../runs/quick\n\n  train it first ")) },
	"canceled": func() { // not by the stop button
		ctx, cancel := context.WithCancel(Context())
		cancel()
		Must(ctx.Err())
	},
	"undrawn": func() { Show(figure.Figure{Name: "a", Err: errors.New("a: no data")}) },
	"unread":  func() { Study("/no/such/directory") },
	"logging": func() {
		log.Info("backend go", "devices", 1)
		log.Warn("slow", "why", "no plugin")
		log.Warn("slow", "why", "no plugin")
		log.Info("backend go", "devices", 1)
		log.Debug("not shown")
		HTML("<b>shown</b>")
	},
	"next": func() { Context() },
}

// ready tells the test that the cell is at work.
func ready() { fmt.Println("ready") }

// train is at step 87 of 150 until the context is canceled. Saving fails with an
// error, unless it is nil.
func train(ctx context.Context, saving error) error {
	Follow(nil)(progress.Event{Phase: progress.PhaseTrain, Run: "bert", Count: 1, Done: 87, Total: 150})
	ready()
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
		return errors.New("not interrupted")
	}
	if saving != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), saving)
	}
	return fmt.Errorf("training: %w", context.Cause(ctx))
}

// output is what came out of a cell.
type output struct {
	status         int
	stdout, stderr string
	displays       []protocol.DisplayData
}

// stopped returns the last sentence of a cell that was stopped, or "".
func (o output) stopped() string {
	for _, d := range o.displays {
		if d.Metadata[StoppedKey] == true {
			return d.Data[protocol.MIMETextPlain].(string)
		}
	}
	return ""
}

// run runs a cell as GoNB does, with its directory in dir. If interrupt is true,
// it presses the stop button when the cell is ready.
func run(t *testing.T, name, dir string, interrupt bool) output {
	t.Helper()
	pipes := t.TempDir()
	toKernel, toCell := filepath.Join(pipes, "to-kernel"), filepath.Join(pipes, "to-cell")
	for _, pipe := range []string{toKernel, toCell} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skipf("no named pipes here: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(name), 0o600); err != nil {
		t.Fatal(err)
	}
	cell := exec.CommandContext(t.Context(), os.Args[0])
	cell.Env = append(os.Environ(), cellVariable+"="+name, "GONB_TMP_DIR="+dir, protocol.GONB_PIPE_ENV+"="+toKernel, protocol.GONB_PIPE_BACK_ENV+"="+toCell)
	var stdout watched
	var stderr strings.Builder
	stdout.ready = make(chan struct{})
	cell.Stdout, cell.Stderr = &stdout, &stderr
	displays := make(chan []protocol.DisplayData, 1)
	go func() { displays <- readDisplays(toKernel, toCell) }()
	if err := cell.Start(); err != nil {
		t.Fatal(err)
	}
	if interrupt {
		<-stdout.ready
		if err := cell.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	err := cell.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || !exit.Exited()) {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	// A cell that has shown nothing has not opened the pipe.
	if w, err := os.OpenFile(toKernel, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		defer w.Close()
		if r, err := os.OpenFile(toCell, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			defer r.Close()
		}
		w.Close()
	}
	return output{cell.ProcessState.ExitCode(), stdout.String(), stderr.String(), <-displays}
}

// watched is an output that tells when the cell is ready.
type watched struct {
	strings.Builder
	ready chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "ready") {
		close(w.ready)
	}
	return w.Builder.Write(p)
}

// readDisplays decodes displays, as the kernel does, until the cell ends.
func readDisplays(toKernel, toCell string) (displays []protocol.DisplayData) {
	in, err := os.OpenFile(toKernel, os.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	defer in.Close()
	out, err := os.OpenFile(toCell, os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	defer out.Close()
	decoder, encoder := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var d protocol.DisplayData
		if decoder.Decode(&d) != nil {
			return displays
		}
		if request, ok := d.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
			_ = encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: request.Value})
			continue
		}
		displays = append(displays, d)
	}
}

func TestStoppedCells(t *testing.T) {
	for name, want := range map[string]string{
		"training": "Stopped at step 87 of 150; saved. Run the cell again to go on.",
		"slow":     "Stopped at step 87 of 150, before this step was saved; an earlier one is kept. Run the cell again to go on.",
		"drawing":  "Stopped. Run the cell again to go on.",
	} {
		got := run(t, name, t.TempDir(), true)
		if got.status != 0 || got.stdout != "ready\n" || got.stderr != "" || got.stopped() != want || len(got.displays) != 1 {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}

func TestFailedCells(t *testing.T) {
	for name, want := range map[string]string{
		"full":     "Error: interrupted by SIGINT: saving the state after 87 steps: no space left on device.\n",
		"failing":  "Error: there is no study in ../runs/quick; train it first.\n",
		"canceled": "Error: context canceled.\n",
		"undrawn":  "Error: a: no data.\n",
		"unread":   "Error: there is no study or stacking in /no/such/directory: stat /no/such/directory: no such file or directory.\n",
	} {
		got := run(t, name, t.TempDir(), name == "full")
		if got.status != exitFailed || strings.TrimPrefix(got.stdout, "ready\n") != "" || got.stderr != want || got.stopped() != "" {
			t.Errorf("%s: %+v, want %q", name, got, want)
		}
	}
}

// TestWaitingCells: after a cell was stopped, the one that waited behind it does
// not start, but does when it is run again; the stopped one starts at once.
func TestWaitingCells(t *testing.T) {
	dir := t.TempDir()
	run(t, "training", dir, true)
	if got := run(t, "next", dir, false); got.status != 0 || !strings.HasPrefix(got.stopped(), "Not started, because another cell was stopped ") || got.stdout != "" {
		t.Errorf("a cell that waited: %+v", got)
	}
	if got := run(t, "next", dir, false); got.status != 0 || got.stopped() != "" {
		t.Errorf("the same cell, run again: %+v", got)
	}
	run(t, "training", dir, true)
	if got := run(t, "training", dir, true); !strings.HasPrefix(got.stopped(), "Stopped at step 87") {
		t.Errorf("the stopped cell, run again: %+v", got)
	}
	old := time.Now().Add(-2 * window)
	if err := os.Chtimes(markOf(dir), old, old); err != nil {
		t.Fatal(err)
	}
	if got := run(t, "next", dir, false); got.stopped() != "" {
		t.Errorf("a cell long after the stop: %+v", got)
	}
}

func TestLogOfCells(t *testing.T) {
	got := run(t, "logging", t.TempDir(), false)
	const want = "backend go devices=1\nWarning: slow why=\"no plugin\"\nWarning: slow why=\"no plugin\"\nthe cell went on\n"
	if got.status != 0 || got.stdout != want || got.stderr != "" {
		t.Errorf("%+v, want %q", got, want)
	}
	if len(got.displays) != 1 || got.displays[0].Data[protocol.MIMETextHTML] != "<b>shown</b>" {
		t.Errorf("displays %v", got.displays)
	}
}
