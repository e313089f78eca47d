package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
)

// Run is a training run of a session. It depends on the run from which it is
// grown or from which it branches.
type Run struct {
	Spec
	address     string
	label       progress.Event // template of its progress events
	checkpoints train.Checkpoints
	parent      *Run // nil if it starts from initial weights

	// Last says that nothing is trained after the end of the run, and nothing
	// grows from it.
	Last bool

	*train.Run
}

// shuffledSet is the name of the loss on shuffled context among the losses at
// the end of a run.
const shuffledSet = "shuffled context"

// NewRun returns an untrained run of a spec. parent is the run from which it
// grows or branches, or nil. label is the template of the run's progress
// events.
func (s *Session) NewRun(spec Spec, parent *Run, checkpoints train.Checkpoints, label progress.Event) (*Run, error) {
	if parent != nil {
		spec.Parent = parent.address
	}
	address, err := spec.Address()
	if err != nil {
		return nil, err
	}
	program, err := s.program(spec.Model)
	if err != nil {
		return nil, err
	}
	batches, err := s.batchesOf(spec.Seed)
	if err != nil {
		return nil, err
	}
	if err := s.checkDevices(spec.BatchSize, max(spec.MicroBatches, 1)); err != nil {
		return nil, err
	}
	cost, err := s.task.Cost(spec.Model, max(spec.MicroBatches, 1))
	if err != nil {
		return nil, err
	}
	label.Total, label.Loss, label.Unigram = int64(spec.Schedule.Steps), math.NaN(), s.dataset.UnigramEntropy
	if spec.isDecay() {
		label.From = spec.ParentStep
	}
	r := &Run{Spec: spec, address: address, label: label, checkpoints: checkpoints, parent: parent}
	r.Run = &train.Run{
		Study: s.options.Dir, Config: spec, Env: s.environment.now(), Program: program, PeakFLOPS: s.options.PeakFLOPS * float64(s.backend.Together()),
		Batch: func(step int) ([]train.Batch, error) {
			batch, err := batches.training(int64(spec.FirstBatch + step))
			if err != nil || spec.MicroBatches <= 1 {
				return []train.Batch{batch}, err
			}
			parts, err := batch.Split(spec.MicroBatches)
			return parts, errors.Join(err, batch.Finalize())
		},
		Seed: spec.Seed, Validation: s.fixed().validation, Schedule: spec.Schedule, Evaluate: spec.Evaluate, Checkpoints: checkpoints,
		Tokens: cost.Tokens, FLOPs: cost.FLOPs, HeadFirst: spec.HeadFirst,
		// Early signals of probes are in the log. A training is done for its log and its state.
		LogNeeded: spec.Kind == progress.PhaseProbe || spec.Kind == progress.PhaseTrain, StateNeeded: spec.Kind == progress.PhaseTrain,
		Files:   func() (map[string][]byte, error) { return s.files(r) },
		Initial: func(ctx context.Context) (*train.State, error) { return s.begin(ctx, r) },
		Observe: func(step int, loss float64, validation bool) {
			e := label
			e.Done, e.Loss = int64(step), loss
			if validation {
				e.Loss, e.Point = math.NaN(), &result.Point{Step: step, Loss: result.Number(loss)}
			}
			s.options.Observe(e)
		},
	}
	if shuffled := s.fixed().shuffled; len(shuffled) > 0 && (spec.Kind == progress.PhasePretrain || spec.Kind == progress.PhaseTrain) {
		r.AtEnd = map[string][]train.Batch{shuffledSet: shuffled}
	}
	r.setGates()
	if spec.Early != nil && parent != nil {
		r.ValidationAt = r.earlyValidation(s.fixed().validation)
	}
	return r, nil
}

// setGates sets the gates of the model's layers and which layers are frozen.
// Models without gated layers have open gates, so that they share programs with
// candidates that have gates. A training of one model has no gates.
func (r *Run) setGates() {
	switch {
	case r.Kind == progress.PhaseTrain:
	case r.Strategy != nil:
		r.Gates, r.Frozen = r.Strategy.Gates, r.Strategy.Frozen
	case r.isDecay() && r.parent != nil && r.parent.Strategy != nil:
		strategy, at := r.parent.Strategy, r.ParentStep
		r.Gates = func(step int) []float32 { return strategy.Gates(at + step) }
		r.Frozen = func(step int) []bool { return strategy.Frozen(at + step) }
	default:
		r.Gates = func(int) []float32 { return openGates(r.Model) }
	}
}

// openGates returns the gates of a model without gated layers.
func openGates(m model.Model) []float32 {
	var gates []float32
	for _, depth := range m.Depths() {
		for range depth {
			gates = append(gates, 1)
		}
	}
	return gates
}

// Address returns the name of the run's directory.
func (r *Run) Address() string { return r.address }

// ShuffledLoss returns the loss at the end of a run on the validation set with
// its context in random order. ok is false if it was not measured.
func ShuffledLoss(o train.Outcome) (loss result.Number, ok bool) {
	shuffled, ok := o.AtEnd[shuffledSet]
	return result.Number(shuffled.Value()), ok
}

