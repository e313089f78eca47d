package train_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/train"
)

func ExampleAnyOptimizer() {
	text, _ := json.Marshal(train.AnyOptimizer{Optimizer: train.NewAdamW()})
	fmt.Println(string(text))
	var o train.AnyOptimizer
	fmt.Println(json.Unmarshal([]byte(`{"name":"adamw","beta1":0.9,"beta2":0.999,"eps":1e-6,"weight_decay":0}`), &o))
	fmt.Println(json.Unmarshal([]byte(`{"name":"sgd"}`), &o))
	// Output:
	// {"name":"adamw","beta1":0.9,"beta2":0.999,"eps":0.000001,"weight_decay":0.01,"clip_norm":1}
	// optimizer adamw: the field "clip_norm" is missing
	// there is no optimizer "sgd"; they are ["adamw" "adafactor" "lamb"]
}

// TestOptimizerJSON: every optimizer comes back as it was written, and not if a
// setting is missing, null, of another type or unknown.
func TestOptimizerJSON(t *testing.T) {
	for _, name := range train.Optimizers() {
		want, err := train.NewOptimizer(name)
		if err != nil || want.Name() != name || want.Validate() != nil {
			t.Fatalf("%s: %v, %v", name, err, want.Validate())
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got train.AnyOptimizer
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s came back as %+v, %v", text, got, err)
		}
		var settings map[string]any
		if err := json.Unmarshal(text, &settings); err != nil {
			t.Fatal(err)
		}
		broken := func(what string, change func(map[string]any)) {
			s := maps.Clone(settings)
			change(s)
			text, _ := json.Marshal(s)
			o := train.AnyOptimizer{Optimizer: train.NewAdamW()}
			if err := json.Unmarshal(text, &o); err == nil {
				t.Errorf("%s: %s: no error from %s", name, what, text)
			}
			if !reflect.DeepEqual(o.Optimizer, train.NewAdamW()) {
				t.Errorf("%s: %s: the optimizer became %+v", name, what, o)
			}
		}
		for field := range settings {
			broken(field+" missing", func(s map[string]any) { delete(s, field) })
			broken(field+" null", func(s map[string]any) { s[field] = nil })
			broken(field+" of another type", func(s map[string]any) { s[field] = []int{1} })
		}
		broken("unknown setting", func(s map[string]any) { s["momentum"] = 0.9 })
	}
	var none train.AnyOptimizer
	if _, err := json.Marshal(none); err == nil || none.Validate() == nil {
		t.Error("no optimizer: no error")
	}
	if _, err := train.NewOptimizer("adam"); err == nil {
		t.Error("an unknown name: no error")
	}
}

func TestOptimizerValidate(t *testing.T) {
	nan := math.NaN()
	for i, change := range []func(o *train.AdamW){
		func(o *train.AdamW) { o.Beta1 = 1 }, func(o *train.AdamW) { o.Beta1 = -0.1 }, func(o *train.AdamW) { o.Beta2 = nan },
		func(o *train.AdamW) { o.Epsilon = 0 }, func(o *train.AdamW) { o.WeightDecay = -1 }, func(o *train.AdamW) { o.ClipNorm = nan },
	} {
		o := train.NewAdamW()
		change(&o)
		if o.Validate() == nil || train.LAMB(o).Validate() == nil {
			t.Errorf("change %d: adamw: %v, lamb: %v", i, o.Validate(), train.LAMB(o).Validate())
		}
	}
	for i, change := range []func(o *train.Adafactor){
		func(o *train.Adafactor) { o.Epsilon1 = 0 }, func(o *train.Adafactor) { o.Epsilon2 = -1 }, func(o *train.Adafactor) { o.ClipThreshold = 0 },
		func(o *train.Adafactor) { o.DecayRate = 0.8 }, func(o *train.Adafactor) { o.Beta1 = 1 }, func(o *train.Adafactor) { o.WeightDecay = nan },
		func(o *train.Adafactor) { o.ClipNorm = -1 }, func(o *train.Adafactor) { o.WarmUpInit = true }, func(o *train.Adafactor) { o.MinFactored = -1 },
	} {
		o := train.NewAdafactor()
		change(&o)
		if o.Validate() == nil {
			t.Errorf("adafactor: change %d: no error", i)
		}
	}
}

