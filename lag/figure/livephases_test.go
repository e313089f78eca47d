package figure

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

// recordLive returns a live view whose clock moves by a step with each event,
// and what it sends.
func recordLive(step time.Duration) (observe progress.Observer, sent *[]sentDisplay) {
	clock, ids := time.Unix(0, 0), 0
	sent = new([]sentDisplay)
	view := &liveView{
		now: func() time.Time { return clock },
		send: func(id string, data map[protocol.MIMEType]any, _ map[string]any) error {
			*sent = append(*sent, sentDisplay{id, data})
			return nil
		},
		flush: func() error { return nil },
		newID: func() string { ids++; return fmt.Sprint(ids) },
	}
	return func(e progress.Event) { clock = clock.Add(step); view.observe(e) }, sent
}

// validation is the event of a validation loss; it has no training loss.
func validation(e progress.Event, step int, loss float64) progress.Event {
	e.Done, e.Loss, e.Point = int64(step), math.NaN(), &result.Point{Step: step, Loss: result.Number(loss)}
	return e
}

// TestLivePretraining checks that the picture shows training from the first
// steps on: losses, the unigram entropy, speed and time left.
func TestLivePretraining(t *testing.T) {
	observe, sent := recordLive(50 * time.Millisecond)
	label := progress.Event{Phase: progress.PhasePretrain, Run: "3 layers", Count: 1, Total: 1200, Loss: math.NaN(), Unigram: 5.58}
	observe(label)
	observe(validation(label, 0, 6.3))
	if len(*sent) != 0 {
		t.Fatal("something is shown before a step was trained")
	}
	step := func(n int) progress.Event {
		e := label
		e.Done, e.Loss = int64(n), 6.3-0.5*math.Min(1, float64(n)/100)+0.05*math.Sin(float64(n))
		return e
	}
	observe(step(1))
	if len(*sent) != 1 {
		t.Fatalf("%d pictures after the first step, want 1", len(*sent))
	}
	for n := 2; n <= 44; n++ {
		observe(step(n))
	}
	if len(*sent) != 3 {
		t.Fatalf("%d pictures in the first two seconds, want 3", len(*sent))
	}
	last := (*sent)[len(*sent)-1]
	page, _ := last.data[protocol.MIMETextHTML].(string)
	for _, want := range []string{"training loss", "unigram entropy 5.58", "<svg"} {
		if !strings.Contains(page, want) {
			t.Errorf("the picture of the first steps lacks %q", want)
		}
	}
	if text := last.data[protocol.MIMETextPlain].(string); !strings.Contains(text, "20 steps/s") || !strings.Contains(text, "left") {
		t.Errorf("status %q, want 20 steps/s and the time left", text)
	}
	for n := 45; n <= 300; n++ {
		observe(step(n))
		if n%100 == 0 {
			observe(validation(label, n, 6.3-float64(n)/300))
		}
	}
	text := (*sent)[len(*sent)-1].data[protocol.MIMETextPlain].(string)
	parts := strings.Split(strings.TrimSuffix(text, " left"), " · ")
	left, err := time.ParseDuration(parts[len(parts)-1])
	if err != nil || left < 44*time.Second || left > 47*time.Second { // 900 steps at 20 a second
		t.Errorf("status %q, want about 45s left", text)
	}
	if dir := lookDir(); dir != "" {
		write(t, dir, "live-first-steps.html", []byte(page))
		write(t, dir, "live-first-steps.png", last.data[protocol.MIMEImagePNG].([]byte))
		write(t, dir, "live-pretraining.png", (*sent)[len(*sent)-1].data[protocol.MIMEImagePNG].([]byte))
	}
}

// TestLiveComplete checks that losses of an earlier execution are not shown
// again if nothing is left to train, and belong to the picture if something is.
func TestLiveComplete(t *testing.T) {
	observe, sent := recordLive(time.Second)
	source := progress.Event{Phase: progress.PhasePretrain, Run: "3 layers", Count: 1, Total: 200, Loss: math.NaN()}
	observe(source)
	for _, step := range []int{0, 100, 200} {
		observe(validation(source, step, 6-float64(step)/100))
	}
	probe := progress.Event{Phase: progress.PhaseProbe, Run: "stack", Count: 2, Total: 10, Loss: math.NaN()}
	observe(validation(probe, 0, 5))
	observe(validation(probe, 10, 4))
	observe(progress.Event{Phase: progress.PhasePrepare, Run: "tokens", Count: 1, Done: 9, Total: 9, Loss: math.NaN()})
	if len(*sent) != 0 {
		t.Fatalf("%d pictures of complete runs", len(*sent))
	}
	probe.Run, probe.Index, probe.Place, probe.Done, probe.Loss = "interleave", 1, 1, 1, 4.5
	observe(probe)
	if len(*sent) != 1 {
		t.Fatalf("%d pictures after a step of the second candidate, want 1", len(*sent))
	}
	if page, _ := (*sent)[0].data[protocol.MIMETextHTML].(string); !strings.Contains(page, "1st so far") || !strings.Contains(page, ">stack<") {
		t.Error("the candidate of the earlier execution is not in the picture")
	}
}

