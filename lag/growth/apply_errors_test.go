package growth

import (
	"math/rand/v2"
	"testing"
)

func TestApplyErrors(t *testing.T) {
	const query = "bert.encoder.layer.1.attention.query.weight"
	type call struct {
		s     Strategy
		src   State
		stack Stack
		init  Initializer
	}
	for _, c := range []struct {
		name   string
		change func(*call)
		want   string
	}{
		{"map of another depth", func(c *call) { c.s.Map = Map{0, 1, 2, 3} }, "has source layer 2"},
		{"no depth", func(c *call) { c.stack.Depth = 0 }, "at least 1"},
		{"unknown init", func(c *call) { c.s.Init.Kind = "squeezed" }, `init "squeezed"`},
		{"no initializer", func(c *call) { c.init = nil }, "pass the model's initializer"},
		{"initializer of the wrong size", func(c *call) {
			c.init = func(string, []int) []float32 { return []float32{1} }
		}, `the initializer returned 1 values for the new parameter "bert.encoder.layer.2.attention`},
		{"no prefix", func(c *call) { c.stack.Prefix = "" }, "no prefix"},
		{"other prefix", func(c *call) { c.stack.Prefix = "gpt." }, `no parameter is named "gpt.0...."`},
		{"no state", func(c *call) { c.src = State{} }, "no parameter is named"},
		{"depth too small", func(c *call) { c.stack.Depth, c.s.Map = 1, Map{0, 0} }, "above the stack's 1 layer:"},
		{"depth too large", func(c *call) { c.stack.Depth, c.s.Map = 3, Map{0, 1, 2} }, `parameter "bert.encoder.layer.2.attention.output.bias" is missing`},
		{"no projections to zero", func(c *call) {
			c.s.Init.Kind, c.stack.OutputProjections = Zero, nil
		}, "set Stack.OutputProjections"},
		{"unknown projection", func(c *call) {
			c.stack.OutputProjections = []string{"out.weight"}
		}, `output projection "bert.encoder.layer.0.out.weight" is missing`},

		{"parameter missing", func(c *call) {
			delete(c.src.Params, query)
			delete(c.src.Moments["first"], query)
			delete(c.src.Moments["second"], query)
		}, `parameter "` + query + `" is missing`},
		{"parameter of another shape", func(c *call) {
			for _, tensors := range []Tensors{c.src.Params, c.src.Moments["first"], c.src.Moments["second"]} {
				tensors[query] = Tensor{Shape: []int{1}, Data: []float32{1}}
			}
		}, `parameter "` + query + `" has shape [1], but`},
		{"parameter cut short", func(c *call) {
			c.src.Params[query] = Tensor{Shape: []int{2, 3}, Data: make([]float32, 5)}
		}, `parameter "` + query + `" has shape [2 3] but 5 values: it needs 6`},
		{"parameter without values", func(c *call) {
			c.src.Params["head.bias"] = Tensor{Shape: []int{0}}
		}, `parameter "head.bias" has shape [0]`},
		{"parameter beyond memory", func(c *call) {
			c.src.Params["head.bias"] = Tensor{Shape: []int{1 << 40, 1 << 40}}
		}, `parameter "head.bias" has shape`},
		{"moment missing", func(c *call) { delete(c.src.Moments["second"], query) }, `moment "second": parameter "` + query + `" is missing`},
		{"moment of another shape", func(c *call) {
			c.src.Moments["first"][query] = Tensor{Shape: []int{3, 2}, Data: make([]float32, 6)}
		}, `moment "first": parameter "` + query + `" has shape [3 2], but`},
		{"moment cut short", func(c *call) {
			c.src.Moments["second"][query] = Tensor{Shape: []int{2, 3}}
		}, `moment "second" of "` + query + `" has shape [2 3] but 0 values`},
		{"moment of nothing", func(c *call) {
			c.src.Moments["second"]["ghost"] = Tensor{Data: []float32{1}}
		}, `moment "second" of "ghost" belongs to no parameter`},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := call{Custom("s", Map{0, 1, New}, Copy), randomState(rand.New(rand.NewPCG(2, 2)), 2), stackOf(2), byName}
			if _, err := args.s.Apply(args.src, args.stack, args.init); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			c.change(&args)
			// Run several times, because errors could depend on the order of a map.
			var first string
			for range 5 {
				grown, err := args.s.Apply(args.src, args.stack, args.init)
				wantError(t, c.name, err, c.want)
				if err == nil {
					return
				}
				if grown.Params != nil || grown.Moments != nil {
					t.Error("a state came with the error")
				}
				if first == "" {
					first = err.Error()
				}
				if err.Error() != first {
					t.Errorf("the error was %q, then %q", first, err)
				}
			}
		})
	}
}
