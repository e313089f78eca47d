package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/train"
)

// simulation is a study that workers carry out in simulated time.
type simulation struct {
	plan
	runs
	clock  *clock
	server *server
	state  map[string]*runState // by address
	random *rand.Rand
	spent  times
	ended  time.Duration // when the last run ended
}

// times are times of all workers together.
type times struct {
	Useful  time.Duration // training that counts
	Lost    time.Duration // training since a checkpoint, before a preemption
	Started time.Duration // from the start of a process to its first step
	Idle    time.Duration // waiting for runs of others
	Files   time.Duration // waiting for the file server
	Away    time.Duration // between a preemption and the next start, not counted as present
}

// present returns the time in which workers held their places.
func (t times) present() time.Duration { return t.Useful + t.Lost + t.Started + t.Idle + t.Files }

// runState is what the directory says of a run.
type runState struct {
	step   time.Duration // how long one of its steps takes
	saved  int           // step of its newest checkpoint
	states []int         // steps of the checkpoints that are there
	curve  []train.Loss  // its losses when it has ended
	ended  bool
	holder *worker // nil if nobody holds it
	since  time.Duration
	died   time.Duration // when its last holder gave the last sign of life, if it was preempted
	dead   bool
}

// errPreempted ends a worker.
var errPreempted = errors.New("the worker was preempted")

// worker is a process that takes part in the study.
type worker struct {
	*simulation
	on     *process
	id     int
	end    time.Duration // when it is preempted
	random *rand.Rand
}

// simulate carries out a study in simulated time.
func simulate(p plan) (*simulation, error) {
	all, err := newRuns(p)
	if err != nil {
		return nil, err
	}
	s := &simulation{plan: p, runs: all, clock: newClock(), server: &server{capacity: p.Capacity, latency: p.Latency, tries: make(map[string]int64)}, state: make(map[string]*runState), random: rand.New(rand.NewPCG(p.Seed, 0))}
	losses := rand.New(rand.NewPCG(p.Seed, 1<<32)) // of their own, so that times stay
	add := func(r *engine.Run) {
		atLag := losses.Float64()
		atEnd := atLag + losses.Float64()
		s.state[r.Address()] = &runState{step: p.Step[s.random.IntN(len(p.Step))], curve: []train.Loss{{Step: p.lag(), Loss: &atLag}, {Step: p.Steps, Loss: &atEnd}}}
	}
	add(all.source)
	for _, c := range all.seeds {
		for _, r := range c.Runs {
			add(r)
		}
	}
	var failed error
	for i := range p.Workers {
		w := &worker{simulation: s, id: i + 1, random: rand.New(rand.NewPCG(p.Seed, uint64(i+1)))}
		s.clock.start(func(p *process) {
			w.on = p
			failed = errors.Join(failed, w.work(part.join))
		})
	}
	s.clock.run()
	if failed == nil && !s.complete() {
		// The job after the workers does what is left.
		last := &worker{simulation: s, id: p.Workers + 1, random: rand.New(rand.NewPCG(p.Seed, uint64(p.Workers+1)))}
		s.clock.start(func(p *process) {
			last.on = p
			failed = last.work(part.finish)
		})
		s.clock.run()
	}
	return s, failed
}

// complete reports whether every run has ended.
func (s *simulation) complete() bool {
	for _, r := range s.state {
		if !r.ended {
			return false
		}
	}
	return true
}

// work works until nothing is left. After each preemption it begins again.
func (w *worker) work(carry func(part, context.Context) error) error {
	for {
		w.end = math.MaxInt64
		if w.Preemptions > 0 {
			w.end = w.clock.now + time.Duration(w.random.ExpFloat64()/w.Preemptions*float64(time.Hour))
		}
		s := w.session()
		s.In(engine.World{Try: w.try, Ended: w.endedRun, Wait: w.wait, Holder: w.holderOf, Outcome: w.outcomeOf, Release: w.release})
		if !w.Alone {
			s.Crowd(w.random.Uint64())
		}
		err := w.spend(&w.spent.Started, w.Start)
		if err == nil {
			w.files(opsJoin, 3)
			err = carry(w.part(s, w.picks), context.Background())
		}
		if !errors.Is(err, errPreempted) {
			return err
		}
		w.spent.Away += w.Requeue
		w.on.sleep(w.Requeue)
	}
}

// spend lets time pass, unless the worker is preempted meanwhile.
func (w *worker) spend(on *time.Duration, d time.Duration) error {
	left := max(0, w.end-w.clock.now)
	if d < left {
		*on += d
		w.on.sleep(d)
		return nil
	}
	*on += left
	w.on.sleep(left)
	return errPreempted
}

// files waits for the file server.
func (w *worker) files(ops, locks int) {
	before := w.clock.now
	w.server.do(w.on, ops, locks)
	w.spent.Files += w.clock.now - before
}

