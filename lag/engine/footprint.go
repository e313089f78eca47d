package engine

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/landscape-aware/growing/lag/train"
)

// Footprint is what a run takes of the disk. Sizes are in bytes, and upper bounds.
type Footprint struct {
	State  int64 // size of one state
	Kept   int   // states at its end, of which none was removed
	Most   int   // states at once while it is trained
	Starts int   // of those kept, states at which decay branches start
	Rest   int64 // size of everything else: its log, its outcome, the tokenizer
	There  int64 // size of what is there now
	Ended  bool  // it has an outcome, so that it takes nothing more
}

// Footprint returns what a run takes of the disk that is trained to a step, or to its
// end if that is earlier. It does not look at what is there, see [Session.Look].
func (s *Session) Footprint(r *Run, until int) Footprint {
	until = min(until, r.Spec.Schedule.Steps)
	f := Footprint{State: block(train.StateSize(r.Model.Parameters(), r.Optimizer.Optimizer)), Rest: s.restOf(r, until)}
	f.Kept, f.Most = r.checkpoints.States(until)
	for _, step := range r.checkpoints.KeepAt {
		if step < until {
			f.Starts++
		}
	}
	return f
}

// Look looks at what is there of a run, which takes some twenty operations of the
// file system if it has ended.
func (s *Session) Look(r *Run, f *Footprint) error {
	dir := filepath.Join(s.options.Dir, r.address)
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = d.Info()
		}
		if errors.Is(err, fs.ErrNotExist) { // it is not there yet, or another process has removed it
			return nil
		}
		if err == nil {
			f.There += block(info.Size())
		}
		return err
	})
	f.Ended = train.IsComplete(dir)
	return err
}

// restOf returns the size of a run's files besides its states.
func (s *Session) restOf(r *Run, until int) int64 {
	const small = 6 // files and directories of less than a block
	rest := block(train.LogSize(until, len(r.Spec.Evaluate), s.task.ValidationBatches)) + small*blockSize
	if s.tokenizer == nil && s.dataset.Tokenizer != nil {
		s.tokenizer = s.dataset.Tokenizer.Files()
	}
	for _, text := range s.tokenizer {
		rest += block(int64(len(text)))
	}
	return rest
}

// blockSize is the size in which most file systems give space to files.
const blockSize = 4096

// block returns what a file of so many bytes takes of the disk.
func block(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }
