package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/landscape-aware/growing/lag"
)

// bars shows the events of a study: a progress bar with an ETA for each phase
// in a terminal, a line for each finished run elsewhere, and for
// each validation of a single training.
type bars struct {
	out      *os.File
	terminal bool
	bar      *progressbar.ProgressBar
	phase    lag.Phase
	run      string
	started  time.Time
	loss     float64 // latest validation loss
}

func newBars(out *os.File) *bars {
	return &bars{out: out, terminal: term.IsTerminal(int(out.Fd()))}
}

// observe is a lag.Observer.
func (b *bars) observe(e lag.Event) {
	newPhase := e.Phase != b.phase || (e.Phase == lag.PhasePrepare && e.Run != b.run)
	if newPhase {
		b.finish()
		b.phase, b.started = e.Phase, time.Now()
	}
	if e.Run != b.run {
		b.run = e.Run
	}
	if e.Point != nil {
		b.loss = float64(e.Point.Loss)
	}
	done, total := e.Done, e.Total
	if e.Phase == lag.PhaseProbe {
		done, total = int64(e.Index)*e.Total+e.Done, int64(e.Count)*e.Total
	}
	if !b.terminal {
		if newPhase && e.Phase == lag.PhasePrepare {
			fmt.Fprintf(b.out, "%s: %s\n", e.Phase, e.Run)
		}
		if e.Point != nil && (e.Done == e.Total || e.Phase == lag.PhaseTrain) {
			fmt.Fprintf(b.out, "%s %s: step %d of %d, validation loss %.4f (%.0f s)\n", e.Phase, e.Run, e.Done, e.Total, b.loss, time.Since(b.started).Seconds())
		}
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(max(total, -1), progressbar.OptionSetWriter(io.Writer(b.out)), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
	}
	b.bar.ChangeMax64(total)
	b.bar.Describe(b.describe(e))
	_ = b.bar.Set64(done) // a bar that cannot be drawn must not stop a study
}

func (b *bars) describe(e lag.Event) string {
	text := fmt.Sprintf("%-8s %-20s", e.Phase, e.Run)
	if e.Phase == lag.PhaseProbe {
		text = fmt.Sprintf("%-8s %2d/%d %-20s", e.Phase, e.Index+1, e.Count, e.Run)
	}
	switch {
	case e.Point != nil:
		text += fmt.Sprintf(" validation loss %.3f", float64(e.Point.Loss))
	case e.Done == 0 && e.Phase != lag.PhasePrepare:
		text += " compiling" // the first run of a depth does; the others pass by here
	case !math.IsNaN(e.Loss):
		text += fmt.Sprintf(" training loss %.3f", e.Loss)
	}
	return text
}

// finish ends the bar at hand.
func (b *bars) finish() {
	if b.bar != nil {
		_ = b.bar.Clear()
		b.bar = nil
	}
}

// stage shows how far a stage of preparing data is; it is a data.Progress.
func (b *bars) stage(name string, done, total int64) {
	b.observe(lag.Event{Phase: lag.PhasePrepare, Run: name, Done: done, Total: total, Loss: math.NaN()})
}
