package train_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/model/ul2"
	"github.com/landscape-aware/growing/lag/train"
)

// sameLoss is how far losses of several devices may be from those of one.
const sameLoss = 1e-5

// eightPairs returns a batch of 8 rows for an encoder-decoder, of which two predict
// nothing in their middle.
func eightPairs(step int) train.Batch {
	b := objective.EncoderDecoderBatch{Size: 8, InputLength: 6, TargetLength: 4}
	for row := range b.Size {
		b.InputLengths = append(b.InputLengths, int32(4+row%3))
		for i := range b.InputLength {
			b.Inputs = append(b.Inputs, int32((i*i+3*row+step)%19))
		}
		for i := range b.TargetLength {
			b.DecoderInputs = append(b.DecoderInputs, int32((2*i+row)%19))
			b.Targets = append(b.Targets, int32((2*i+2+row)%19))
			b.Weights = append(b.Weights, []float32{1, 1, 0}[(i*row)%3])
		}
	}
	return ul2.EncoderDecoderInputs(b)
}

// eightRows returns a batch of 8 rows for BERT; the first half of them predicts more
// than the second.
func eightRows(step int) train.Batch {
	rows := make([]int, 8)
	for i := range rows {
		rows[i] = step + i
	}
	batch := bertBatch(rows...)
	for _, pairs := range []string{bert.AttentionMask, bert.TokenTypes, bert.NextSentence} {
		delete(batch, pairs)
	}
	return batch
}

// TestDevices: several devices give the losses of one, in training with dropout and
// in evaluation.
func TestDevices(t *testing.T) {
	one := testbackend.XLA(t)
	testbackend.Slow(t, one)
	encoderDecoder := ul2.Config{
		Form: ul2.EncoderDecoder, VocabSize: 19, HiddenSize: 8, HeadSize: 4, Heads: 2, IntermediateSize: 12, EncoderLayers: 1, DecoderLayers: 1,
		Activation: ul2.GatedGelu, RelativeBuckets: 8, RelativeMaxDistance: 12, NormEpsilon: 1e-6, InitializerFactor: 1,
		Precision: transformer.Float32, Dropout: 0.1,
	}
	for name, test := range map[string]struct {
		model train.Model
		batch func(step int) train.Batch
	}{"bert": {model, eightRows}, "ul2": {encoderDecoder, eightPairs}} {
		t.Run(name, func(t *testing.T) {
			losses := func(b *backend.Backend) (list []float64) {
				program := newProgram(t, b, test.model, train.NewAdamW())
				state := program.NewState(3)
				for step := range 20 {
					u := mustStep(t, program, state, train.Step{Batches: []train.Batch{test.batch(step)}, Rate: 0.01, Seed: 5})
					list = append(list, u.Loss)
				}
				loss, err := program.Loss(t.Context(), state, []train.Batch{test.batch(100)}, nil)
				if err != nil {
					t.Fatal(err)
				}
				return append(list, loss)
			}
			want := losses(one)
			for _, n := range []int{2, 4} {
				compareLosses(t, n, losses(testbackend.Devices(t, n)), want)
			}
		})
	}
}

func compareLosses(t *testing.T, devices int, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d devices: %d losses, want %d", devices, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= sameLoss) {
			t.Errorf("%d devices: loss %d is %.8f, with one device %.8f", devices, i, got[i], want[i])
		}
	}
}