// wait is that of [engine.World].
func (w *worker) wait(_ context.Context, d time.Duration) error { return w.spend(&w.spent.Idle, d) }

// try is that of [engine.World]: what train.Run.TryTo does to the directory of a
// run.
func (w *worker) try(_ context.Context, r *engine.Run, step int) (outcome train.Outcome, ok bool, err error) {
	state := w.state[r.Address()]
	w.files(opsHeld, 1)
	switch {
	case state.holder != nil:
		w.server.tries["held"]++
		return outcome, false, nil
	case state.dead && w.clock.now-state.died < stale:
		w.server.tries["dead"]++
		w.files(opsDead, 0)
		return outcome, false, nil
	}
	state.dead = false
	outcome = train.Outcome{Steps: r.Spec.Schedule.Steps, Curve: state.curve}
	if state.ended {
		w.server.tries["ended"]++
		w.files(opsEnded-opsHeld, 0)
		return outcome, true, nil
	}
	w.server.tries["trained"]++
	return outcome, true, w.train(r, state, step)
}

// endedRun is that of [engine.World].
func (w *worker) endedRun(r *engine.Run) (outcome train.Outcome, ok bool) {
	w.files(opsLook, 0)
	state := w.state[r.Address()]
	if !state.ended {
		return outcome, false
	}
	w.server.tries["ended"]++
	return train.Outcome{Steps: r.Spec.Schedule.Steps, Curve: state.curve}, true
}

// outcomeOf is that of [engine.World].
func (w *worker) outcomeOf(dir string) (outcome train.Outcome, err error) {
	w.server.tries["outcome"]++
	w.files(opsLook, 0)
	state := w.state[filepath.Base(dir)]
	if !state.ended {
		return outcome, os.ErrNotExist
	}
	return train.Outcome{Steps: w.Steps, Curve: state.curve}, nil
}

// picks is that of [engine.Releaser].
func (w *worker) picks() (map[string]bool, error) {
	w.server.tries["picks"]++
	w.files(opsPicks, 0)
	return nil, nil
}

// release is that of [engine.World]: what train.Release does.
func (w *worker) release(dir string, _ bool, _ string, keep func(step int) bool) (removed int64, free bool, err error) {
	state := w.state[filepath.Base(dir)]
	w.server.tries["listed"]++
	w.files(opsList, 0)
	goes := func(step int) bool { return !keep(step) }
	if !slices.ContainsFunc(state.states, goes) {
		return 0, true, nil
	}
	states := slices.Clone(state.states) // as they are now, in its lock: time has passed
	if len(states) == 0 {
		return 0, true, nil
	}
	kept := slices.DeleteFunc(slices.Clone(states), goes)
	ops, last := opsUnlist, states[len(states)-1]
	if !slices.Contains(kept, last) {
		w.server.tries["noted"]++
		ops += opsNote
	}
	state.states, removed = kept, int64(len(states)-len(kept))
	w.server.tries["unlisted"]++
	w.server.tries["removed"] += removed
	w.files(ops+int(removed)*opsRemove, 1)
	return removed, true, nil
}

// train trains a run from its newest checkpoint.
func (w *worker) train(r *engine.Run, state *runState, step int) error {
	state.holder, state.since = w, w.clock.now
	w.files(opsTrain-opsHeld, 0)
	if r != w.source {
		w.files(opsSource, 0)
	}
	beat := state.since + beatEvery
	for state.saved < step {
		steps := min(w.CheckpointEvery, step-state.saved)
		took := time.Duration(0)
		err := w.spend(&took, time.Duration(steps)*state.step)
		for ; beat < w.clock.now; beat += beatEvery {
			w.server.count(beat, opsBeat, 0)
		}
		if err != nil {
			w.spent.Lost += took
			state.holder, state.dead, state.died = nil, true, beat-beatEvery
			return err
		}
		w.spent.Useful += took
		state.saved += steps
		state.states = append(state.states, state.saved)
		state.states = state.states[max(0, len(state.states)-2):] // as package train keeps them
		w.files(opsSave, 0)
	}
	state.ended, state.holder = true, nil
	w.ended = max(w.ended, w.clock.now)
	return nil
}

// holderOf is that of [engine.World]. Workers are on other machines, so a holder
// counts as one that works when its beat changes.
func (w *worker) holderOf(dir string) (h dirlock.Holder, ok bool, err error) {
	w.files(opsHolder, 0)
	state := w.state[filepath.Base(dir)]
	switch {
	case state.holder != nil:
		return dirlock.Holder{Host: "elsewhere", PID: state.holder.id, Beat: int((w.clock.now - state.since) / beatEvery)}, true, nil
	case state.dead:
		return dirlock.Holder{Host: "elsewhere", PID: -1}, true, nil
	}
	return h, false, nil
}
