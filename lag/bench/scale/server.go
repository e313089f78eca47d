package main

import "time"

// operations are what the scheduler and a run ask of the file system: the system
// calls that name a file, lock or sync it, or list a directory. They were counted
// with strace 6 in the processes of a study of package lag; TestOperations counts
// them again. Reads and writes of contents are not among them.
const (
	opsJoin   = 121 // of a worker that begins: the data, the configuration, who works here
	opsHeld   = 3   // a run that another process holds: stat its directory, open and flock its lock file
	opsDead   = 7   // the same where the holder may be dead: its record and its age are read too
	opsEnded  = 13  // a run that has ended: lock it, compare its result, its log and its files, unlock it
	opsLook   = 1   // whether a run has ended: open its result
	opsTrain  = 65  // a run from nothing to its end, without its checkpoints
	opsSource = 12  // reading the state of the source that a candidate grows from
	opsSave   = 11  // a checkpoint
	opsBeat   = 2   // a sign of life in the lock file
	opsHolder = 2   // who holds a run: open and stat its lock file
	opsPicks  = 1   // which runs were picked by hand: there is no directory of them
	opsList   = 3   // the states of a run that may be removed
	opsUnlist = 12  // to remove some: lock the run, read its result, list its states again, unlock it
	opsNote   = 6   // to write why the newest of them is removed
	opsRemove = 2   // a state that is removed: stat it and unlink it
)

// Times of locks, see package dirlock.
const (
	beatEvery = 10 * time.Second
	stale     = time.Minute
)

// server is the server of the shared file system. It does one operation after
// another, as many a second as it can; each also takes its way over the network.
type server struct {
	capacity float64       // operations a second
	latency  time.Duration // of an operation, besides

	free       time.Duration // when it has done all that was asked
	ops, locks int64
	bySecond   []int64
	tries      map[string]int64 // attempts at runs, by what came of them
}

// do has the server do operations, of which some try to lock a file.
func (s *server) do(p *process, ops, locks int) {
	s.count(p.clock.now, ops, locks)
	s.free = max(s.free, p.clock.now) + time.Duration(float64(ops)/s.capacity*float64(time.Second))
	p.sleepUntil(s.free + time.Duration(ops)*s.latency)
}

// count counts operations for which nobody waits.
func (s *server) count(at time.Duration, ops, locks int) {
	s.ops, s.locks = s.ops+int64(ops), s.locks+int64(locks)
	second := int(at / time.Second)
	for len(s.bySecond) <= second {
		s.bySecond = append(s.bySecond, 0)
	}
	s.bySecond[second] += int64(ops)
}

// peak returns the most operations of a second.
func (s *server) peak() (most int64) {
	for _, n := range s.bySecond {
		most = max(most, n)
	}
	return most
}
