package lag

import (
	"context"
	"time"

	"github.com/landscape-aware/growing/lag/backend"
)

func init() {
	lookEvery, askEvery = 10*time.Millisecond, 20*time.Millisecond // engines of tests answer at once
}

// MeasureFor sets how long each process measures, as on a machine on which nothing
// else computes, and returns a function that undoes this.
func MeasureFor(d time.Duration) (undo func()) {
	before, other := measuredFor, load
	measuredFor, load = d, func() float64 { return 0 }
	return func() { measuredFor, load = before, other }
}

// WithBackend returns options that wrap each backend after opening it.
func (o Options) WithBackend(wrap func(*backend.Backend) *backend.Backend) Options {
	o.openBackend = func(name string) (*backend.Backend, error) {
		b, err := backend.Open(name)
		if err != nil {
			return nil, err
		}
		return wrap(b), nil
	}
	return o
}

// WithFreeSpace returns options for which so many bytes are free on every disk.
func (o Options) WithFreeSpace(bytes int64) Options {
	return o.WithDisk(func(string) (int64, error) { return bytes, nil })
}

// WithDisk returns options with a function that returns how many bytes are free.
func (o Options) WithDisk(free func(dir string) (int64, error)) Options {
	o.freeSpace = free
	return o
}

// Space returns the bytes that a study takes at most with a policy and a number of
// processes. What it has trained already counts as there.
func (s *Study) Space(ctx context.Context, keep Keep, processes int) (most, more int64, err error) {
	if err := s.begin(ctx); err != nil {
		return 0, 0, err
	}
	r, err := s.footprints(true)
	of := r.space(keep).with(processes)
	return of.most, of.more(), err
}