// TestDevicesParts: micro-batches, terms with other counts, gates, frozen layers and
// several batches in one evaluation, whose rows count unevenly on the devices.
func TestDevicesParts(t *testing.T) {
	testbackend.Slow(t, testbackend.XLA(t))
	bigramRows := func(step int) train.Batch { return bigramBatch(step%6, 1, 0, 4) }
	for name, test := range map[string]struct {
		model   train.Model
		batch   func(step int) train.Batch
		devices int
		most    int // micro-batches
	}{"bigram": {bigram{dropout: 0.2}, bigramRows, 4, 2}, "tower": {tower{2}, eightRows, 2, 1}} {
		t.Run(name, func(t *testing.T) {
			numbers := func(b *backend.Backend) (list []float64) {
				program := newProgram(t, b, test.model, train.NewAdamW())
				state := program.NewState(3)
				for step := range 6 {
					s := train.Step{Batches: []train.Batch{test.batch(step)}, Rate: 0.01, Seed: 5}
					if step%2 == 1 && test.most > 1 {
						s.Batches = append(s.Batches, test.batch(step+10))
					}
					if name == "tower" {
						s.Gates = []float32{1, 0.5}
						s.Frozen = []bool{step > 2, false}
					}
					u := mustStep(t, program, state, s)
					list = append(list, u.Loss, u.GradientNorm, u.ParameterRMS, u.UpdateRMS)
					for _, term := range u.Terms {
						list = append(list, term) // there is one at most
					}
				}
				var gates []float32
				if name == "tower" {
					gates = []float32{1, 0.5}
				}
				mean, each, err := program.Losses(t.Context(), state, []train.Batch{test.batch(100), test.batch(101), test.batch(102)}, gates)
				if err != nil {
					t.Fatal(err)
				}
				copies, err := program.Copies(state)
				if err != nil {
					t.Fatal(err)
				}
				for _, other := range copies[1:] {
					if !reflect.DeepEqual(other, copies[0]) {
						t.Error("the copies of the state on the devices differ")
					}
				}
				if err := state.Finalize(); err != nil {
					t.Error(err)
				}
				return append(append(list, mean), each...)
			}
			compareLosses(t, test.devices, numbers(testbackend.Devices(t, test.devices)), numbers(testbackend.XLA(t)))
		})
	}
}

// TestDevicesRun: a run that is stopped on two devices goes on on one, and the other way
// round.
func TestDevicesRun(t *testing.T) {
	one, two := testbackend.XLA(t), testbackend.Devices(t, 2)
	curve := func(first, second *backend.Backend) (list []float64) {
		study := t.TempDir()
		interrupt(t, mustRun(t, first, tower{1}, train.NewAdamW(), study, 0.01), 20)
		run := mustRun(t, second, tower{1}, train.NewAdamW(), study, 0.01)
		outcome := do(t, run)
		if outcome.Steps != 40 {
			t.Fatalf("the run ended at step %d", outcome.Steps)
		}
		dir, err := run.Dir()
		if err != nil {
			t.Fatal(err)
		}
		metrics, err := train.ReadMetrics(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics {
			if m.Event == train.EventTrain || m.Event == train.EventValidation {
				list = append(list, m.Loss)
			}
		}
		return list
	}
	want := curve(one, one)
	compareLosses(t, 2, curve(two, one), want)
	compareLosses(t, 2, curve(one, two), want)
}

// TestDevicesLearn: coefficients that several devices learn are those of one.
func TestDevicesLearn(t *testing.T) {
	learned := func(b *backend.Backend) []float64 {
		l, err := learnTower(t, b, 5, 0.01).Do(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return l.Losses
	}
	compareLosses(t, 2, learned(testbackend.Devices(t, 2)), learned(testbackend.XLA(t)))
}

// TestDevicesRefused: a batch that the devices cannot share leaves the state as it is.
func TestDevicesRefused(t *testing.T) {
	program := newProgram(t, testbackend.Devices(t, 4), bigram{}, train.NewAdamW())
	state := program.NewState(3)
	before := mustSnapshot(t, program, state)
	const want = "a tensor of a batch has the shape [6], and 4 devices cannot share its first axis evenly; give a batch whose size is a multiple of 4"
	uneven := []train.Batch{bigramBatch(0, 1, 2, 3, 4, 5)}
	for _, batches := range [][]train.Batch{uneven, slices.Repeat(uneven, 2)} {
		if _, err := program.Step(state, train.Step{Batches: batches, Rate: 0.1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("training: error %v", err)
		}
	}
	if _, err := program.Loss(t.Context(), state, uneven, nil); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("evaluation: error %v", err)
	}
	compareSnapshots(t, mustSnapshot(t, program, state), before)
}
