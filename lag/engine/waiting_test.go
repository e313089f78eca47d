package engine

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/log"
	"github.com/gofrs/flock"

	"github.com/landscape-aware/growing/data/dirlock"
)

// TestShareLeaves checks that Share trains what it can, and does not wait for the
// last runs that a process of this machine trains.
func TestShareLeaves(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	a, b := tinyRun(t, s, 1), tinyRun(t, s, 2)
	a.Last, b.Last = true, true
	defer occupied(t, a)()
	ctx, cancel := context.WithTimeout(t.Context(), doLimit)
	defer cancel()
	left, err := s.Share(ctx, j.job("job", []*Run{a, b}))
	if err != nil || len(left) != 1 || left[0].Run != "run 1" || left[0].Holder.PID != os.Getpid() || len(j) != 1 || j[0] != "run 2" {
		t.Errorf("left %v, %v; it did %v", left, err, j)
	}
	if text := left[0].String(); !strings.HasPrefix(text, "run 1, held by process ") || !strings.Contains(text, " since ") {
		t.Errorf("it says %q", text)
	}
}

// TestShareWaits checks that Share waits for a run after which there is more to do,
// and calls once what is to be done meanwhile.
func TestShareWaits(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	a, b := tinyRun(t, s, 1), tinyRun(t, s, 2)
	b.Last = true
	release, called := occupied(t, a), 0
	s.WhenWaiting(func(context.Context) { called++; release() })
	ctx, cancel := context.WithTimeout(t.Context(), doLimit)
	defer cancel()
	left, err := s.Share(ctx, j.job("job", []*Run{a}, []*Run{b}))
	if err != nil || len(left) != 0 || called != 1 || len(j) != 3 {
		t.Errorf("left %v, %v; called %d times; it did %v", left, err, called, j)
	}
}

// TestShareElsewhere checks that a process elsewhere must give a sign of life before
// Share leaves its run to it.
func TestShareElsewhere(t *testing.T) {
	var j journal
	s := tinySession(t, j.observe)
	r := tinyRun(t, s, 1)
	r.Last = true
	dir := runDir(t, r)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, dirlock.Name)
	lock := flock.New(path)
	if ok, err := lock.TryLock(); err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer lock.Close()
	beat := func(n int) {
		text, err := json.Marshal(map[string]any{"host": "node7", "place": "elsewhere", "pid": 7, "nonce": "n", "beat": n, "job": "12_3"})
		if err = errors.Join(err, os.WriteFile(path, text, 0o666)); err != nil {
			t.Error(err)
		}
	}
	beats := 1
	beat(beats)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * poll):
				beats++
				beat(beats)
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), doLimit)
	defer cancel()
	left, err := s.Share(ctx, j.job("job", []*Run{r}))
	if err != nil || len(left) != 1 || left[0].String() != "run 1, held by job 12_3 on node7" {
		t.Errorf("left %v, %v", left, err)
	}
	close(stop)
	<-stopped
	if beats < 2 {
		t.Error("it left before the sign of life")
	}
}

// TestSayAgain checks that a process that waits says so once for each holder.
func TestSayAgain(t *testing.T) {
	s := tinySession(t, nil)
	r := tinyRun(t, s, 1)
	holder := dirlock.Holder{Host: "node1", PID: 7}
	world := s.World()
	world.Holder = func(string) (dirlock.Holder, bool, error) { return holder, true, nil }
	s.In(world)
	var said strings.Builder
	before := log.Default()
	log.SetDefault(log.New(&said))
	pause := lookAgain
	lookAgain = 0
	t.Cleanup(func() { log.SetDefault(before); lookAgain = pause })
	w := waiting{session: s}
	for _, host := range []string{"node1", "node1", "node2", "node2"} {
		holder.Host, holder.Beat = host, holder.Beat+1
		w.say([]*Run{r})
	}
	if n := strings.Count(said.String(), "waiting for them"); n != 2 || !strings.Contains(said.String(), "node2") {
		t.Errorf("said %d times: %s", n, &said)
	}
	lookAgain = pause
	holder.Host = "node3"
	w.say([]*Run{r})
	if strings.Contains(said.String(), "node3") {
		t.Error("the holder is read at each look")
	}
}
