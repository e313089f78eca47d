package growth_test

import (
	"fmt"

	"github.com/landscape-aware/growing/lag/growth"
)

// The pool of a study that grows 3 layers to 6: originals in square brackets,
// duplicates in parentheses, new layers as <N>, with the bottom of the stack on
// the left.
func ExampleDefaultPool() {
	pool, err := growth.DefaultPool(3, 6)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range pool {
		fmt.Printf("%-19s  %s  %v\n", s.Name, s.Map.Draw(3), s.Init)
	}
	// Output:
	// stack                [0][1][2](0)(1)(2)  copy
	// interleave           [0](0)[1](1)[2](2)  copy
	// repeat-last-1        [0][1][2](2)(2)(2)  copy
	// repeat-middle-1      [0][1](1)(1)(1)[2]  copy
	// in-place-1@0         [0](0)(0)(0)[1][2]  copy
	// append-1@0           [0][1][2](0)(0)(0)  copy
	// append-1@1           [0][1][2](1)(1)(1)  copy
	// insert-3@0-gap-1     [0](0)[1][2](1)(2)  copy
	// random-bottom        <N><N><N>[0][1][2]  copy
	// random-middle        [0]<N><N><N>[1][2]  copy
	// random-top           [0][1][2]<N><N><N>  copy
	// stack-zero           [0][1][2](0)(1)(2)  zero
	// interleave-zero      [0](0)[1](1)[2](2)  zero
	// repeat-last-1-zero   [0][1][2](2)(2)(2)  zero
	// stack-gated          [0][1][2](0)(1)(2)  gated(100)
	// interleave-gated     [0](0)[1](1)[2](2)  gated(100)
	// repeat-last-1-gated  [0][1][2](2)(2)(2)  gated(100)
}

// Add your own strategy to a pool in three lines.
func ExampleCustom() {
	pool, _ := growth.DefaultPool(3, 6)
	pool = append(pool, growth.Custom("mine", growth.Map{0, 1, 2, 2, 1, 0}, growth.Copy))
	err := pool.Validate(growth.Depths{3}, growth.Depths{6})

	mine, _ := pool.ByName("mine")
	fmt.Println(mine.Map.Draw(3), err)
	// Output: [0][1][2](2)(1)(0) <nil>
}

// Pools are values: concatenate families, remove equivalent strategies, filter.
func ExamplePool() {
	inPlace, err := growth.InPlaceBlocks(3, 5, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	onTop, err := growth.AppendBlocks(3, 5, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	pool := inPlace.Union(onTop).Dedupe()
	fmt.Println(pool.Names())
	fmt.Println(pool.Filter(func(s growth.Strategy) bool { return s.Map.KeepsOrder(3) }).WithInit(growth.Init{Kind: growth.Zero}).Names())
	// Output:
	// [in-place-2@0 in-place-2@1 append-2@0]
	// [in-place-2@0-zero in-place-2@1-zero append-2@0-zero]
}

// A stack of two layers, each with a weight and an output projection, gets a
// zeroed duplicate of the upper layer and a new layer on top.
func ExampleStrategy_Apply() {
	src := growth.State{Params: growth.Tensors{
		"embeddings":     {Shape: []int{2}, Data: []float32{7, 8}},
		"layer.0.inner":  {Shape: []int{2}, Data: []float32{1, 2}},
		"layer.0.output": {Shape: []int{2}, Data: []float32{3, 4}},
		"layer.1.inner":  {Shape: []int{2}, Data: []float32{10, 20}},
		"layer.1.output": {Shape: []int{2}, Data: []float32{30, 40}},
	}}
	stack := growth.Stack{Prefix: "layer.", Depth: 2, OutputProjections: []string{"output"}}
	ones := func(name string, shape []int) []float32 { return []float32{1, 1} }

	grown, err := growth.Custom("mine", growth.Map{0, 1, 1, growth.New}, growth.Zero).Apply(src, stack, ones)
	if err != nil {
		fmt.Println(err)
		return
	}
	for layer := range 4 {
		prefix := fmt.Sprintf("layer.%d.", layer)
		fmt.Println(layer, grown.Params[prefix+"inner"].Data, grown.Params[prefix+"output"].Data)
	}
	// Output:
	// 0 [1 2] [3 4]
	// 1 [10 20] [30 40]
	// 2 [10 20] [0 0]
	// 3 [1 1] [1 1]
}

func ExampleParseMap() {
	m, err := growth.ParseMap("0 1 2 2 N")
	fmt.Println(m.Draw(3), err)

	_, err = growth.ParseMap("0 1 two")
	fmt.Println(err)
	// Output:
	// [0][1][2](2)<N> <nil>
	// layer map "0 1 two": place 2 is "two": write the index of a source layer, from 0, or N for a new layer
}

func ExampleStrategy_Gates() {
	s := growth.Custom("mine", growth.Map{0, 1, 1}, growth.Gated)
	s.Init.GateSteps = 4
	for step := range 6 {
		fmt.Println(step, s.Gates(step))
	}
	// Output:
	// 0 [1 1 0]
	// 1 [1 1 0.25]
	// 2 [1 1 0.5]
	// 3 [1 1 0.75]
	// 4 [1 1 1]
	// 5 [1 1 1]
}
