package notebook

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/landscape-aware/growing/lag/interrupt"
)

// exitFailed is the exit status of a program that failed. One that was stopped ends
// with [interrupt.ExitCode], and a cell with 0.
const exitFailed = 1

// Must ends the program if there is an error. If the program was interrupted and
// nothing else happened, it says where it stopped, otherwise what the error is.
func Must(err error) {
	if err != nil {
		end(err)
	}
}

// Must1 returns the value if there is no error. Otherwise it ends the program
// like [Must].
func Must1[T any](value T, err error) T {
	Must(err)
	return value
}

// end ends the program with an error.
func end(err error) {
	if interrupt.Only(err) && interrupt.Received() {
		stop(last.where(true))
	}
	flush()
	fmt.Fprintln(os.Stderr, "Error: "+sentence(err))
	os.Exit(exitFailed)
}

// stop ends the program because of an interrupt.
func stop(what string) {
	if !gonbui.IsNotebook {
		fmt.Fprintln(os.Stderr, what+" Run the program again to go on.")
		os.Exit(interrupt.ExitCode())
	}
	ended.Do(func() {
		leaveMark()
		say(what + " Run the cell again to go on.")
		os.Exit(0)
	})
	select {} // the other caller ends the program
}

// sentence returns the text of an error in one line.
func sentence(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	text := cmp.Or(strings.Join(lines, "; "), "an error without a text")
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}
