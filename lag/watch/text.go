package watch

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
)

// mostRanks is the number of strategies that Text lists.
const mostRanks = 20

// Text writes a state as text: how far it is, what is wrong, who is at work, and
// the ranks. Characters that a terminal would take for commands are shown as such.
func Text(w io.Writer, s State) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", Headline(s))
	for _, warning := range s.Warnings {
		fmt.Fprintf(&b, "Warning: %s\n", preview.Visible(warning))
	}
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "%s\n", preview.Visible(note))
	}
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if len(s.Work) > 0 {
		fmt.Fprintln(table, "\nprocess\trun\tseed\tstep\tsteps/s\tleft\ttraining loss")
	}
	for _, one := range s.Work {
		speed, left := "", ""
		if one.Speed > 0 {
			speed = strconv.FormatFloat(one.Speed, 'f', 2, 64)
		}
		if one.Left != nil {
			left = inWords(*one.Left)
		}
		fmt.Fprintf(table, "%d on %s\t%s %s\t%d\t%d of %d\t%s\t%s\t%s\n", one.PID, preview.Visible(one.Host), preview.Visible(string(one.Phase)), preview.Visible(one.Label), one.Seed, one.Step, one.Of, speed, left, optional(one.Loss, 4))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	rows := 0
	for _, r := range s.Ranks {
		if r.Runs == 0 {
			continue
		}
		if rows == 0 {
			fmt.Fprintf(table, "\nstrategy\tstep\tloss\tplace at 0\tat %d\tnow\tat %d\tstatus\n", s.Lag, s.Steps)
		}
		if rows++; rows > mostRanks {
			break
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s of %d\t%s\t%s\n", preview.Visible(r.Strategy), r.Step, optional(r.Loss, 4), optional(r.AtInit, 1), optional(r.AtLag, 1), optional(r.Now, 1), r.Among, optional(r.AtEnd, 1), r.Status)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.Verdict != "" {
		fmt.Fprintf(&b, "\n%s\n", s.Verdict)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Headline says in one line how far a state is.
func Headline(s State) string {
	name := preview.Visible(s.Name)
	if s.Status == Waiting {
		return fmt.Sprintf("%s: there is no study, stacking or training here yet", preview.Visible(s.Dir))
	}
	status := map[Status]string{Running: "running", Reading: "reading", Stopped: "nobody is at work", Complete: "complete"}[s.Status]
	line := fmt.Sprintf("%s (%s): %s, %s done", name, s.Kind, status, plain.Count(s.Done, "run"))
	if s.Planned > 0 {
		line = fmt.Sprintf("%s (%s): %s, %d of %d runs done, %.0f%% of the computation", name, s.Kind, status, s.Done, s.Planned, math.Floor(100*s.Share))
	}
	if s.Left != nil && s.Status != Complete {
		line += ", about " + inWords(*s.Left) + " left"
		if len(s.Work) == 0 {
			line += " for one process"
		}
	}
	return line
}

// inWords formats seconds.
func inWords(seconds float64) string {
	d := time.Duration(math.Min(seconds, 1e9) * float64(time.Second))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(math.Round(seconds)))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(math.Round(d.Minutes())))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

func optional(x *float64, digits int) string {
	if x == nil {
		return ""
	}
	text := strconv.FormatFloat(*x, 'f', digits, 64)
	if digits == 1 {
		text = strings.TrimSuffix(text, ".0") // a place, whole unless it is a mean
	}
	return text
}
