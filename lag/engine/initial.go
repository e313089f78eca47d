package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

// initial is a state from which runs start instead of the model's own
// initialization.
type initial struct {
	dir         string // of the model
	snapshot    train.Snapshot
	fingerprint string
}

// initialFile is a file in the directory of a run that starts from an initial
// model. It contains the directory of that model. It is not part of the run's
// address, because a directory may move.
const initialFile = "initial.json"

type initialOrigin struct {
	Dir string `json:"directory"`
}

// SetInitial makes runs start from the model in dir, which is a model directory
// or the directory of a run. It returns the fingerprint of its weights for
// [Spec.InitialWeights].
func (s *Session) SetInitial(dir string) (fingerprint string, err error) {
	return s.setInitial(dir, s.task.Model)
}

// setInitial is SetInitial for runs with the given model. That of the session is
// another one where a run was opened that grows from them.
func (s *Session) setInitial(dir string, starts model.Model) (fingerprint string, err error) {
	m, err := trained.Load(dir)
	if err != nil {
		return "", err
	}
	if err := trained.CheckParameters(m.Params, starts.Parameters()); err != nil {
		return "", fmt.Errorf("the weights in %s do not fit the model to train: %w; use the model of that directory", dir, err)
	}
	own, file, err := hf.LoadTokenizer(m.Files)
	if err != nil {
		log.Warn("the tokenizer of the initial model cannot be read, so nothing compares it with that of the data", "model", dir, "error", err)
	}
	if own != nil && !extends(s.dataset.Tokenizer, own) {
		return "", advice.Errorf(advice.TokenizerFile, "the model in %s has another vocabulary than the data%s; prepare the data with the tokenizer %s", dir, difference(s.dataset.Tokenizer, own), file)
	}
	snap := m.Snapshot
	snap.Step = 0
	if name := s.task.Optimizer.Name(); len(snap.Moments) > 0 && snap.Optimizer != name {
		log.Warn("the moments belong to another optimizer and are dropped; training starts from the weights only", "of", snap.Optimizer, "now", name, "model", dir)
		snap.Moments, snap.Updates = nil, nil
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	s.initial = &initial{dir, snap, snap.Fingerprint()}
	return s.initial.fingerprint, nil
}

// readInitial sets the initial model of the run in a directory, from where it
// was when the run started.
func (s *Session) readInitial(run string) error {
	var origin initialOrigin
	spec, err := ReadSpec(run)
	if err != nil {
		return err
	}
	path := filepath.Join(run, initialFile)
	text, err := os.ReadFile(path)
	if err == nil {
		err = strictjson.Unmarshal(text, &origin)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s, which names the directory of the initial model: %w; start the same training again, which writes the file again and goes on", path, err)
	}
	fingerprint, err := s.setInitial(origin.Dir, spec.Model)
	if err == nil && fingerprint != spec.InitialWeights {
		err = fmt.Errorf("the model in %s has changed since the run %s started from it", origin.Dir, run)
	}
	return err
}

// extends reports whether t has all tokens of other with the same ids. It may
// have more, such as sentinels and mode tokens.
func extends(t, other *tokenizer.Tokenizer) bool {
	if t.Fingerprint() == other.Fingerprint() {
		return true
	}
	if t.Kind() != other.Kind() || t.VocabSize() < other.VocabSize() {
		return false
	}
	for id := range int32(other.VocabSize()) {
		if t.Token(id) != other.Token(id) {
			return false
		}
	}
	return true
}

// difference names the first token of other that has another id in t.
func difference(t, other *tokenizer.Tokenizer) string {
	for id := range int32(other.VocabSize()) {
		if token := other.Token(id); t.Token(id) != token {
			return fmt.Sprintf(": row %d of its table was trained for %q, and the data would use it for %q", id, token, t.Token(id))
		}
	}
	return ""
}
