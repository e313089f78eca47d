package engine

import (
	"time"

	"github.com/landscape-aware/growing/lag/selection"
)

// crowd is what a session does differently when many processes share its work. All
// would otherwise try the same runs in the same order, and ask the server of their
// file system for each as often as they can.
type crowd struct {
	first uint64          // decides where it begins among the runs of a request
	mine  map[string]bool // addresses of runs that this process has trained
}

// longestPause is the longest time between two looks at runs that others train, when
// many wait.
const longestPause = 5 * time.Second

// Crowd tells the session that it is one of many that share the work. It then begins
// at another place among the runs of each request than most others, which follows
// from first; takes a run that has ended as it is, without its lock; and waits the
// longer between two looks at runs of others, the longer it has waited; and removes
// only states of runs that it has trained, see [Releaser].
func (s *Session) Crowd(first uint64) {
	s.crowd = &crowd{first: first, mine: make(map[string]bool)}
}

// IsCrowd reports whether the session is one of many that share the work.
func (s *Session) IsCrowd() bool { return s.crowd != nil }

// Place returns the k-th of n jobs to begin that are alike: in a crowd, others begin
// at other places.
func (s *Session) Place(k, n int) int { return s.crowd.place(k, n) }

// isMine reports whether it is for this process to remove states of a candidate:
// in a crowd, if it has trained it or one of its decay branches.
func (s *Session) isMine(c *Candidates, i int) bool {
	if s.crowd == nil || s.crowd.mine[c.Runs[i].address] {
		return true
	}
	for _, b := range selection.Branches(c.growing.Rules...) {
		if run, err := c.Branch(i, b); err == nil && s.crowd.mine[run.address] {
			return true
		}
	}
	return false
}

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
