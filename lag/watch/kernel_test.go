//go:build unix

package watch

import (
	"context"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/result"
)

const cellVariable = "LAG_TEST_CELL"

// TestCell is the process of the notebook's cell in TestKernel.
func TestCell(t *testing.T) {
	dir := os.Getenv(cellVariable)
	if dir == "" {
		t.Skip("runs as a process of TestKernel")
	}
	check(t, Show(t.Context(), dir), Live(t.Context(), dir))
	check(t, os.Remove(filepath.Join(dir, result.StudyResult)))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	check(t, Live(ctx, dir))
}

// TestKernel acts as the kernel: it reads the displays of a cell's process from
// GoNB's pipe, and confirms them.
func TestKernel(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "study")
	check(t, os.CopyFS(dir, os.DirFS(doneStudy(t))))
	toKernel, toCell := filepath.Join(root, "to-kernel"), filepath.Join(root, "to-cell")
	for _, pipe := range []string{toKernel, toCell} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skipf("no named pipes here: %v", err)
		}
	}
	cell := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCell$", "-test.timeout=60s")
	cell.Env = append(os.Environ(), cellVariable+"="+dir, protocol.GONB_PIPE_ENV+"="+toKernel, protocol.GONB_PIPE_BACK_ENV+"="+toCell)
	var output strings.Builder
	cell.Stdout, cell.Stderr = &output, &output
	var displays []protocol.DisplayData
	ended := make(chan error, 1)
	go func() {
		var err error
		displays, err = readDisplays(toKernel, toCell)
		ended <- err
	}()
	if err := cell.Run(); err != nil {
		t.Fatalf("the cell: %v\n%s", err, output.String())
	}
	select {
	case err := <-ended:
		check(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the cell ended without opening the pipe")
	}
	if len(displays) != 3 {
		t.Fatalf("%d displays, want one of Show and one of each Live", len(displays))
	}
	if a, b, c := displays[0].DisplayID, displays[1].DisplayID, displays[2].DisplayID; a != "" || b == "" || c == "" || b == c {
		t.Errorf("they go to %q, %q and %q", a, b, c)
	}
	for i, want := range []string{": complete, ", ": complete, ", "nobody is at work, "} {
		text, _ := displays[i].Data[protocol.MIMETextPlain].(string)
		frame, _ := displays[i].Data[protocol.MIMETextHTML].(string)
		if i == 2 && strings.Contains(text, ": running, ") { // the study ended just now
			want = ": running, "
		}
		if !strings.Contains(text, want) || !strings.HasPrefix(frame, "<iframe ") {
			t.Errorf("display %d is %.100q and %.100q", i, text, frame)
		}
	}
}

// readDisplays decodes displays, as the kernel does, until the cell ends.
func readDisplays(toKernel, toCell string) (displays []protocol.DisplayData, err error) {
	in, err := os.OpenFile(toKernel, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	out, err := os.OpenFile(toCell, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	decoder, encoder := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var d protocol.DisplayData
		if err := decoder.Decode(&d); errors.Is(err, io.EOF) {
			return displays, nil
		} else if err != nil {
			return displays, err
		}
		if request, ok := d.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
			if err := encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: request.Value}); err != nil {
				return displays, err
			}
			continue
		}
		displays = append(displays, d)
	}
}
