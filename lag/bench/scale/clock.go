package main

import (
	"container/heap"
	"time"
)

// clock is the time of a simulation. Its processes are goroutines of which one runs
// at a time: the one that wakes first.
type clock struct {
	now      time.Duration
	sleeping sleepers
	count    int // of sleeps so far, for the order of those that wake at one moment
	yield    chan struct{}
}

// process is a process of a simulation.
type process struct {
	clock *clock
	wake  chan struct{}
}

type sleeper struct {
	at    time.Duration
	order int
	wake  chan struct{}
}

func newClock() *clock { return &clock{yield: make(chan struct{})} }

// start starts a process at the present moment.
func (c *clock) start(work func(p *process)) {
	p := &process{c, make(chan struct{})}
	c.push(c.now, p)
	go func() {
		<-p.wake
		work(p)
		c.yield <- struct{}{}
	}()
}

func (c *clock) push(at time.Duration, p *process) {
	c.count++
	heap.Push(&c.sleeping, sleeper{at, c.count, p.wake})
}

// run runs the processes until all have ended.
func (c *clock) run() {
	for len(c.sleeping) > 0 {
		next := heap.Pop(&c.sleeping).(sleeper)
		c.now = next.at
		next.wake <- struct{}{}
		<-c.yield
	}
}

// sleepUntil waits until a moment. One that has passed is now.
func (p *process) sleepUntil(at time.Duration) {
	p.clock.push(max(at, p.clock.now), p)
	p.clock.yield <- struct{}{}
	<-p.wake
}

func (p *process) sleep(d time.Duration) { p.sleepUntil(p.clock.now + d) }

// sleepers is a heap.
type sleepers []sleeper

func (s sleepers) Len() int { return len(s) }

func (s sleepers) Less(i, j int) bool {
	return s[i].at < s[j].at || s[i].at == s[j].at && s[i].order < s[j].order
}

func (s sleepers) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *sleepers) Push(x any)   { *s = append(*s, x.(sleeper)) }

func (s *sleepers) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}
