package notebook

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/landscape-aware/growing/lag/interrupt"
	"github.com/landscape-aware/growing/lag/progress"
)

var (
	ended sync.Once // the program ends only once
	last  position  // the last progress event
)

// patience is how long the program may take to end after the stop button. GoNB
// kills it after 5 s. It is a variable for tests.
var patience = 4 * time.Second

// Context returns the context for everything in a cell that takes long. The stop
// button cancels it. What trains then saves its state and returns an error, for
// which [Must] says where the cell stopped.
//
// If another cell was stopped a moment ago, Context ends the program: with "Run
// all", this cell was waiting behind that one, and GoNB starts it all the same.
func Context() context.Context {
	if ago, ok := waited(); ok {
		ended.Do(func() {
			say(fmt.Sprintf("Not started, because another cell was stopped %.0f s ago, and this one may have waited behind it. Run it again to start it.", ago.Seconds()))
			os.Exit(0)
		})
	}
	return interrupt.Context()
}

// watch waits for the stop button. A cell that does not ask for a context has
// nothing to save and ends at once.
func watch(pressed <-chan os.Signal) {
	<-pressed
	if !interrupt.Asked() {
		stop("Stopped.")
	}
	select {
	case <-pressed: // a second time
	case <-time.After(patience):
	}
	stop(last.where(false))
}

// position is the last progress event of the program.
type position struct {
	mu    sync.Mutex
	event progress.Event
	known bool
}

func (p *position) set(e progress.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.event, p.known = e, true
}

// where says in a sentence where the program was stopped. Saved says that it
// returned after that, and so has saved its state.
func (p *position) where(saved bool) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.event
	switch {
	case !p.known && saved:
		return "Stopped."
	case !p.known:
		return "Stopped, before everything was saved."
	case e.Whole.Runs > 0:
		return fmt.Sprintf("Stopped following the workers, which go on; %d of %d runs were done.", e.Whole.Done, e.Whole.Runs)
	case e.Phase == progress.PhasePrepare:
		return fmt.Sprintf("Stopped while preparing the data (%s); what was complete is kept.", e.Run)
	case e.Phase == progress.PhaseMeasure:
		return fmt.Sprintf("Stopped while measuring model %d of %d (%s); what was measured is kept.", e.Index+1, e.Count, e.Run)
	case e.Done <= 0 || e.Total <= 0:
		return fmt.Sprintf("Stopped before training began%s; nothing is lost.", of(e))
	case !saved:
		return fmt.Sprintf("Stopped at step %d of %d%s, before this step was saved; an earlier one is kept.", e.Done, e.Total, of(e))
	}
	return fmt.Sprintf("Stopped at step %d of %d%s; saved.", e.Done, e.Total, of(e))
}

// kinds are what the runs of a phase are called. Of the others, a cell has one.
var kinds = map[progress.Phase]string{
	progress.PhaseProbe: "candidate", progress.PhaseBranch: "decay branch", progress.PhaseControl: "control", progress.PhaseStack: "arm",
}

// of names the run of an event in brackets, if a cell may have several.
func of(e progress.Event) string {
	kind, several := kinds[e.Phase]
	switch {
	case e.Phase == progress.PhasePretrain:
		return " (pretraining)"
	case !several:
		return ""
	case e.Count > 1:
		kind = fmt.Sprintf("%s %d of %d", kind, e.Index+1, e.Count)
	}
	return fmt.Sprintf(" (%s: %s)", kind, e.Run)
}

// workerProcess is the environment variable of a process that a cell has started
// to share its training, see package lag. It has a log of its own.
const workerProcess = "LAG_WORKER"

func init() {
	if !gonbui.IsNotebook || os.Getenv(workerProcess) != "" {
		return
	}
	logPlainly(os.Stdout)
	pressed := make(chan os.Signal, 1)
	signal.Notify(pressed, os.Interrupt)
	go watch(pressed)
}
