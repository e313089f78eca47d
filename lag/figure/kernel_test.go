//go:build unix

package figure

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

const cellVariable = "LAG_TEST_CELL"

// TestCell is the process of the notebook cell in TestKernel. It has GoNB's
// pipes in its environment.
func TestCell(t *testing.T) {
	if os.Getenv(cellVariable) == "" {
		t.Skip("runs as a process of TestKernel")
	}
	observe := Live()
	for step := 0; step <= 10; step++ {
		observe(progress.Event{Phase: progress.PhaseProbe, Run: "stack", Count: 1, Done: int64(step), Total: 10, Loss: 4,
			Point: &result.Point{Step: step, Loss: result.Number(4 - float64(step)/10)}})
	}
	if err := Show(CorrelationCurve(synthetic.Result(6, 6, 1))); err != nil {
		t.Fatal(err)
	}
}

// TestKernel acts as the kernel: it reads the displays of a cell's process from
// GoNB's pipe and confirms them.
func TestKernel(t *testing.T) {
	gob.Register(map[string]any{})
	gob.Register([]any{})
	dir := t.TempDir()
	toKernel, toCell := filepath.Join(dir, "to-kernel"), filepath.Join(dir, "to-cell")
	for _, pipe := range []string{toKernel, toCell} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Skipf("no named pipes here: %v", err)
		}
	}
	cell := exec.Command(os.Args[0], "-test.run=^TestCell$", "-test.timeout=60s")
	cell.Env = append(os.Environ(), cellVariable+"=1", protocol.GONB_PIPE_ENV+"="+toKernel, protocol.GONB_PIPE_BACK_ENV+"="+toCell)
	var output strings.Builder
	cell.Stdout, cell.Stderr = &output, &output

	type received struct {
		displays []protocol.DisplayData
		err      error
	}
	results := make(chan received, 1)
	go func() {
		displays, err := readDisplays(toKernel, toCell)
		results <- received{displays, err}
	}()
	if err := cell.Run(); err != nil {
		t.Fatalf("the cell: %v\n%s", err, output.String())
	}
	var got received
	select {
	case got = <-results:
	case <-time.After(10 * time.Second):
		t.Fatal("the cell ended without opening the pipe")
	}
	if got.err != nil {
		t.Fatal(got.err)
	}
	displays := got.displays
	if len(displays) < 3 {
		t.Fatalf("%d displays, want at least two of Live and one of Show", len(displays))
	}
	live, shown := displays[:len(displays)-1], displays[len(displays)-1]
	for _, d := range live {
		if d.DisplayID == "" || d.DisplayID != live[0].DisplayID {
			t.Errorf("Live drew into display %q, then %q", live[0].DisplayID, d.DisplayID)
		}
	}
	if last := live[len(live)-1]; len(last.Data[protocol.MIMEImagePNG].([]byte)) == 0 || !strings.Contains(last.Data[protocol.MIMETextPlain].(string), "done") {
		t.Errorf("Live's last display: %v", last.Data[protocol.MIMETextPlain])
	}
	spec, _ := shown.Data["application/vnd.vegalite.v5+json"].(map[string]any)
	if shown.DisplayID != "" || len(shown.Data) != 3 || spec["$schema"] == nil {
		t.Errorf("Show sent %d representations to display %q", len(shown.Data), shown.DisplayID)
	}
}

// readDisplays decodes displays, as the kernel does, until the cell ends.
func readDisplays(toKernel, toCell string) ([]protocol.DisplayData, error) {
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
	var displays []protocol.DisplayData
	for {
		var d protocol.DisplayData
		if err := decoder.Decode(&d); errors.Is(err, io.EOF) {
			return displays, nil
		} else if err != nil {
			return displays, fmt.Errorf("after %d displays: %w", len(displays), err)
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
