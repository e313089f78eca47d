package dirlock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Stale is how long an owner elsewhere may give no sign of life before it counts
// as dead.
const Stale = stale

// Holder is the process that holds the lock of a directory, as its lock file says.
type Holder struct {
	Host  string
	PID   int
	Job   string    // of the cluster's scheduler, see [job.Name]; empty if it is none
	Since time.Time // when it locked the directory, by its own clock; zero if an earlier version did

	Known bool      // it works for certain: it is a process of this machine that exists
	Beat  int       // signs of life so far; where it is not known, a larger one tells that it works
	At    time.Time // of the last sign, by the clock of the file system
}

// HolderOf returns who holds the lock of a directory. It returns ok = false if
// nobody does, or a process of this machine that has ended, and where no owners are
// recorded. It only reads, so unlike [Try] it cannot say for certain whether an
// owner elsewhere works.
func HolderOf(dir string) (h Holder, ok bool, err error) {
	path := filepath.Join(dir, Name)
	found, err := readOwner(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, false, nil
	}
	if err != nil {
		return h, false, err
	}
	alive, known := isAlive(found)
	if known && !alive {
		return h, false, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return h, false, err
	}
	if !found.Since.IsZero() {
		found.Since = found.Since.Local() // so that two holders can be compared with ==
	}
	return Holder{Host: found.Host, PID: found.PID, Job: found.Job, Since: found.Since, Known: known, Beat: found.Beat, At: info.ModTime()}, true, nil
}

// Telling returns a function for [Wait] that calls tell once, when it has waited for
// a time. The holder is zero if it is not known.
func Telling(dir string, after time.Duration, tell func(Holder)) (waiting func()) {
	begun, told := time.Now(), false
	return func() {
		if told || time.Since(begun) < after {
			return
		}
		told = true
		h, _, _ := HolderOf(dir) // if it cannot be read, it is not known
		tell(h)
	}
}

// String describes the holder: "job 12_3 on node7 since 10:12", or "process 4711 on
// node7 since 10:12". It adds when the last sign of life was, if that is long ago.
func (h Holder) String() string { return h.at(time.Now()) }

func (h Holder) at(now time.Time) string {
	if h == (Holder{}) {
		return "another process"
	}
	text := fmt.Sprintf("process %d", h.PID)
	if h.Job != "" {
		text = "job " + h.Job
	}
	if h.Host != "" && h.Host != h.Job {
		text += " on " + h.Host
	}
	if !h.Since.IsZero() {
		text += " since " + clock(h.Since, now)
	}
	if !h.Known && now.Sub(h.At) > stale {
		text += fmt.Sprintf(", without a sign of life since %s; if it no longer runs, remove the file %s there", clock(h.At, now), Name)
	}
	return text
}

// clock returns a time of day, with the date if it is not today.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		return t.Format("2006-01-02 15:04")
	}
	return t.Format("15:04")
}
