package main

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/charmbracelet/log"
)

func TestMain(m *testing.M) {
	log.SetLevel(log.ErrorLevel)
	if os.Getenv(workerDir) != "" {
		os.Exit(realWorker(os.Getenv(workerDir)))
	}
	os.Exit(m.Run())
}

// small is a study of a few candidates on a server that is never busy.
func small(workers int) plan {
	return plan{
		Seeds: 2, Strategies: 6, Steps: 100, SourceSteps: 200, CheckpointEvery: 50, Step: []time.Duration{time.Second},
		Start: 3 * time.Second, Requeue: time.Minute, Capacity: 1e6, Workers: workers, Seed: 1,
	}
}

func carried(t *testing.T, p plan) *simulation {
	t.Helper()
	s, err := simulate(p)
	if err != nil {
		t.Fatal(err)
	}
	if !s.complete() {
		t.Error("runs are left")
	}
	return s
}

// TestOneWorker: one worker that nobody disturbs trains one run after another, asks
// the server for each of them once, and never waits.
func TestOneWorker(t *testing.T) {
	s := carried(t, small(1))
	if want := 1400 * time.Second; s.spent.Useful != want || s.ended < want+s.Start || s.ended > want+s.Start+time.Second {
		t.Errorf("training took %s until %s, want %s", s.spent.Useful, s.ended, want)
	}
	if s.spent.Idle+s.spent.Lost+s.spent.Away != 0 || s.spent.Started != s.Start {
		t.Errorf("%+v", s.spent)
	}
	checkStates(t, s)
	ops, locks := operationsOfOne(s.plan)
	beats := int64(opsBeat * 1400 / 10)
	of := s.server.tries
	releases := opsLook*of["outcome"] + opsPicks*of["picks"] + opsList*of["listed"] + opsUnlist*of["unlisted"] + opsNote*of["noted"] + opsRemove*of["removed"]
	if got, want := s.server.ops, int64(ops)+beats+releases; got != want || s.server.locks != int64(locks)+of["unlisted"] {
		t.Errorf("%d operations and %d locks, want %d and %d", got, s.server.locks, want, int64(locks)+of["unlisted"])
	}
	// A candidate is released once, or trimmed as the lowest so far and then released.
	if n := int64(s.candidates()); of["unlisted"] < n || of["unlisted"] > 2*n || of["outcome"] > 5*n {
		t.Errorf("%d releases with %d outcomes read for %d candidates", of["unlisted"], of["outcome"], n)
	}
}

// checkStates checks that of each seed the final states of the candidates that are
// lowest at the lag and at the end are left, and no others.
func checkStates(t *testing.T, s *simulation) {
	t.Helper()
	for seed, c := range s.seeds {
		want := make(map[int]bool)
		for at := range 2 {
			best := 0
			for i, r := range c.Runs {
				if s.state[r.Address()].curve[at].Value() < s.state[c.Runs[best].Address()].curve[at].Value() {
					best = i
				}
			}
			want[best] = true
		}
		for i, r := range c.Runs {
			states := s.state[r.Address()].states
			if want[i] && !slices.Equal(states, []int{s.Steps}) || !want[i] && len(states) > 0 {
				t.Errorf("%d workers, seed %d, candidate %d has the states %v; picked: %v", s.Workers, seed, i, states, want[i])
			}
		}
	}
}

// operationsOfOne returns what one worker asks of the server in a study from its
// beginning to its end, without signs of life.
func operationsOfOne(p plan) (ops, locks int) {
	run := func(steps int) int {
		return opsLook + opsTrain + opsSave*((steps+p.CheckpointEvery-1)/p.CheckpointEvery)
	}
	return opsJoin + run(p.SourceSteps) + p.candidates()*(run(p.Steps)+opsSource), 3 + 1 + p.candidates()
}

// TestManyWorkers: they train every run once, and nobody trains while the source is
// trained.
func TestManyWorkers(t *testing.T) {
	for _, p := range []plan{small(3), small(40)} {
		for _, p.Alone = range []bool{false, true} {
			s := carried(t, p)
			checkStates(t, s)
			if n := s.server.tries["trained"]; n != 13 || s.spent.Useful != 1400*time.Second {
				t.Errorf("%d workers: %d runs were trained, in %s", p.Workers, n, s.spent.Useful)
			}
			if least := time.Duration(p.Workers-1) * 190 * time.Second; s.spent.Idle < least {
				t.Errorf("%d workers waited %s, less than the %s for the source", p.Workers, s.spent.Idle, least)
			}
			if held := s.server.tries["held"]; held < int64(p.Workers-1) {
				t.Errorf("%d workers: %d attempts at runs of others", p.Workers, held)
			}
		}
	}
}

// TestPreempted: what is lost is at most the steps since a checkpoint, nothing that
// was saved is trained again, and the same seed gives the same.
func TestPreempted(t *testing.T) {
	p := small(4)
	p.Preemptions = 20
	s := carried(t, p)
	losses := s.spent.Away / p.Requeue
	if s.spent.Useful != 1400*time.Second || losses < 3 || s.spent.Lost <= 0 || s.spent.Lost > losses*50*time.Second {
		t.Errorf("%+v after %d preemptions", s.spent, losses)
	}
	if s.server.tries["dead"] == 0 {
		t.Error("nobody waited for a lock of a worker that was preempted")
	}
	if again := carried(t, p); again.ended != s.ended || again.server.ops != s.server.ops || fmt.Sprint(again.spent) != fmt.Sprint(s.spent) {
		t.Errorf("the same again ended at %s, not %s", again.ended, s.ended)
	}
	p.Seed++
	if other := carried(t, p); other.ended == s.ended {
		t.Error("the seed does not matter")
	}
}

// TestServer: a server that can do ten operations a second takes a second for ten,
// and twice that for two workers that ask at once.
func TestServer(t *testing.T) {
	c, s := newClock(), &server{capacity: 10, latency: time.Millisecond}
	var done []time.Duration
	for range 2 {
		c.start(func(p *process) {
			s.do(p, 10, 1)
			done = append(done, c.now)
		})
	}
	c.run()
	if fmt.Sprint(done) != fmt.Sprint([]time.Duration{1010 * time.Millisecond, 2010 * time.Millisecond}) || s.peak() != 20 || s.locks != 2 {
		t.Errorf("done at %v, %d operations in a second, %d locks", done, s.peak(), s.locks)
	}
}

// TestDraw: the picture has what was simulated.
func TestDraw(t *testing.T) {
	all := []outcome{carried(t, small(1)).outcome(), carried(t, small(2)).outcome()}
	if svg, err := draw(all, all, small(2)).SVG(); err != nil || len(svg) < 10000 {
		t.Errorf("%d bytes, %v", len(svg), err)
	}
	steps, start, err := readRecorded("../results.json", "mini")
	if err != nil || len(steps) == 0 || start <= 0 || steps[0] < 50*time.Millisecond {
		t.Errorf("recorded: %v, %s, %v", steps, start, err)
	}
	if _, _, err := readRecorded("../results.json", "none"); err == nil {
		t.Error("a shape that was not recorded")
	}
}