// TestLiveMeasuring: measurements of models have a line with the time left, and no
// picture of losses.
func TestLiveMeasuring(t *testing.T) {
	observe, sent := recordLive(time.Second)
	for i := range 4 {
		for done := range 3 {
			observe(progress.Event{Phase: progress.PhaseMeasure, Run: "stack", Index: i, Count: 4, Done: int64(done), Total: 2, Loss: math.NaN()})
		}
	}
	var lines []string
	for _, one := range *sent {
		lines = append(lines, one.data[protocol.MIMETextPlain].(string))
		if one.data[protocol.MIMEImagePNG] != nil {
			t.Errorf("%q has a picture", lines[len(lines)-1])
		}
	}
	if len(lines) < 3 || !strings.HasPrefix(lines[1], "measuring ") || !strings.Contains(lines[1], " left") || !strings.HasPrefix(lines[len(lines)-1], "measuring 4 of 4: stack · done in ") {
		t.Errorf("lines %q", lines)
	}
}

// TestLiveRepeated checks that the losses of the source, which each candidate
// repeats, do not change the picture of the source's training.
func TestLiveRepeated(t *testing.T) {
	observe, sent := recordLive(2 * time.Second)
	source := progress.Event{Phase: progress.PhasePretrain, Run: "3 layers", Count: 1, Total: 20, Loss: 5, Done: 20}
	observe(source)
	observe(validation(source, 20, 4.5))
	probe := progress.Event{Phase: progress.PhaseProbe, Run: "stack", Count: 2, Total: 10, Loss: 4.4, Done: 1}
	observe(probe)
	before := len(*sent)
	observe(validation(source, 0, 6))
	observe(validation(source, 20, 4.5))
	if n := len(*sent) - before; n != 0 {
		t.Errorf("%d pictures of losses that were known", n)
	}
	probe.Done = 2
	observe(probe)
	if last := (*sent)[len(*sent)-1]; len(*sent) != before+1 || last.id != (*sent)[before-1].id {
		t.Error("the candidate's picture is not updated after the repetition")
	}
}

// TestLiveRanks checks what the picture says of a candidate that trains, whose
// rank changes.
func TestLiveRanks(t *testing.T) {
	observe, sent := recordLive(2 * time.Second)
	losses := map[string][]float64{"stack": {5, 4}, "random-top": {5.5, 3.8}, "interleave": {4, 3.9}}
	for i, name := range []string{"stack", "random-top", "interleave"} {
		e := progress.Event{Phase: progress.PhaseProbe, Run: name, Index: i, Place: i, Count: 4, Total: 20, Loss: 4}
		observe(e)
		for k, loss := range losses[name] {
			observe(validation(e, 10*k, loss))
		}
		text := (*sent)[len(*sent)-1].data[protocol.MIMETextHTML].(string)
		want := []string{"trains now", "trains now, 1st of 2 at step 10", "trains now, 2nd of 3 at step 10"}[i]
		if !strings.Contains(text, want+"<") {
			t.Errorf("the picture of %s lacks %q", name, want)
		}
		observe(validation(e, 20, losses[name][1]-0.1))
	}
	last := (*sent)[len(*sent)-1].data[protocol.MIMETextHTML].(string)
	for _, want := range []string{"1st so far", "2nd so far", "3rd so far"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last picture lacks %q", want)
		}
	}
}

// TestOneColor checks that a strategy has its color and dash in each figure that
// highlights it, and while it trains, whatever its rank and when it trains.
func TestOneColor(t *testing.T) {
	r := synthetic.Result(6, 16, 1)
	best := result.Outcome{}
	place := -1
	for i, o := range r.Strategies {
		if o.Status == result.StatusComplete && (place < 0 || o.Final < best.Final) {
			best, place = o, i
		}
	}
	want := chart.SeriesStyle(place)
	observe, sent := recordLive(2 * time.Second)
	observe(progress.Event{Phase: progress.PhaseProbe, Run: "another", Index: 0, Place: (place + 3) % 16, Count: 16, Total: 20, Loss: 4})
	e := progress.Event{Phase: progress.PhaseProbe, Run: best.Name, Index: 1, Place: place, Count: 16, Total: 20, Loss: 4}
	observe(validation(e, 10, 4))
	observe(e)
	live := (*sent)[len(*sent)-1].data[protocol.MIMETextHTML].(string)
	drawn := map[string]string{"live": live}
	for _, f := range []Figure{LossCurves(r), EarlyVsFinal(r), LayerMaps(r), Noise(r)} {
		drawn[f.Name] = string(f.SVG)
	}
	for name, svg := range drawn {
		if !strings.Contains(svg, strings.ToUpper(chart.Hex(want.Color))) {
			t.Errorf("%s: %s does not have its color %s", name, best.Name, chart.Hex(want.Color))
		}
	}
}

