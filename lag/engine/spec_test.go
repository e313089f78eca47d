package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// specs returns a spec of each kind with all its fields, and one of each strategy
// of the wide pool.
func specs(t *testing.T) map[string]Spec {
	t.Helper()
	task := tinyTask(t)
	common := Spec{
		Backend: "go", Data: "0123", Objective: task.Objective, Model: task.Model, BatchSize: 2, ValidationBatches: 3, ValidationSeed: 4, Seed: 5,
		Optimizer: task.Optimizer, Schedule: train.Schedule{Kind: train.WSD, Peak: 1e-3, WarmUp: 1, Decay: 2, DecayShape: train.DecayLinear, Start: 3, Steps: 10, Length: 20},
		Evaluate: []int{0, 4, 10}, FirstBatch: 6,
	}
	of := func(kind progress.Phase, change func(*Spec)) Spec {
		s := common
		s.Kind = kind
		change(&s)
		return s
	}
	all := map[string]Spec{
		"pretraining":     of(progress.PhasePretrain, func(s *Spec) {}),
		"initial weights": of(progress.PhasePretrain, func(s *Spec) { s.InitialWeights = "4567" }),
		"branch":          of(progress.PhaseBranch, func(s *Spec) { s.Parent, s.ParentStep = "89ab", 7 }),
		"control":         of(progress.PhaseControl, func(s *Spec) {}),
		"first stage":     of(progress.PhaseStack, func(s *Spec) {}),
		// A training of one model has one seed, no parent, and starts with batch 0.
		"training": of(progress.PhaseTrain, func(s *Spec) {
			s.ValidationSeed, s.FirstBatch, s.MicroBatches, s.EvaluateEvery, s.InitialWeights = s.Seed, 0, 2, 4, "4567"
			s.Evaluate = EvaluationsEvery(4, 10)
		}),
	}
	pool, err := growth.NewPoolFor(growth.Depths{2}, growth.Depths{4}, &growth.Options{Wide: true, LearnSteps: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, strategy := range pool {
		name := strategy.Name
		strategy.Name, strategy.Source = "", ""
		all["candidate "+name] = of(progress.PhaseProbe, func(s *Spec) { s.Parent, s.Strategy = "89ab", &strategy })
		all["stage "+name] = of(progress.PhaseStack, func(s *Spec) { s.Parent, s.Strategy = "89ab", &strategy })
	}
	return all
}

// TestSpecJSON checks that a spec of every kind comes back from its JSON as it
// was, with its address, and that addresses differ.
func TestSpecJSON(t *testing.T) {
	names := make(map[string]string) // by address
	for name, spec := range specs(t) {
		text, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		if prefix := `{"kind":"` + string(spec.Kind) + `"`; strings.HasPrefix(string(text), prefix) == (spec.Kind == progress.PhaseTrain) {
			t.Errorf("%s: the JSON of a %s run is %s", name, spec.Kind, text)
		}
		if spec.Kind == progress.PhaseTrain && strings.Contains(string(text), "kind\":\"train") {
			t.Errorf("%s: the JSON has a kind: %s", name, text)
		}
		var back Spec
		if err := json.Unmarshal(text, &back); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(spec, back) {
			t.Errorf("%s comes back as %+v, was %+v", name, back, spec)
		}
		address, err := spec.Address()
		again, err2 := back.Address()
		if err != nil || err2 != nil || address != again {
			t.Errorf("%s has the address %s, and %s when it is back (%v, %v)", name, address, again, err, err2)
		}
		if other, ok := names[address]; ok {
			t.Errorf("%s has the address of %s", name, other)
		}
		names[address] = name
	}
}

// TestSpecDetermines checks that a change of any field changes the address, but
// for those of a training that JSON gives in another way.
func TestSpecDetermines(t *testing.T) {
	all := specs(t)
	for name, fields := range map[string]string{
		"branch":   "Kind Backend Data BatchSize ValidationBatches ValidationSeed Seed FirstBatch InitialWeights Parent ParentStep",
		"training": "Backend Data BatchSize ValidationBatches Seed InitialWeights MicroBatches EvaluateEvery",
	} {
		before, err := all[name].Address()
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Fields(fields) {
			changed := all[name]
			switch v := reflect.ValueOf(&changed).Elem().FieldByName(field); v.Kind() {
			case reflect.String:
				v.SetString(v.String() + "0")
			default:
				v.SetInt(v.Int() + 1)
			}
			if after, err := changed.Address(); err != nil || after == before {
				t.Errorf("%s: another %s leaves the address as it was (%v)", name, field, err)
			}
		}
	}
}

// TestReadSpec checks that the spec of a run can be read from its directory, and
// that the error for one that cannot names the file.
func TestReadSpec(t *testing.T) {
	s := tinySession(t, nil)
	r := tinyRun(t, s, 1)
	if _, err := r.To(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	spec, err := ReadSpec(runDir(t, r))
	if err != nil || !reflect.DeepEqual(spec, r.Spec) {
		t.Errorf("got error %v and %s", err, cmp.Diff(r.Spec, spec))
	}
	if _, err := ReadSpec(s.Dir()); err == nil || !strings.Contains(err.Error(), s.Dir()) {
		t.Errorf("a directory that is no run: got error %v", err)
	}
}
