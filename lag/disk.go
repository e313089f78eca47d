package lag

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/charmbracelet/log"
	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/data/freespace"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/selection"
)

// reserve is what a study writes besides its runs, in bytes: its result, tables,
// figures, and logs of workers. It need not be exact.
const reserve = 16 << 20

// space is what a study or a stacking takes of the disk, in bytes. It is an upper
// bound.
type space struct {
	most   int64 // what its runs take at once, with what is there
	there  int64 // what they take now
	flight int64 // part of most that a process needs only while it trains
}

// add adds a run that leaves a number of states when it ends.
func (s *space) add(f engine.Footprint, states int) {
	s.there += f.There
	if f.Ended {
		s.most += f.There // it is not trained again
	} else {
		s.most += f.Rest + int64(states)*f.State
	}
}

// while adds what a process needs besides while it trains a run.
func (s *space) while(f engine.Footprint, states int) {
	if !f.Ended {
		s.flight = max(s.flight, int64(states)*f.State)
	}
}

// keepAll adds a run that keeps its states.
func (s *space) keepAll(f engine.Footprint) {
	s.add(f, f.Kept)
	s.while(f, f.Most-f.Kept)
}

// keepNone adds a run whose states go when it has ended. With it, others are there
// that go too.
func (s *space) keepNone(f engine.Footprint, others int) {
	s.add(f, 0)
	s.while(f, f.Most+others)
}

// with returns the space that a number of processes need.
func (s space) with(processes int) space {
	s.flight *= int64(max(1, processes))
	s.most += s.flight
	return s
}

// more returns how many bytes are still to be written.
func (s space) more() int64 { return max(s.most-s.there, s.flight) }

// studyRuns are the runs of a study by what becomes of their states.
type studyRuns struct {
	source     engine.Footprint
	candidates [][]engine.Footprint // of each seed
	branches   [][]engine.Footprint // of each seed, those of all candidates
	controls   []engine.Footprint
}

// footprints returns what the study's runs take. looks says whether it looks at what
// is there of them.
func (s *Study) footprints(looks bool) (r studyRuns, err error) {
	list := func(runs ...*engine.Run) (of []engine.Footprint) {
		for _, run := range runs {
			f := s.session.Footprint(run, math.MaxInt)
			if looks {
				err = errors.Join(err, s.session.Look(run, &f))
			}
			of = append(of, f)
		}
		return of
	}
	source, sourceErr := s.source()
	p, probesErr := s.probes()
	c, controlsErr := s.controls()
	if err := errors.Join(sourceErr, probesErr, controlsErr); err != nil {
		return r, err
	}
	r.source, r.controls = list(source)[0], list(c.runs...)
	for _, of := range p.candidates {
		var branches []*engine.Run
		for i := range of.Runs {
			for _, b := range selection.Branches(s.rules...) {
				run, err := of.Branch(i, b)
				if err != nil {
					return r, err
				}
				branches = append(branches, run)
			}
		}
		r.candidates, r.branches = append(r.candidates, list(of.Runs...)), append(r.branches, list(branches...))
	}
	return r, err
}

// space returns what the study takes.
func (r studyRuns) space(keep Keep) (s space) {
	s.keepAll(r.source)
	for i, seed := range r.candidates {
		starts, picks := 0, 2 // LAG's, and the one that ends lowest
		for _, f := range seed {
			if starts = f.Starts; f.Ended && f.There >= f.State {
				picks--
			}
		}
		for _, f := range seed {
			switch {
			case keep.all():
				s.keepAll(f)
			case picks > 0 && !f.Ended:
				picks--
				s.add(f, 1)
				s.while(f, f.Most)
			default:
				s.keepNone(f, 0)
			}
		}
		for _, f := range r.branches[i] {
			if keep.all() {
				s.keepAll(f)
			} else {
				s.keepNone(f, starts)
			}
		}
	}
	for _, f := range r.controls {
		if keep.all() {
			s.keepAll(f)
		} else {
			s.keepNone(f, 0)
		}
	}
	return s
}

// releaseEarlier removes states of runs that had ended before and that nothing needs
// any more, as an earlier call with [KeepAll] has left them. They are room.
func (s *Study) releaseEarlier() error {
	p, err := s.probes()
	if err != nil {
		return err
	}
	c, err := s.controls()
	if err != nil {
		return err
	}
	p.releaseAll()
	c.releaseAll()
	return nil
}

// checkDisk says what the study needs of the disk and what is free there, and returns
// an error if that is too little. processes are those that train at once.
func (s *Study) checkDisk(processes int) error {
	if s.fits {
		return nil
	}
	if s.joins && s.fitsWhole(processes) {
		s.fits = true
		return nil
	}
	if err := s.releaseEarlier(); err != nil {
		return err
	}
	r, err := s.footprints(true)
	if err == nil {
		err = s.options.checkDisk(s.Dir(), "study", s.Config.Keep, func(keep Keep) space { return r.space(keep).with(processes) })
	}
	s.fits = err == nil
	return err
}

// fitsWhole reports whether the study would fit if nothing of it were there yet. Many
// workers that join need not look at what is there of each run then.
func (s *Study) fitsWhole(processes int) bool {
	r, err := s.footprints(false)
	if err != nil {
		return false
	}
	more := r.space(s.Config.Keep).with(processes).more()
	free, err := s.options.free(s.Dir())
	if err != nil || more+reserve > free {
		return false
	}
	log.Info("space on the disk", "needs at most", size(more), "keep", cmp.Or(s.Config.Keep, KeepNeeded), "free", size(free))
	return true
}

// free returns how many bytes can be written to a directory.
func (o Options) free(dir string) (int64, error) {
	if o.freeSpace != nil {
		return o.freeSpace(dir)
	}
	return freespace.Of(dir)
}

// checkDisk returns an error if what a study or a stacking still writes into a
// directory does not fit there. of returns its space with each policy.
func (o Options) checkDisk(dir, what string, keep Keep, of func(Keep) space) error {
	s := of(keep)
	more := s.more()
	if more <= 0 {
		return nil // nothing is trained
	}
	fields := []any{"needs at most", size(s.most), "there already", size(s.there), "keep", cmp.Or(keep, KeepNeeded)}
	if !keep.all() {
		fields = append(fields, "with all", size(of(KeepAll).most))
	}
	free, err := o.free(dir)
	if err != nil {
		log.Info("space on the disk", append(fields, "free", "unknown", "because", err)...)
		return nil
	}
	log.Info("space on the disk", append(fields, "free", size(free))...)
	if more+reserve <= free {
		return nil
	}
	err = fmt.Errorf("the %s does not fit on the disk: in %s it needs at most %s, %s more than is there already, and %s are free", what, dir, size(s.most+reserve), size(more+reserve), size(free))
	if needed := of(KeepNeeded).more(); keep.all() && needed+reserve <= free {
		return advice.Errorf(advice.Keep, "%w; if it keeps only the states that are needed, %s more are enough", err, size(needed+reserve))
	}
	return fmt.Errorf("%w; make room, choose a directory on another disk, or a smaller %s; `lag runs du` shows what takes how much, and `lag runs clean` removes what is not needed", err, what)
}

// size writes a number of bytes for people.
func size(bytes int64) string { return humanize.Bytes(uint64(max(0, bytes))) }
