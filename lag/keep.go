package lag

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
)

// Keep says which states of runs that have ended a study or a stacking keeps on
// disk. A state is a model with its optimizer's moments. It does not affect the
// results, and may be another one each time.
type Keep string

const (
	// KeepNeeded removes a state as soon as nothing needs it; it is the default. In
	// a study, the source keeps its states, and of each seed LAG's pick, the
	// candidate that ends lowest, and those that [Study.Select] picked keep their
	// final ones. A candidate whose decay branches have not ended keeps those at
	// which they start. A study that had its result before it was asked for again
	// removes none, and what was kept beside the result of another configuration, such
	// as one with fewer seeds, stays.
	KeepNeeded Keep = "needed"
	// KeepAll keeps the newest two states of each run, and those at which decay
	// branches start.
	KeepAll Keep = "all"
)

// Keeps returns the values of [Keep].
func Keeps() []Keep { return []Keep{KeepNeeded, KeepAll} }

// validate returns an error if there is no such value. Configurations of earlier
// versions have none.
func (k Keep) validate() error {
	switch k {
	case "", KeepNeeded, KeepAll:
		return nil
	}
	var names []string
	for _, keep := range Keeps() {
		names = append(names, string(keep))
	}
	return advice.Errorf(advice.Keep, "there is no way %q to keep states%s; they are %s", string(k), closest.Hint(string(k), names), strings.Join(names, " and "))
}

// all reports whether all states are kept.
func (k Keep) all() bool { return k == KeepAll }

// whyReleased is written beside the runs whose states are removed.
const whyReleased = "The study or stacking keeps only the states that are needed, and nothing needs this one any more."

// releaser returns what removes the states of runs that nothing needs any more, or
// nil if all are kept. Where the study had its result before it began, somebody has
// asked for it again, and nothing is removed of those runs that have ended.
func (s *Study) releaser(runs ...*engine.Run) *engine.Releaser {
	if s.Config.Keep.all() {
		return nil
	}
	if fileHash(s.Dir(), result.StudyResult) == [sha256.Size]byte{} {
		runs = nil
	}
	r := s.session.NewReleaser(whyReleased, runs...)
	r.Needed, r.Since = s.selected, lastResult(s.Dir(), result.StudyResult)
	return r
}

// lastResult returns when the newest result in a directory was written, of any
// configuration, or the zero time if there is none. What was kept until then belongs
// to that result, also if the directory has another configuration now, such as one
// with more seeds.
func lastResult(dir, name string) (last time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return last // and nothing is in it
	}
	for _, e := range entries {
		renamed := strings.HasPrefix(e.Name(), name+".") && filepath.Ext(e.Name()) != atomicfile.Ext
		if e.Name() != name && !renamed {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// selected returns the addresses of the runs that [Study.Select] picked.
func (s *Study) selected() (map[string]bool, error) {
	dir := filepath.Join(s.Dir(), result.SelectedDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	addresses := make(map[string]bool)
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		var one result.Selected
		if err := sealed.Read(filepath.Join(dir, e.Name()), &one); err != nil {
			return nil, err
		}
		addresses[one.Run] = true
	}
	return addresses, nil
}

// lagSteps returns the steps after which LAG picks: those of the first rule of its
// kind, which is the one that results name.
func (s *Study) lagSteps() int {
	for _, rule := range s.rules {
		if lag, ok := rule.(selection.LAG); ok {
			return lag.Lag
		}
	}
	return s.Config.Growth.Lag
}

// release removes the states that nothing needs any more when candidate j of the i-th
// seed or one of its decay branches has ended.
func (p *probes) release(i, j int) {
	if p.releaser != nil {
		p.releaser.Candidate(p.candidates[i], j, p.study.lagSteps())
	}
}

// releaseAll removes what another process had locked before. One of many workers
// does so for what it has trained; the rest, such as that of a worker that was
// killed, goes when the result is made.
func (p *probes) releaseAll() {
	if p.releaser == nil {
		return
	}
	release := p.releaser.Candidates
	if p.study.session.IsCrowd() {
		release = p.releaser.Mine
	}
	for _, c := range p.candidates {
		release(c, p.study.lagSteps())
	}
}

// releaseAll removes what another process had locked before.
func (c *controls) releaseAll() {
	if c.releaser == nil {
		return
	}
	for _, run := range c.runs {
		c.releaser.Run(run)
	}
}
