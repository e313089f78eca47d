package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

// initial is the state that runs start from in place of the model's own
// initialization.
type initial struct {
	dir         string // of the model
	snapshot    train.Snapshot
	fingerprint string
}

// initialFile, in the directory of a run that starts from one, says where the
// initial model was. It is no part of the run's address: a directory may move.
const initialFile = "initial.json"

type initialOrigin struct {
	Dir string `json:"directory"`
}

// SetInitial has runs start from a model directory or that of a run, and returns
// the fingerprint of its weights for [Spec.InitialWeights].
func (s *Session) SetInitial(dir string) (fingerprint string, err error) {
	m, err := trained.Load(dir)
	if err != nil {
		return "", err
	}
	if err := trained.CheckParameters(m.Params, s.task.Model.Parameters()); err != nil {
		return "", fmt.Errorf("the weights of %s are not of the model that is to be trained: %w; give the training the model of that directory", dir, err)
	}
	own, file, err := hf.LoadTokenizer(m.Files)
	if err != nil {
		return "", err
	}
	if own != nil && !extends(s.dataset.Tokenizer, own) {
		return "", advice.Errorf(advice.TokenizerFile, "the model in %s has a vocabulary of its own, and the data was made with another; prepare the data with it: %s", dir, file)
	}
	snap := m.Snapshot
	snap.Step = 0
	if name := s.task.Optimizer.Name(); len(snap.Moments) > 0 && snap.Optimizer != name {
		log.Warn("the moments of another optimizer are left out; the training starts from the weights alone", "of", snap.Optimizer, "now", name, "model", dir)
		snap.Moments, snap.Updates = nil, nil
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	s.initial = &initial{dir, snap, snap.Fingerprint()}
	return s.initial.fingerprint, nil
}

// readInitial sets the initial model of a run in a directory, from where it was
// when the run began.
func (s *Session) readInitial(run string) error {
	var origin initialOrigin
	spec, err := ReadSpec(run)
	if err != nil {
		return err
	}
	path := filepath.Join(run, initialFile)
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &origin)
	}
	if err != nil {
		return fmt.Errorf("%s, which says where the initial model is, cannot be read: %w", path, err)
	}
	fingerprint, err := s.SetInitial(origin.Dir)
	if err == nil && fingerprint != spec.InitialWeights {
		err = fmt.Errorf("the model in %s is no longer the one that the run %s started from", origin.Dir, run)
	}
	return err
}

// extends reports whether a tokenizer has all tokens of another under their ids,
// and beside them at most more, such as sentinels and mode tokens.
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