// TestAdafactorMoments: rows and columns of matrices, and of the last two axes
// of more; all of a vector; the first moment only where it is asked for.
func TestAdafactorMoments(t *testing.T) {
	second, row, column := "second", "row", "column"
	for name, c := range map[string]struct {
		optimizer train.Adafactor
		want      map[string]map[string][]int
	}{
		"all": {train.Adafactor{}, map[string]map[string][]int{
			row:    {"matrix": {4}, "embedding": {6}, "cube": {2, 3}, "zero": {3}},
			column: {"matrix": {6}, "embedding": {3}, "cube": {2, 4}, "zero": {4}},
			second: {"bias": {5}},
		}},
		"of at least 4": {train.Adafactor{MinFactored: 4}, map[string]map[string][]int{
			row: {"matrix": {4}}, column: {"matrix": {6}},
			second: {"embedding": {6, 3}, "cube": {2, 3, 4}, "zero": {3, 4}, "bias": {5}},
		}},
		"first": {train.Adafactor{Beta1: 0.9, MinFactored: 5}, map[string]map[string][]int{
			"first": {"matrix": {4, 6}, "embedding": {6, 3}, "cube": {2, 3, 4}, "zero": {3, 4}, "bias": {5}},
			second:  {"matrix": {4, 6}, "embedding": {6, 3}, "cube": {2, 3, 4}, "zero": {3, 4}, "bias": {5}},
		}},
	} {
		o := train.NewAdafactor()
		o.Beta1, o.MinFactored = c.optimizer.Beta1, c.optimizer.MinFactored
		program := newProgram(t, testbackend.Go(t), referenceModel, o)
		got := make(map[string]map[string][]int)
		for moment, tensors := range mustSnapshot(t, program, referenceState(t, program, referenceModel)).Moments {
			got[moment] = make(map[string][]int)
			for parameter, tensor := range tensors {
				got[moment][parameter] = tensor.Shape
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestNotFactored: a matrix too small to be factored is updated as the vector
// of its elements is.
func TestNotFactored(t *testing.T) {
	o := train.NewAdafactor()
	o.MinFactored = 5
	flat := slices.Clone(referenceModel)
	for i := range flat {
		flat[i].Shape = []int{flat[i].Size()}
	}
	var got [2][]float32
	for i, model := range []givenGradients{referenceModel, flat} {
		program := newProgram(t, testbackend.Go(t), model, o)
		state := referenceState(t, program, model)
		for step := range 5 {
			mustStep(t, program, state, train.Step{Batches: []train.Batch{referenceBatch(model, step)}, Rate: 0.01})
		}
		for _, p := range mustSnapshot(t, program, state).Params {
			got[i] = append(got[i], p.Data...)
		}
		slices.Sort(got[i])
	}
	for i := range got[0] {
		if math.Abs(float64(got[0][i]-got[1][i])) > 1e-7 {
			t.Fatalf("matrices end at %v, vectors at %v", got[0], got[1])
		}
	}
}

// TestFreshMoments: a parameter whose moments start again at zero, its count of
// updates too, gets the update of a first step; the others go on.
func TestFreshMoments(t *testing.T) {
	for _, name := range train.Optimizers() {
		t.Run(name, func(t *testing.T) {
			o, err := train.NewOptimizer(name)
			if err != nil {
				t.Fatal(err)
			}
			program := newProgram(t, testbackend.Go(t), referenceModel, o)
			state := referenceState(t, program, referenceModel)
			step := func(state *train.State, at int) growth.Tensors {
				mustStep(t, program, state, train.Step{Batches: []train.Batch{referenceBatch(referenceModel, at)}, Rate: 0.01})
				return mustSnapshot(t, program, state).Params
			}
			for at := range 5 {
				step(state, at)
			}
			snap := mustSnapshot(t, program, state)
			restore := func(s train.Snapshot) *train.State {
				state, err := program.Restore(s)
				if err != nil {
					t.Fatal(err)
				}
				return state
			}
			old := step(restore(snap), 5)
			fresh := step(restore(train.Snapshot{State: growth.State{Params: snap.Params}}), 5)
			for _, of := range snap.Moments {
				if tensor, ok := of["matrix"]; ok {
					clear(tensor.Data)
				}
			}
			snap.Updates["matrix"] = 0
			for name, got := range step(restore(snap), 5) {
				want, other := old[name], fresh[name]
				if name == "matrix" {
					want, other = other, want
				}
				if !slices.Equal(got.Data, want.Data) || slices.Equal(got.Data, other.Data) {
					t.Errorf("%s: got %v, want %v, not %v", name, got.Data, want.Data, other.Data)
				}
			}
		})
	}
}

// TestGrowAdafactor grows a BERT with Adafactor's moments from 2 to 4 layers: its
// rows, columns and vectors move with their layers, and training goes on.
func TestGrowAdafactor(t *testing.T) {
	o := train.NewAdafactor()
	o.Beta1 = 0.9
	source := newProgram(t, testbackend.Go(t), bert.New(2, 8, 2, 19, 6), o)
	state := source.NewState(1)
	train3 := func(program *train.Program, state *train.State) (losses []float64) {
		for range 3 {
			batches, _ := batchOf(0)
			update := mustStep(t, program, state, train.Step{Batches: batches, Rate: 0.05})
			if update.Diverged() || update.UpdateRMS == 0 {
				t.Fatalf("the update is %+v", update)
			}
			losses = append(losses, update.Loss)
		}
		return losses
	}
	train3(source, state)
	snap := mustSnapshot(t, source, state)
	strategy := growth.Custom("stack", growth.Map{0, 1, 0, 1}, growth.Copy)
	strategy.Moments = growth.MomentsZeroDuplicates
	grown, err := strategy.Apply(snap.State, bert.New(2, 8, 2, 19, 6).Stacks()[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, moment := range []string{"first", "row", "column", "second"} {
		inside := 0
		for name, tensor := range grown.Moments[moment] {
			for layer, copied := range []bool{true, true, false, false} {
				suffix, ok := strings.CutPrefix(name, fmt.Sprintf("bert.encoder.layer.%d.", layer))
				if !ok {
					continue
				}
				inside++
				want := snap.Moments[moment][fmt.Sprintf("bert.encoder.layer.%d.%s", layer%2, suffix)].Clone()
				if !copied {
					clear(want.Data)
				}
				if !reflect.DeepEqual(tensor, want) {
					t.Errorf("%s moment of %s: got %v, want %v", moment, name, tensor, want)
				}
			}
		}
		if inside == 0 {
			t.Errorf("no layer has a moment %q", moment)
		}
	}
	updates := make(map[string]int)
	for name := range grown.Params {
		updates[name] = 0
		if !strings.HasPrefix(name, "bert.encoder.layer.2.") && !strings.HasPrefix(name, "bert.encoder.layer.3.") {
			updates[name] = 3
		}
	}
	target := newProgram(t, testbackend.Go(t), bert.New(4, 8, 2, 19, 6), o)
	deep, err := target.Restore(train.Snapshot{State: grown, Updates: updates})
	if err != nil {
		t.Fatal(err)
	}
	if losses := train3(target, deep); !(losses[2] < losses[0]) {
		t.Errorf("the losses after growing are %v", losses)
	}
}
