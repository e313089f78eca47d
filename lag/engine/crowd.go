package engine

import "time"

// crowd is what a session does differently when many processes share its work. All
// would otherwise try the same runs in the same order, and ask the server of their
// file system for each as often as they can.
type crowd struct {
	first uint64 // decides where it begins among the runs of a request
}

// longestPause is the longest time between two looks at runs that others train, when
// many wait.
const longestPause = 5 * time.Second

// Crowd tells the session that it is one of many that share the work. It then begins
// at another place among the runs of each request than most others, which follows
// from first; takes a run that has ended as it is, without its lock; and waits the
// longer between two looks at runs of others, the longer it has waited.
func (s *Session) Crowd(first uint64) { s.crowd = &crowd{first} }

// place returns the k-th of n runs to try.
func (c *crowd) place(k, n int) int {
	if c == nil {
		return k
	}
	return (k + int(c.first%uint64(n))) % n
}

// pause returns how long to wait before the next look. In a crowd it is a sixth more
// each time, up to a limit, so a process waits at most a sixth longer than it must.
func (w *waiting) pause() time.Duration {
	if w.session.crowd == nil {
		return poll
	}
	if w.next == 0 || w.taken != w.session.taken {
		w.taken, w.next = w.session.taken, poll
	}
	now := w.next
	w.next = min(w.next*7/6, longestPause)
	return now
}
