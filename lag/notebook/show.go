package notebook

import (
	"fmt"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
)

// Show shows figures as output of the cell. If one could not be drawn, or there
// is no notebook, it ends the program like [Must].
func Show(figures ...figure.Figure) { Must(figure.Show(figures...)) }

// Live returns an observer that draws what is trained while it is trained, like
// [figure.Live]. If the cell is stopped, [Must] says at which step.
func Live() progress.Observer { return Follow(figure.Live()) }

// Follow returns an observer that passes events on to another one, unless it is
// nil. If the cell is stopped, [Must] says at which step.
func Follow(observe progress.Observer) progress.Observer {
	return func(e progress.Event) {
		last.set(e)
		if observe != nil {
			observe(e)
		}
	}
}

// HTML shows a fragment of HTML as output of the cell. Outside a notebook it
// shows nothing.
func HTML(fragment string) {
	gonbui.DisplayHTML(fragment)
	flush()
	Must(gonbui.Error())
}

// Study reads the result of a study that is complete, which needs no engine. If
// there is none, it ends the program like [Must].
func Study(dir string) *result.Study { return Must1(result.LoadStudy(dir)) }

// Stacking reads the result of a stacking like [Study].
func Stacking(dir string) *result.Stacking { return Must1(result.LoadStacking(dir)) }

// StoppedKey is the metadata of the output that says that a cell was stopped or
// not started. Its exit status does not tell.
const StoppedKey = "lag:stopped"

// say shows the last sentence of a cell that was stopped.
func say(text string) {
	flush() // before it comes what the cell has shown
	gonbui.SendData(&protocol.DisplayData{
		Data:     map[protocol.MIMEType]any{protocol.MIMETextPlain: text},
		Metadata: map[string]any{StoppedKey: true},
	})
	if flush(); gonbui.Error() != nil {
		fmt.Println(text)
	}
}

// flush waits until the kernel has what was sent to it. It does not wait long,
// because GoNB may be about to kill the program.
func flush() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(200 * time.Millisecond):
	}
}
