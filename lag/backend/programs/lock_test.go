package programs

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// holder is an environment variable with a store's directory. If it is set, this
// test is a process that locks a program of it and waits.
const holder = "LAG_TEST_HOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holder); dir != "" {
		s, err := Open(dir, Limit)
		if err == nil {
			_, err = s.Lock(key(1), func() {})
		}
		if err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Stdout.WriteString("locked\n")
		select {}
	}
	os.Exit(m.Run())
}

// times sets the times of locks for a test.
func times(t *testing.T, newBeat, newStalled, newPatience time.Duration) {
	b, s, p := beat, stalled, patience
	beat, stalled, patience = newBeat, newStalled, newPatience
	t.Cleanup(func() { beat, stalled, patience = b, s, p })
}

func lock(t *testing.T, s *Store, waiting func()) func() {
	t.Helper()
	unlock, err := s.Lock(key(1), waiting)
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}

// TestLock: one holds the lock at a time, and all get it.
func TestLock(t *testing.T) {
	s := open(t, Limit)
	var holders, waited atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			unlock, err := s.Lock(key(1), func() { waited.Add(1) })
			if err != nil {
				t.Error(err)
				return
			}
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d hold the lock", n)
			}
			time.Sleep(5 * time.Millisecond)
			holders.Add(-1)
			unlock()
		})
	}
	group.Wait()
	if waited.Load() == 0 {
		t.Error("nobody waited")
	}
	other, err := s.Lock(key(2), func() { t.Error("it waits for another program") })
	if err != nil {
		t.Fatal(err)
	}
	other()
	if entries, err := os.ReadDir(s.dir); err != nil || len(entries) != 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
}

// TestKilled: the lock of a killed process is free.
func TestKilled(t *testing.T) {
	s := open(t, Limit)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), holder+"="+s.dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	unlock := lock(t, s, func() {
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = c.Wait()
	})
	if c.ProcessState == nil {
		t.Error("the lock was got while another process held it")
	}
	unlock()
}

// TestStalled: nobody waits for a holder that gives no sign of life, or holds the
// lock too long, but for one that works.
func TestStalled(t *testing.T) {
	s := open(t, Limit)
	times(t, time.Hour, 50*time.Millisecond, time.Minute)
	unlock := lock(t, s, func() { t.Error("it waits") })
	if _, err := s.Lock(key(1), func() {}); !errors.Is(err, ErrStalled) {
		t.Errorf("without signs of life: %v", err)
	}
	unlock()

	times(t, 5*time.Millisecond, time.Minute, 100*time.Millisecond)
	unlock = lock(t, s, func() {})
	if _, err := s.Lock(key(1), func() {}); !errors.Is(err, ErrStalled) {
		t.Errorf("held too long: %v", err)
	}
	unlock()

	times(t, 5*time.Millisecond, 200*time.Millisecond, time.Minute)
	unlock = lock(t, s, func() {})
	go func() {
		time.Sleep(600 * time.Millisecond)
		unlock()
	}()
	lock(t, s, func() {})()
}

// TestNoLock: where a lock file cannot be made, there is an error at once.
func TestNoLock(t *testing.T) {
	s := open(t, Limit)
	if err := os.Mkdir(s.path(key(1))+lockExt, 0o700); err != nil {
		t.Fatal(err)
	}
	file := flock.New(s.path(key(1)) + lockExt)
	defer file.Close()
	if ok, err := file.TryLock(); ok || err == nil {
		t.Skip("this system locks directories")
	}
	if _, err := s.Lock(key(1), func() { t.Error("it waits") }); err == nil || errors.Is(err, ErrStalled) {
		t.Errorf("got %v", err)
	}
}
