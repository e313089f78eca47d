package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
)

// reader is what a follower has given so far.
type reader struct {
	*Follower
	steps    []int
	restarts int
}

func (r *reader) read(t *testing.T) error {
	t.Helper()
	return r.Read(t.Context(), func() { r.steps, r.restarts = nil, r.restarts+1 }, func(m Metric) { r.steps = append(r.steps, m.Step) })
}

// logText returns a log of n training steps of the run in a directory.
func logText(t *testing.T, run string, n int) (text []byte, ends []int) {
	t.Helper()
	sum := firstSum(addressOf(run))
	for i := range n {
		var err error
		if text, sum, err = appendLine(text, Metric{Step: i, Event: EventTrain, Loss: float64(10 - i), Clock: Clock{Seconds: 1}}, sum); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(text))
	}
	return text, ends
}

// TestFollower follows a log that grows, loses its end, is damaged and is written
// anew.
func TestFollower(t *testing.T) {
	run := filepath.Join(t.TempDir(), "0123456789abcdef")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	text, ends := logText(t, run, 8)
	write := func(text []byte) { // as the trainer begins a log
		t.Helper()
		path := metricsPath(run)
		if err := errors.Join(os.WriteFile(path+".new", text, 0o666), os.Rename(path+".new", path)); err != nil {
			t.Fatal(err)
		}
	}
	grow := func(text []byte) {
		t.Helper()
		file, err := os.OpenFile(metricsPath(run), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.Write(text)
		if err := errors.Join(err, file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	r := &reader{Follower: NewFollower(run)}
	check := func(what string, lines, restarts int, damaged bool) {
		t.Helper()
		if err := r.read(t); sealed.IsDamaged(err) != damaged || !damaged && err != nil {
			t.Errorf("%s: error %v", what, err)
		}
		for i, step := range r.steps {
			if step != i {
				t.Errorf("%s: line %d is of step %d", what, i, step)
			}
		}
		if len(r.steps) != lines || r.restarts != restarts {
			t.Errorf("%s: %d lines after %d restarts, want %d after %d", what, len(r.steps), r.restarts, lines, restarts)
		}
	}
	if err := r.read(t); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a log: %v", err)
	}
	write(text[:ends[1]])
	check("two lines", 2, 1, false)
	check("nothing new", 2, 1, false)
	grow(text[ends[1] : ends[2]+5])
	check("a line and a part", 3, 1, false)
	grow(text[ends[2]+5 : ends[4]])
	check("the rest of it", 5, 1, false)

	bad := append([]byte(nil), text[ends[4]:ends[6]]...)
	bad[len(bad)/4] ^= 1
	grow(bad)
	check("a damaged line", 5, 1, true)
	check("a damaged line again", 5, 1, true)
	if err := os.WriteFile(metricsPath(run), text[:ends[6]], 0o666); err != nil { // in place: what was not yet there
		t.Fatal(err)
	}
	check("the line is whole", 7, 1, false)

	write(text[:ends[2]])
	check("written anew, shorter", 3, 2, false)
	write(text)
	check("written anew, longer", 8, 3, false)

	other, _ := logText(t, run, 9)
	other[0] = ' ' // a log whose first line is damaged
	write(other)
	check("damaged from the first line", 0, 4, true)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	write(text)
	if err := r.Read(ctx, func() {}, func(Metric) {}); err == nil || err.Error() != "enough" {
		t.Errorf("after a cancellation: %v", err)
	}
}

// TestFollowerInPlace: a log that another one took the place of, in the same file,
// is read again.
func TestFollowerInPlace(t *testing.T) {
	run := filepath.Join(t.TempDir(), "0123456789abcdef")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	text, ends := logText(t, run, 3)
	r := &reader{Follower: NewFollower(run)}
	if err := errors.Join(os.WriteFile(metricsPath(run), text[:ends[1]], 0o666), r.read(t)); err != nil {
		t.Fatal(err)
	}
	sum := firstSum(addressOf(run))
	var other []byte
	for i := range 6 {
		var err error
		if other, sum, err = appendLine(other, Metric{Step: i, Event: EventTrain, Loss: 3}, sum); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.WriteFile(metricsPath(run), other, 0o666), r.read(t)); err != nil {
		t.Fatal(err)
	}
	if len(r.steps) != 6 || r.restarts != 2 {
		t.Errorf("%d lines after %d restarts, want the 6 of the new log", len(r.steps), r.restarts)
	}
}

// TestFollowerRenamed follows the log of a run whose directory has another name.
func TestFollowerRenamed(t *testing.T) {
	run := filepath.Join(t.TempDir(), "copy")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	config := []byte(`{"seed":1}`)
	text, _ := logText(t, hashOf(config, FormatVersion), 3)
	r := &reader{Follower: NewFollower(run)}
	if err := errors.Join(os.WriteFile(filepath.Join(run, ConfigFile), config, 0o666), os.WriteFile(metricsPath(run), text, 0o666), r.read(t)); err != nil {
		t.Fatal(err)
	}
	if len(r.steps) != 3 {
		t.Errorf("%d lines, want 3", len(r.steps))
	}
}