// TestLiveBranches: each kind of decay branches has a line of its own, though they
// are branches of the same candidates, and no picture.
func TestLiveBranches(t *testing.T) {
	observe, sent := recordLive(2 * time.Second)
	kinds := []struct{ from, steps int }{{8, 4}, {48, 4}, {48, 12}}
	for _, kind := range kinds {
		for i, name := range []string{"stack", "interleave"} {
			e := progress.Event{Phase: progress.PhaseBranch, Run: name, Index: i, Place: i, Count: 2, From: kind.from, Total: int64(kind.steps), Loss: 5}
			for e.Done = 1; e.Done <= e.Total; e.Done++ {
				observe(e)
			}
			observe(validation(e, kind.steps, 4.5))
		}
	}
	var ids []string
	var last []string
	for _, s := range *sent {
		text, _ := s.data[protocol.MIMETextPlain].(string)
		if s.data[protocol.MIMEImagePNG] != nil {
			t.Error("there is a picture of a decay branch")
		}
		if !slices.Contains(ids, s.id) {
			ids, last = append(ids, s.id), append(last, "")
		}
		last[slices.Index(ids, s.id)] = text
	}
	if len(ids) != len(kinds) {
		t.Fatalf("%d lines, want %d", len(ids), len(kinds))
	}
	for i, kind := range kinds {
		want := fmt.Sprintf("decay branch 2 of 2: interleave from step %d · step %d of %d", kind.from, kind.steps, kind.steps)
		if !strings.HasPrefix(last[i], want) {
			t.Errorf("line %d is %q at the end, want %s", i, last[i], want)
		}
	}
}

// TestLiveFollowed: where other processes train, the line says how many of all runs
// are done, and the time left is that of all, whichever run an event is of.
func TestLiveFollowed(t *testing.T) {
	observe, sent := recordLive(time.Second)
	observe(progress.Event{Phase: progress.PhasePrepare, Run: "waiting for the workers", Loss: math.NaN(), Whole: progress.Whole{Runs: 8}})
	if n := len(*sent); n != 1 || (*sent)[0].data[protocol.MIMETextPlain] != "preparing: waiting for the workers" {
		t.Errorf("before there are runs: %v", *sent)
	}
	for step := 1; step <= 20; step++ {
		// The last of the candidates is one of the first to be trained.
		observe(progress.Event{Phase: progress.PhaseProbe, Run: "stack", Index: 6, Count: 7, Place: 6, Total: 40, Done: int64(step), Loss: 4, Whole: progress.Whole{Done: 1, Runs: 8, Share: float64(step) / 80}})
	}
	line, _ := (*sent)[len(*sent)-1].data[protocol.MIMETextPlain].(string)
	for _, want := range []string{"candidate 7 of 7: stack", "1 of 8 runs done", "1m0s left"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
	end := progress.Event{Phase: progress.PhaseProbe, Run: "stack", Index: 6, Count: 7, Place: 6, Total: 40, Whole: progress.Whole{Done: 8, Runs: 8, Share: 1}}
	observe(validation(end, 40, 3))
	if line, _ := (*sent)[len(*sent)-1].data[protocol.MIMETextPlain].(string); !strings.Contains(line, "done in") {
		t.Errorf("at the end: %q", line)
	}
}

// TestLiveControlRates checks that the trainings from scratch of a sweep have lines of
// their own, with their names, and that those of one rate are bold.
func TestLiveControlRates(t *testing.T) {
	observe, sent := recordLive(time.Second)
	names := []result.Control{result.ControlScratch, result.ControlScratchProbes, result.ControlScratchProbes.WithPeak(0.0005), result.ControlScratchProbes.WithPeak(0.002)}
	for i, name := range names {
		e := progress.Event{Phase: progress.PhaseControl, Run: string(name), Seed: 1, Index: i, Place: i, Count: len(names), Total: 300, Loss: math.NaN(), Unigram: 5.6}
		observe(validation(e, 0, 6.2))
		e.Done, e.Loss = 1, 6.1
		observe(e)
		for step := 50; step < 300; step += 50 {
			observe(validation(e, step, 3.1+0.1*float64(i)+3*math.Exp(-float64(step)/60)))
		}
	}
	last := (*sent)[len(*sent)-1]
	page, _ := last.data[protocol.MIMETextHTML].(string)
	for _, name := range names {
		if !strings.Contains(page, ">"+string(name)+"<") {
			t.Errorf("the picture does not name %s", name)
		}
	}
	view, looks := &liveView{part: progress.Part{Phase: progress.PhaseControl}, event: progress.Event{Seed: 1}}, map[chart.Style]result.Control{}
	for i, name := range names {
		line, point := view.runStyle(&liveRun{name: string(name), seed: 1, place: i})
		if other, ok := looks[line]; ok || point.Color != line.Color || line.Width == 2.6 != (name == name.Kind()) {
			t.Errorf("%s has the line %+v and the point %+v; before: %s", name, line, point, other)
		}
		looks[line] = name
	}
	if dir := lookDir(); dir != "" {
		write(t, dir, "live-controls.png", last.data[protocol.MIMEImagePNG].([]byte))
	}
}
