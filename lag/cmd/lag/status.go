package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/charmbracelet/log"
	"golang.org/x/term"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/lag/cluster"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/watch"
)

func statusCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	again := flags.Bool("watch", false, "show it again and again, until nothing is at work; Ctrl-C ends it and leaves the workers alone")
	return func(ctx context.Context, arguments []string) error {
		dir, err := oneDir("status", arguments)
		if err != nil {
			return err
		}
		if *again {
			return followWith(ctx, dir, term.IsTerminal(int(os.Stdout.Fd())))
		}
		s, err := look(ctx, dir)
		if err != nil {
			return err
		}
		return s.print(os.Stdout)
	}
}

func cancelCommand(*flag.FlagSet) func(context.Context, []string) error {
	return func(ctx context.Context, arguments []string) error {
		dir, err := oneDir("cancel", arguments)
		if err != nil {
			return err
		}
		cancelled, err := cluster.Cancel(ctx, dir)
		if err != nil {
			return err
		}
		if len(cancelled) == 0 {
			fmt.Println("No job is alive; nothing was cancelled.")
			return nil
		}
		fmt.Printf("Cancelled %s. What was trained stays; the command that submitted them goes on.\n", plain.Count(len(cancelled), "job"))
		return nil
	}
}

// oneDir returns the directory that a command was given.
func oneDir(command string, arguments []string) (string, error) {
	if len(arguments) != 1 {
		return "", usageError{fmt.Errorf("lag %s takes the directory of one study or stacking, such as runs/quick; it was given %s", command, plain.Count(len(arguments), "argument"))}
	}
	if err := checkDir(arguments[0], "a study or a stacking"); err != nil {
		return "", err
	}
	if _, err := os.Stat(arguments[0]); err != nil {
		return "", fmt.Errorf("there is no directory %s; submit the study first", arguments[0])
	}
	return arguments[0], nil
}

// state is what is known of a directory: from its files, and from the engine.
type state struct {
	watch.State
	jobs   []cluster.Job
	silent error // why the engine does not say how the jobs are
}

// look reads a directory and asks its engine.
func look(ctx context.Context, dir string) (s state, err error) {
	s.jobs, s.silent = cluster.Look(ctx, dir)
	if len(s.jobs) == 0 && s.silent == nil && checkWatchable(dir, false) != nil {
		return s, fmt.Errorf("%s contains no study or stacking, and nothing was submitted for it; submit it first", dir)
	}
	s.State, err = watch.Look(ctx, dir)
	if s.alive() > 0 { // they wait, or have not begun to train
		s.Warnings = slices.DeleteFunc(s.Warnings, func(w string) bool { return w == watch.Abandoned })
	}
	return s, err
}

// alive returns the number of jobs that work or will work.
func (s state) alive() (n int) {
	for _, j := range s.jobs {
		if j.State.Alive() {
			n++
		}
	}
	return n
}