// OpenRun opens a session for the run in a directory, from its config.json and
// those of the runs that it grows from, which must be in the same parent
// directory. It finds the prepared data set by its fingerprint, and verifies it
// until the context is canceled. Dir of the options must be empty.
func OpenRun(ctx context.Context, dir string, o Options) (*Session, *Run, error) {
	spec, err := ReadSpec(dir)
	if err != nil {
		return nil, nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, nil, err
	}
	o.Dir, o.Backend = filepath.Dir(dir), spec.Backend
	s, err := open(spec.task(), o, func(s *Session) (*data.Dataset, error) {
		return OpenDataset(ctx, spec.Data, s.options.DataDir, s.observePreparation)
	})
	if err != nil {
		return nil, nil, err
	}
	r, err := s.read(filepath.Base(dir), 0)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, r, nil
}

// read returns the run with a name, including the runs that it grows from.
func (s *Session) read(name string, generation int) (*Run, error) {
	const maxGenerations = 1000 // far more than the stages of any training
	dir := filepath.Join(s.options.Dir, name)
	spec, err := ReadSpec(dir)
	if err != nil {
		return nil, err
	}
	address, err := spec.Address()
	if err == nil && (address != name || generation > maxGenerations) {
		err = fmt.Errorf("the configuration in %s belongs to the run %s; it was changed or written by another version, so train the run again", dir, address)
	}
	if err != nil {
		return nil, err
	}
	if spec.InitialWeights != "" {
		if err := s.readInitial(dir); err != nil {
			return nil, err
		}
	}
	var parent *Run
	if spec.Parent != "" {
		if parent, err = s.read(spec.Parent, generation+1); err != nil {
			return nil, fmt.Errorf("the run that %s grows from: %w", dir, err)
		}
	}
	checkpoints := train.Checkpoints{Every: max(1, spec.Schedule.Steps/10)}
	return s.NewRun(spec, parent, checkpoints, progress.Event{Phase: spec.Kind, Run: name, Seed: spec.Seed, Count: 1})
}

// OpenDataset opens the prepared data set with a fingerprint in a directory of prepared
// data, and verifies it until the context is canceled. observe may be nil.
func OpenDataset(ctx context.Context, fingerprint, dir string, observe data.Progress) (*data.Dataset, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read the prepared data in %s: %w", dir, err)
	}
	var damage error
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !data.IsDataset(path) {
			continue
		}
		// A damaged description, or one of another version, is probably not the one.
		if found, err := data.FingerprintOf(path); err != nil || found != fingerprint {
			continue
		}
		d, err := data.OpenContext(ctx, path, observe)
		if err == nil || ctx.Err() != nil {
			return d, err
		}
		damage = cmp.Or(damage, err) // there may be another with the same contents
	}
	if damage != nil {
		return nil, damage
	}
	return nil, fmt.Errorf("no data set in %s has the fingerprint %s; prepare the data on which the run was trained", dir, fingerprint)
}

// begin returns the initial state of a run.
func (s *Session) begin(ctx context.Context, r *Run) (_ *train.State, err error) {
	switch {
	case r.InitialWeights != "":
		return r.Program.Restore(s.initial.snapshot)
	case r.parent == nil:
		return r.Program.NewState(r.Spec.Seed), nil
	}
	var snap train.Snapshot
	if r.isDecay() {
		snap, err = s.stateAt(ctx, r.parent, r.ParentStep)
	} else if snap, err = r.parent.Final(ctx); err != nil {
		err = fmt.Errorf("source model: %w", err)
	} else {
		snap, err = s.grow(ctx, r, snap)
	}
	if err != nil {
		return nil, err
	}
	snap.Step = 0 // of the new run
	return r.Program.Restore(snap)
}

// files returns the files that a run has besides its own: the tokenizer, with
// which the run's model can be exported, inspected and trained further, and where
// its initial model is.
func (s *Session) files(r *Run) (map[string][]byte, error) {
	if s.tokenizer == nil {
		s.tokenizer = s.dataset.Tokenizer.Files()
	}
	if r.InitialWeights == "" {
		return s.tokenizer, nil
	}
	origin, err := json.MarshalIndent(initialOrigin{s.initial.dir}, "", "  ")
	files := maps.Clone(s.tokenizer)
	files[initialFile] = append(origin, '\n')
	return files, err
}

// stateAt returns the state of a candidate at a step that it has passed. If
// that state was not kept, because no rule needed a branch there at the time,
// or is damaged, the candidate is trained to that step again as a separate run.
func (s *Session) stateAt(ctx context.Context, candidate *Run, step int) (train.Snapshot, error) {
	snap, err := candidate.At(step)
	if _, damaged := errors.AsType[*safetensors.DamagedError](err); damaged {
		log.Warn("the state of a candidate from which a branch starts is damaged; the candidate is trained to that step again", "run", candidate.label.Run, "step", step, "error", err)
	} else if !errors.Is(err, os.ErrNotExist) {
		return snap, err
	}
	again, err := s.again(candidate, step)
	if err != nil {
		return snap, err
	}
	return again.ToState(ctx, step)
}

// again returns a run that trains a candidate to a step again, see stateAt.
func (s *Session) again(candidate *Run, step int) (*Run, error) {
	spec, label := candidate.Spec, candidate.label
	spec.Kind, spec.ParentStep = progress.PhaseBranch, step
	label.Phase = progress.PhaseBranch
	return s.NewRun(spec, candidate.parent, train.Checkpoints{Every: candidate.checkpoints.Every, KeepAt: []int{step}}, label)
}
