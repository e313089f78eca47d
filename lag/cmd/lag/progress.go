package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/lag/progress"
)

// bars shows the events of a study. In a terminal it draws a progress bar with
// an ETA for each phase. Otherwise it prints a line for each finished run and
// for each validation of a single training.
type bars struct {
	out      *os.File
	terminal bool
	bar      *progressbar.ProgressBar
	part     progress.Part
	run      string
	index    int       // of the run
	started  time.Time // of the run
	from     int64     // its step then
	loss     float64   // latest validation loss
	last     progress.Event
	printed  map[printed]bool
	finished map[progress.Part]map[int]bool // finished runs of each part, by index; processes go back and forth between parts
}

// printed is what a line without a terminal is about.
type printed struct {
	part  progress.Part
	name  string
	index int
	done  int64
}

func newBars(out *os.File) *bars {
	return &bars{out: out, terminal: term.IsTerminal(int(out.Fd())), finished: make(map[progress.Part]map[int]bool), printed: make(map[printed]bool)}
}

// observe is a [progress.Observer].
func (b *bars) observe(e progress.Event) {
	b.last = e
	newPart := e.Part() != b.part || (e.Phase == progress.PhasePrepare && e.Run != b.run)
	if newPart {
		b.finish()
		b.part = e.Part()
		b.begin(e)
		if b.finished[b.part] == nil {
			b.finished[b.part] = make(map[int]bool)
		}
	}
	if e.Run != b.run || e.Index != b.index {
		b.run, b.index = e.Run, e.Index
		if !newPart {
			b.begin(e)
		}
		if e.Phase == progress.PhaseMeasure && !b.terminal {
			fmt.Fprintf(b.out, "%s %s: model %d of %d\n", e.Phase, name(e), e.Index+1, e.Count)
		}
	}
	if e.Point != nil {
		b.loss = float64(e.Point.Loss)
	}
	done, total := e.Done, e.Total
	if e.Phase == progress.PhaseProbe || e.Phase == progress.PhaseBranch {
		// Other processes train runs too, so runs do not end in order.
		finished := b.finished[b.part]
		if finished[e.Index] = finished[e.Index] || e.Done == e.Total; finished[e.Index] {
			done = 0
		}
		done, total = done+b.count()*e.Total, int64(e.Count)*e.Total
	}
	if e.Phase == progress.PhaseMeasure { // one model after another
		done, total = int64(e.Index)*e.Total+e.Done, int64(e.Count)*e.Total
	}
	if !b.terminal {
		if newPart && e.Phase == progress.PhasePrepare {
			fmt.Fprintf(b.out, "%s: %s\n", e.Phase, preview.Visible(e.Run))
		}
		if e.Point != nil && (e.Done == e.Total || e.Phase == progress.PhaseTrain) && b.first(e) {
			fmt.Fprintf(b.out, "%s %s: step %d of %d, validation loss %.4f (%s)\n", e.Phase, name(e), e.Done, e.Total, b.loss, b.pace(e))
		}
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(max(total, -1), progressbar.OptionSetWriter(io.Writer(b.out)), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	}
	b.bar.ChangeMax64(total)
	b.bar.Describe(b.describe(e))
	_ = b.bar.Set64(done) // a failure to draw must not stop a study
}

// begin notes that a run begins, or goes on from an earlier process.
func (b *bars) begin(e progress.Event) { b.started, b.from = time.Now(), e.Done }

// pace says how long a run has taken here and, of one that goes on, how fast it is and
// how long the rest takes at that pace.
func (b *bars) pace(e progress.Event) string {
	took := time.Since(b.started)
	text := fmt.Sprintf("%.0f s", took.Seconds())
	if steps := e.Done - b.from; e.Done < e.Total && steps > 0 && took >= time.Second {
		speed := float64(steps) / took.Seconds()
		left := time.Duration(float64(e.Total-e.Done) / speed * float64(time.Second))
		text += fmt.Sprintf(", %.1f steps/s, %s left", speed, left.Round(time.Second))
	}
	return text
}

// first reports whether a validation was not printed before. Each candidate repeats
// those of its source.
func (b *bars) first(e progress.Event) bool {
	of := printed{e.Part(), name(e), e.Index, e.Done}
	if b.printed[of] {
		return false
	}
	b.printed[of] = true
	return true
}

// count returns the number of finished runs of the part.
func (b *bars) count() (n int64) {
	for _, done := range b.finished[b.part] {
		if done {
			n++
		}
	}
	return n
}

func (b *bars) describe(e progress.Event) string {
	text := fmt.Sprintf("%-8s %-20s", e.Phase, name(e))
	if e.Count > 1 {
		text = fmt.Sprintf("%-8s %2d/%d %-20s", e.Phase, e.Index+1, e.Count, name(e))
	}
	switch {
	case e.Point != nil:
		text += fmt.Sprintf(" validation loss %.3f", float64(e.Point.Loss))
	case e.Done == 0 && e.Phase.Trains():
		text += " compiling" // the first run of a depth compiles; later ones pass this quickly
	case !math.IsNaN(e.Loss):
		text += fmt.Sprintf(" training loss %.3f", e.Loss)
	}
	return text
}

// name returns the subject of an event, with the seed if there may be several.
func name(e progress.Event) string {
	if e.Seed != 0 {
		return fmt.Sprintf("%s, seed %d", e.Run, e.Seed)
	}
	return e.Run
}

// finish ends the current bar.
func (b *bars) finish() {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
}

// stage shows the progress of a stage of data preparation; it is a
// data.Progress.
func (b *bars) stage(name string, done, total int64) {
	b.observe(progress.Event{Phase: progress.PhasePrepare, Run: name, Done: done, Total: total, Loss: math.NaN()})
}