// print prints the state: how far it is, the jobs with what they train, what is
// left, and what failed.
func (s state) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, s.headline())
	if s.Planned > 0 && s.Status != watch.Complete {
		fmt.Fprintln(&b, s.missing())
	}
	if s.silent != nil {
		fmt.Fprintf(&b, "How the jobs are is not known: %s.\n", strings.TrimRight(preview.Visible(s.silent.Error()), ".?"))
	} else if len(s.jobs) == 0 {
		fmt.Fprintln(&b, "No jobs were submitted.")
	} else {
		fmt.Fprintln(&b, s.summary())
	}
	work := slices.Clone(s.Work)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\njob\tstate\tnode\tsince\trun\tstep\tsteps/s\tleft")
	rows, long := 0, make(map[string]int)
	for _, j := range s.jobs {
		if !j.State.Alive() {
			continue
		}
		rows++
		since, words := "", strings.ToLower(j.Words)
		if !j.Began.IsZero() {
			since = clock(j.Began, time.Now())
		}
		switch {
		case len(j.Reason) > longestReason:
			words += " (see below)"
			long[j.Reason]++
		case j.Reason != "":
			words += " (" + j.Reason + ")"
		}
		i := slices.IndexFunc(work, func(one watch.Work) bool { return isOf(one, j) })
		id := j.ID
		if !j.Works {
			id += ", analysis"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t", id, preview.Visible(words), preview.Visible(j.Node), since)
		if i < 0 {
			fmt.Fprintln(table, "\t\t\t")
			continue
		}
		workOf(table, work[i])
		work = slices.Delete(work, i, i+1)
	}
	for _, one := range work { // not of a job that was submitted here, or not known to be
		rows++
		who := preview.Visible(one.Job) // the engine does not answer, or has forgotten it
		if who == "" {
			who = fmt.Sprintf("process %d", one.PID)
		}
		fmt.Fprintf(table, "%s\trunning\t%s\t\t", who, preview.Visible(one.Host))
		workOf(table, one)
	}
	if rows > 0 {
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(long)) {
		fmt.Fprintf(&b, "%s: %s\n", plain.Count(long[reason], "job"), preview.Visible(reason))
	}
	s.failed(&b)
	for _, warning := range s.Warnings {
		fmt.Fprintf(&b, "Warning: %s\n", preview.Visible(warning))
	}
	if s.Verdict != "" {
		fmt.Fprintf(&b, "\n%s\n", s.Verdict)
	}
	if next := s.next(); next != "" {
		fmt.Fprintf(&b, "\n%s\n", preview.Visible(next))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// next says what can be done now.
func (s state) next() string {
	switch {
	case s.Status == watch.Complete:
		if _, err := os.Stat(filepath.Join(s.Dir, result.Report)); err == nil {
			return fmt.Sprintf("The page is %s.", filepath.Join(s.Dir, result.Report))
		}
		return fmt.Sprintf("`lag report %s` makes a page of it.", plain.Quoted(s.Dir))
	case s.alive() > 0 || s.silent != nil || s.Status == watch.Running && len(s.Work) > 0:
		return ""
	}
	if again := cluster.Again(s.Dir); again != "" {
		return "What is missing is submitted by the same command: " + again
	}
	if s.Planned > 0 && s.Done >= s.Planned {
		return "Everything is trained; the command that began it, without -join, makes the result."
	}
	return ""
}

// clock returns a time of day, or the date if it is not today's.
func clock(t, now time.Time) string {
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		return t.Format("2006-01-02 15:04")
	}
	return t.Format("15:04:05")
}

// longestReason is the length of reasons that the table has room for.
const longestReason = 60

// headline says in a line how far the directory is.
func (s state) headline() string {
	if s.Status == watch.Waiting && len(s.jobs) > 0 {
		return fmt.Sprintf("%s: nothing is here yet, or the jobs write to a volume that is not mounted here", preview.Visible(s.Dir))
	}
	return watch.Headline(s.State)
}

// isOf reports whether a run is at work in a job.
func isOf(one watch.Work, j cluster.Job) bool {
	return one.Job != "" && one.Job == j.ID
}

// workOf prints what is trained.
func workOf(w io.Writer, one watch.Work) {
	speed, left := "", ""
	if one.Speed > 0 {
		speed = strconv.FormatFloat(one.Speed, 'f', 2, 64)
	}
	if one.Left != nil {
		left = (time.Duration(*one.Left) * time.Second).String()
	}
	fmt.Fprintf(w, "%s %s, seed %d\t%d of %d\t%s\t%s\n", preview.Visible(one.Phase), preview.Visible(one.Label), one.Seed, one.Step, one.Of, speed, left)
}

// missing says what is done and what is left.
func (s state) missing() string {
	begun, bad := 0, 0
	for _, r := range s.Runs {
		switch {
		case !r.Counts:
		case r.Status == "partial":
			begun++
		case r.Status == string(runs.Broken):
			bad++
		}
	}
	none := max(0, s.Planned-s.Done-len(s.Work)-begun-bad)
	text := fmt.Sprintf("Runs: %d done, %d at work, %d begun and left, %d not begun", s.Done, len(s.Work), begun, none)
	if bad > 0 {
		text += fmt.Sprintf(", %d damaged", bad)
	}
	return text + "."
}

// summary counts the jobs.
func (s state) summary() string {
	var parts []string
	for _, state := range []cluster.State{cluster.Running, cluster.Pending, cluster.Done, cluster.Failed, cluster.Cancelled, cluster.Unknown} {
		n := 0
		for _, j := range s.jobs {
			if j.Works && j.State == state {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"} // nothing was left for them
	}
	text := "Workers: " + strings.Join(parts, ", ")
	for _, j := range slices.Backward(s.jobs) { // those before the newest are replaced by it
		if j.Last && !j.Works {
			return fmt.Sprintf("%s; after them job %s: %s.", text, j.ID, j.State)
		}
	}
	return text + "."
}

// failed names the jobs that failed, with their logs and the last lines of these.
func (s state) failed(w io.Writer) {
	jobs := slices.Clone(s.jobs)
	if s.Status == watch.Complete { // others have done the work of the workers
		jobs = slices.DeleteFunc(jobs, func(j cluster.Job) bool { return !j.Last })
	}
	list, more := cluster.Failures(s.Dir, jobs)
	for _, f := range list {
		fmt.Fprintf(w, "Failed: %s\n", f.Text)
		if f.Line != "" {
			fmt.Fprintf(w, "  %s\n", f.Line)
		}
	}
	if more > 0 {
		fmt.Fprintf(w, "%s failed too.\n", plain.Count(more, "more job"))
	}
}

// follow prints how far a directory is when that changes, until it is complete.
func follow(ctx context.Context, dir string) error { return followWith(ctx, dir, false) }

const (
	lookEvery  = 5 * time.Second
	tellEvery  = time.Minute // at most, where only the time left changes
	clearWhole = "\x1b[H\x1b[2J"
)

// followWith is [follow]. On a whole screen it shows the whole state each time,
// else a line. What cannot be read at first is an error; later it is asked again.
func followWith(ctx context.Context, dir string, screen bool) error {
	before, line, trouble := "", "", ""
	var told time.Time
	for first := true; ; first = false {
		s, err := look(ctx, dir)
		switch {
		case ctx.Err() != nil:
			return left(ctx, dir)
		case err != nil && first:
			return err
		case err == nil && s.silent != nil && !screen:
			err = s.silent
			fallthrough
		case err != nil: // a controller that restarts, a file system that hangs
			if trouble != err.Error() {
				trouble = err.Error()
				log.Warn("the state is not known now; asked again", "error", err)
			}
		case screen:
			fmt.Print(clearWhole)
			if err := s.print(os.Stdout); err != nil {
				return err
			}
		default:
			now := s.headline()
			if len(s.jobs) > 0 {
				now += ". " + s.summary()
			}
			counts := fmt.Sprint(s.Status, s.Done, s.Planned, s.summary()) // the time left changes at each look
			if counts != before || now != line && time.Since(told) >= tellEvery {
				before, line, told = counts, now, time.Now()
				fmt.Println(time.Now().Format("15:04:05 ") + now)
			}
		}
		if err == nil && s.silent == nil && s.alive() == 0 && s.Status != watch.Running && s.Status != watch.Reading {
			return s.end(dir, screen)
		}
		select {
		case <-ctx.Done():
			return left(ctx, dir)
		case <-time.After(lookEvery):
		}
	}
}

// left is the error of following that was interrupted.
func left(ctx context.Context, dir string) error {
	fmt.Fprintf(os.Stderr, "The workers go on; `lag status %s` shows how far they are.\n", plain.Quoted(dir))
	return context.Cause(ctx)
}

// end says how it ended when nothing is at work any more.
func (s state) end(dir string, shown bool) error {
	if s.Status == watch.Complete {
		if s.Verdict != "" && !shown {
			fmt.Println(s.Verdict)
		}
		return nil
	}
	if s.Status == watch.Waiting && cluster.Finished(s.jobs) { // in a directory that this machine does not see
		fmt.Println("The jobs ended well; the result is on their volume.")
		return nil
	}
	if !shown {
		s.failed(os.Stderr)
	}
	return fmt.Errorf("no job is alive, and %s is not complete; `lag status %s` says more, and the command that submitted them submits what is missing", dir, plain.Quoted(dir))
}
