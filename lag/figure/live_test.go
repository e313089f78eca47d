package figure

import (
	"bytes"
	"encoding/gob"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

func TestOutsideNotebook(t *testing.T) {
	t.Setenv(protocol.GONB_PIPE_ENV, "")
	if err := Show(Picks(synthetic.Result(6, 6, 1))); !errors.Is(err, ErrNoNotebook) {
		t.Errorf("Show: %v", err)
	}
	if err := Show(Picks(&result.Study{})); !errors.Is(err, ErrNoData) {
		t.Errorf("Show of an empty figure: %v", err)
	}
	Live()(progress.Event{Phase: progress.PhaseProbe})
}

// TestBundleSurvivesGob checks that the kernel can decode a figure with gob,
// which knows map[string]any, []any and []string.
func TestBundleSurvivesGob(t *testing.T) {
	gob.Register(map[string]any{})
	gob.Register([]any{})
	for _, f := range All(synthetic.Result(6, 16, 1)) {
		data, err := f.bundle()
		if err != nil {
			t.Fatal(err)
		}
		var pipe bytes.Buffer
		if err := gob.NewEncoder(&pipe).Encode(&protocol.DisplayData{Data: data, Metadata: f.size()}); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		var got protocol.DisplayData
		if err := gob.NewDecoder(&pipe).Decode(&got); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if len(got.Data) != 3 || !bytes.Equal(got.Data[protocol.MIMEImagePNG].([]byte), f.PNG) {
			t.Errorf("%s: %d representations arrived", f.Name, len(got.Data))
		}
	}
}

type sentDisplay struct {
	id   string
	data map[protocol.MIMEType]any
}

func TestLive(t *testing.T) {
	clock := time.Unix(0, 0)
	var sent []sentDisplay
	flushed, ids := 0, 0
	view := &liveView{
		now: func() time.Time { return clock },
		send: func(id string, data map[protocol.MIMEType]any, _ map[string]any) error {
			sent = append(sent, sentDisplay{id, data})
			return nil
		},
		flush: func() error { flushed++; return nil },
		newID: func() string { ids++; return string(rune('a' + ids)) },
	}
	view.observe(progress.Event{Phase: progress.PhasePrepare, Run: "tokenizer", Count: 1, Done: 1, Total: 4})
	if _, drawn := sent[0].data[protocol.MIMEImagePNG]; drawn {
		t.Error("a picture without any loss")
	}
	const runs, steps = 3, 100
	for run := range runs {
		for step := 0; step <= steps; step++ {
			clock = clock.Add(100 * time.Millisecond)
			e := progress.Event{Phase: progress.PhaseProbe, Run: []string{"stack", "interleave", "random-top"}[run],
				Index: run, Place: run, Count: runs, Done: int64(step), Total: steps, Loss: 3.5}
			if step%10 == 0 {
				e.Point = &result.Point{Step: step, Loss: result.Number(5 - float64(step)/100 - float64(run)/10)}
			}
			view.observe(e)
		}
	}
	// 303 events in 30 s: one picture per second, and one at the end of each
	// run.
	if n := len(sent); n < 30 || n > 36 {
		t.Errorf("%d pictures in 30 s", n)
	}
	last := sent[len(sent)-1]
	if last.id == sent[0].id || last.id != sent[1].id {
		t.Errorf("displays %q, %q, ..., %q: want one for each phase", sent[0].id, sent[1].id, last.id)
	}
	if _, err := png.Decode(bytes.NewReader(last.data[protocol.MIMEImagePNG].([]byte))); err != nil {
		t.Error(err)
	}
	sizes := map[image.Point]bool{} // the page must not jump
	for _, s := range sent[2:] {
		config, err := png.DecodeConfig(bytes.NewReader(s.data[protocol.MIMEImagePNG].([]byte)))
		if err != nil {
			t.Error(err)
		}
		sizes[image.Pt(config.Width, config.Height)] = true
	}
	if len(sizes) != 1 {
		t.Errorf("pictures of one phase have different sizes: %v", sizes)
	}
	text := last.data[protocol.MIMETextPlain].(string)
	for _, want := range []string{"candidate 3 of 3: random-top", "step 100 of 100", "done in 30s"} {
		if !strings.Contains(text, want) {
			t.Errorf("status %q lacks %q", text, want)
		}
	}
	if middle := sent[len(sent)/2].data[protocol.MIMETextPlain].(string); !strings.Contains(middle, "s left") {
		t.Errorf("status %q lacks the time left", middle)
	}
	if flushed != 1 {
		t.Errorf("flushed %d times", flushed)
	}
	if n := len(view.runs); n != runs {
		t.Errorf("%d curves", n)
	}
	if dir := lookDir(); dir != "" {
		write(t, dir, "live.png", last.data[protocol.MIMEImagePNG].([]byte))
		write(t, dir, "live-middle.png", sent[18].data[protocol.MIMEImagePNG].([]byte))
	}
}

// Where processes share a study, this one may train a candidate after a control:
// its curve belongs to the picture that is there.
func TestLiveReturnsToPhase(t *testing.T) {
	var sent []string
	ids := 0
	view := &liveView{
		now: time.Now,
		send: func(id string, _ map[protocol.MIMEType]any, _ map[string]any) error {
			sent = append(sent, id)
			return nil
		},
		flush: func() error { return nil },
		newID: func() string { ids++; return string(rune('a' + ids)) },
	}
	for i, phase := range []progress.Phase{progress.PhaseProbe, progress.PhaseControl, progress.PhaseProbe} {
		view.observe(progress.Event{Phase: phase, Run: "a run", Index: i, Count: 4, Done: 1, Total: 1, Point: &result.Point{Step: 1, Loss: 3}})
	}
	if len(sent) != 3 || sent[2] != sent[0] || sent[1] == sent[0] {
		t.Errorf("displays %q, want the third to be the first", sent)
	}
	if n := len(view.runs); n != 2 {
		t.Errorf("%d curves of candidates, want 2", n)
	}
}

func TestLiveStopsAfterFailure(t *testing.T) {
	calls := 0
	view := &liveView{
		now:   time.Now,
		send:  func(string, map[protocol.MIMEType]any, map[string]any) error { calls++; return errors.New("no pipe") },
		newID: func() string { return "x" },
	}
	for i := range 3 {
		view.observe(progress.Event{Phase: progress.PhaseProbe, Index: i, Count: 3, Done: 1, Total: 1})
	}
	if calls != 1 {
		t.Errorf("%d attempts after the first failed, want none", calls-1)
	}
}
