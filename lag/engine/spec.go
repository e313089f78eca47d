package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// Spec is everything that determines a run. Its JSON is the run's config.json,
// and its hash is the name of the run's directory.
type Spec struct {
	Kind              progress.Phase      `json:"kind"`
	Backend           string              `json:"backend"` // engines differ in the last bits
	Data              string              `json:"data"`    // fingerprint
	Objective         objective.Objective `json:"objective"`
	Model             model.Model         `json:"model"`
	BatchSize         int                 `json:"batch_size"`
	ValidationBatches int                 `json:"validation_batches"`
	ValidationSeed    int64               `json:"validation_seed"`
	Seed              int64               `json:"seed"` // of batches, masks, dropout and new weights
	Optimizer         train.AnyOptimizer  `json:"optimizer"`
	Schedule          train.Schedule      `json:"schedule"`
	Evaluate          []int               `json:"evaluate"`
	FirstBatch        int                 `json:"first_batch"`                // batch of step 0
	InitialWeights    string              `json:"initial_weights,omitempty"`  // fingerprint
	Parent            string              `json:"parent,omitempty"`           // address of the run from which this one grows or branches
	ParentStep        int                 `json:"parent_step,omitempty"`      // step at which a branch starts
	Strategy          *growth.Strategy    `json:"strategy,omitempty"`         // without its name
	Early             *Early              `json:"early,omitempty"`            // evaluations on a part of the validation set
	HeadFirst         int                 `json:"head_first_steps,omitempty"` // steps at the beginning that train the head alone

	MicroBatches  int `json:"-"` // only for a training of one model: number of parts of each batch
	EvaluateEvery int `json:"-"` // only for a training of one model: steps between validation losses
}

// trainingSpec is the JSON of a training of one model.
type trainingSpec struct {
	Name string `json:"name"` // always empty, like other fields that do not affect the results
	Task
	MicroBatches    int            `json:"micro_batches"`
	Schedule        train.Schedule `json:"schedule"`
	EvaluateEvery   int            `json:"evaluate_every"`
	CheckpointEvery int            `json:"checkpoint_every"`
	Backend         string         `json:"backend"`
	Fingerprint     string         `json:"fingerprint"` // of the data set
	InitialWeights  string         `json:"initial_weights,omitempty"`
	HeadFirst       int            `json:"head_first_steps,omitempty"`
}

// MarshalJSON writes the kind first. A training of one model has another form,
// without a kind.
func (s Spec) MarshalJSON() ([]byte, error) {
	if s.Kind != progress.PhaseTrain {
		type fields Spec
		return json.Marshal(fields(s))
	}
	return json.Marshal(trainingSpec{
		Task: Task{
			Data: data.Config{}, Objective: s.Objective, Model: s.Model, BatchSize: s.BatchSize, ValidationBatches: s.ValidationBatches,
			Seed: s.Seed, Optimizer: s.Optimizer,
		},
		MicroBatches: s.MicroBatches, Schedule: s.Schedule, EvaluateEvery: s.EvaluateEvery, Backend: s.Backend, Fingerprint: s.Data,
		InitialWeights: s.InitialWeights, HeadFirst: s.HeadFirst,
	})
}

// UnmarshalJSON reads the output of MarshalJSON.
func (s *Spec) UnmarshalJSON(text []byte) error {
	var head struct {
		Kind progress.Phase `json:"kind"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	if head.Kind != "" {
		type fields Spec
		return json.Unmarshal(text, (*fields)(s))
	}
	var t trainingSpec
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	*s = Spec{
		Kind: progress.PhaseTrain, Backend: t.Backend, Data: t.Fingerprint, Objective: t.Objective, Model: t.Model, BatchSize: t.BatchSize,
		ValidationBatches: t.ValidationBatches, ValidationSeed: t.Seed, Seed: t.Seed, Optimizer: t.Optimizer, Schedule: t.Schedule,
		Evaluate: EvaluationsEvery(t.EvaluateEvery, t.Schedule.Steps), InitialWeights: t.InitialWeights, MicroBatches: t.MicroBatches,
		EvaluateEvery: t.EvaluateEvery, HeadFirst: t.HeadFirst,
	}
	return nil
}

// Address returns the name of the run's directory.
func (s Spec) Address() (string, error) { return train.Hash(s) }

// ReadSpec reads the config.json of a run's directory.
func ReadSpec(dir string) (Spec, error) {
	var s Spec
	path := filepath.Join(dir, train.ConfigFile)
	text, err := os.ReadFile(path)
	if err == nil {
		err = strictjson.Unmarshal(text, &s)
	}
	if err != nil {
		return s, fmt.Errorf("cannot read %s: %w; name the directory of a run", path, strictjson.Explain(err))
	}
	return s, nil
}

// isDecay reports whether the run is a decay branch, which starts from a state
// in the middle of its parent.
func (s Spec) isDecay() bool { return s.Kind == progress.PhaseBranch && s.Strategy == nil }

// task returns the task of the run's session.
func (s Spec) task() Task {
	return Task{
		Objective: s.Objective, Model: s.Model, BatchSize: s.BatchSize, ValidationBatches: s.ValidationBatches, Seed: s.ValidationSeed,
		Optimizer: s.Optimizer,
	}
}

// EvaluationsEvery returns the steps at which a training is evaluated:
// multiples of every, and the end.
func EvaluationsEvery(every, end int) []int {
	var steps []int
	for s := 0; every > 0 && s < end; s += every {
		steps = append(steps, s)
	}
	return append(steps, end)
}
