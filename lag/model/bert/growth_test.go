package bert_test

import (
	"math"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/train"
)

// TestPreservation checks the growth package's statements about duplicates.
// Duplicates with gate 0 leave the loss unchanged. Duplicates with zero output
// projections do so only in a pre-norm stack, because in a post-norm stack
// their layer norms still act.
func TestPreservation(t *testing.T) {
	testbackend.Each(t, func(t *testing.T, b *backend.Backend) {
		testbackend.Slow(t, b)
		for _, preNorm := range []bool{false, true} {
			config := referenceConfig(bert.Learned)
			config.PreNorm = preNorm
			state := hfWeights(config.Parameters())
			source := loss(t, newProgram(t, b, config), state, open(refLayers))
			snap, err := state.Snapshot(config.Parameters(), train.NewAdamW())
			if err != nil {
				t.Fatal(err)
			}
			deep := newProgram(t, b, config.WithLayers(2*refLayers))
			for _, test := range preservation(t, preNorm) {
				grown, err := snap.Grow(config.Stacks(), []growth.Strategy{test.strategy}, nil)
				if err != nil {
					t.Fatal(err)
				}
				restored, err := deep.Restore(grown)
				if err != nil {
					t.Fatal(err)
				}
				change := math.Abs(loss(t, deep, restored, test.strategy.Gates(0))-source) / source
				if test.preserves && change > 1e-6 {
					t.Errorf("pre-norm %t, %s: the relative change of the loss is %g, want at most 1e-6", preNorm, test.strategy.Name, change)
				}
				if !test.preserves && change < 1e-4 {
					t.Errorf("pre-norm %t, %s: the relative change of the loss is only %g, want more than 1e-4", preNorm, test.strategy.Name, change)
				}
			}
		}
	})
}

type preservationTest struct {
	strategy  growth.Strategy
	preserves bool
}

// preservation returns strategies and whether they should leave the loss
// unchanged: with gates at 0 always, with output projections at 0 only in a
// pre-norm stack.
func preservation(t *testing.T, preNorm bool) []preservationTest {
	t.Helper()
	const from, to = refLayers, 2 * refLayers
	made := func(s growth.Strategy, err error) growth.Strategy {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	stack := made(growth.GStack(from, to))
	tests := []preservationTest{
		{stack, false},
		{stack.WithInit(growth.Init{Kind: growth.Gated, GateSteps: 10}), true},
		{made(growth.MSG(from, to, 10)), true},
		{stack.WithInit(growth.Init{Kind: growth.Zero}), preNorm},
		{made(growth.LEMON(from, to)), preNorm},
		{made(growth.StagedAlternate(from, to, growth.Zero)), preNorm},
		{stack.WithInit(growth.Init{Kind: growth.Scaled, Factor: 0.5}), false},
	}
	for _, s := range identityBlocks(t, from, to) {
		tests = append(tests, preservationTest{s, preNorm})
	}
	return tests
}

func identityBlocks(t *testing.T, from, to int) growth.Pool {
	t.Helper()
	pool, err := growth.IdentityBlockGroups(from, to)
	if err != nil || len(pool) == 0 {
		t.Fatalf("%d identity blocks: %v", len(pool), err)
	}
	return pool
}

type programKey struct {
	backend *backend.Backend
	config  bert.Config
}

// programs are compiled once for all tests. Tests do not run in parallel.
var programs = make(map[programKey]*train.Program)

// newProgram returns the program of a configuration, the same one each time.
func newProgram(t *testing.T, b *backend.Backend, config bert.Config) *train.Program {
	t.Helper()
	key := programKey{b, config}
	if programs[key] == nil {
		program, err := train.NewProgram(b, config, train.NewAdamW())
		if err != nil {
			t.Fatal(err)
		}
		programs[key] = program
	}
	return programs[key]
}

func loss(t *testing.T, program *train.Program, state *train.State, gates []float32) float64 {
	t.Helper()
	value, err := program.Loss(t.Context(), state, []train.Batch{bert.Inputs(referenceBatch(0)), bert.Inputs(referenceBatch(1))}, gates)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestParametersMatchStack checks that every parameter with the stack's prefix
// belongs to a layer, and that a grown configuration declares the parameters
// that growth makes.
func TestParametersMatchStack(t *testing.T) {
	config := referenceConfig(bert.Relative)
	state := train.NewState(config.Parameters(), train.NewAdamW(), 7)
	snap, err := state.Snapshot(config.Parameters(), train.NewAdamW())
	if err != nil {
		t.Fatal(err)
	}
	deep := config.WithLayers(5)
	initial := make(map[string][]float32)
	for _, p := range deep.Parameters() {
		initial[p.Name] = p.Initialize(8)
	}
	strategy := growth.Custom("mixed", growth.Map{1, growth.New, 0, 1, 0}, growth.Zero)
	grown, err := snap.Grow(config.Stacks(), []growth.Strategy{strategy}, func(name string, _ []int) []float32 { return initial[name] })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := grown.Restore(deep.Parameters(), train.NewAdamW()); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	valid := bert.New(2, 64, 4, 1000, 128)
	if err := valid.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, break_ := range map[string]func(*bert.Config){
		"heads do not divide": func(c *bert.Config) { c.Heads = 5 },
		"no layers":           func(c *bert.Config) { c.Layers = 0 },
		"200,000,000 layers":  func(c *bert.Config) { c.Layers = 200_000_000 },
		"a size beyond all":   func(c *bert.Config) { c.VocabSize = 1 << 40 },
		"uncountable":         func(c *bert.Config) { c.Layers, c.HiddenSize, c.IntermediateSize = 10_000, 1<<24, 1<<24 },
		"negative vocabulary": func(c *bert.Config) { c.VocabSize = -1 },
		"unknown positions":   func(c *bert.Config) { c.Positions = "rotary" },
		"epsilon":             func(c *bert.Config) { c.LayerNormEpsilon = 0 },
		"initializer NaN":     func(c *bert.Config) { c.InitializerRange = math.NaN() },
	} {
		config := valid
		break_(&config)
		if config.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestParameterCount counts BERT-Base by hand, from Devlin et al. 2019: 12
// layers, H = 768, 30,522 tokens and 512 positions. It has no pooler, and the
// masked language model's head has tied output embeddings.
func TestParameterCount(t *testing.T) {
	const H, F, V, L = 768, 3072, 30522, 512
	layer := 4*(H*H+H) + (H*F + F) + (F*H + H) + 2*2*H
	want := (V+L+2)*H + 2*H + 12*layer + (H*H + H) + 2*H + V
	if got := bert.New(12, H, 12, V, L).ParameterCount(); got != want {
		t.Errorf("BERT-Base has %d parameters, want %d", got, want)
	}
}
