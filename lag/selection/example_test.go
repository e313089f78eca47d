package selection_test

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/selection"
)

// grown describes three ways to grow 3 layers to 6.
func grown() selection.Grown {
	var pool growth.Pool
	from, to := growth.Depths{3}, growth.Depths{6}
	for _, strategy := range []func(from, to int) (growth.Strategy, error){
		growth.GStack,
		func(from, to int) (growth.Strategy, error) { return growth.RepeatLast(from, to, 1) },
		func(from, to int) (growth.Strategy, error) { return growth.RepeatMiddle(from, to, 1) },
	} {
		s, err := strategy(from[0], to[0])
		if err != nil {
			panic(err)
		}
		pool = append(pool, s)
	}
	return selection.NewGrown(from, to, pool)
}

// recorded returns three strategies whose final order is the reverse of their
// order at initialization.
func recorded() *selection.Recording {
	r, err := selection.NewRecording(grown(), 100, [][]selection.Point{
		{{Step: 0, Loss: 5.2}, {Step: 10, Loss: 3.9}, {Step: 20, Loss: 3.5}, {Step: 100, Loss: 3.1}},
		{{Step: 0, Loss: 4.6}, {Step: 10, Loss: 3.8}, {Step: 20, Loss: 3.6}, {Step: 100, Loss: 3.2}},
		{{Step: 0, Loss: 4.1}, {Step: 10, Loss: 4.0}, {Step: 20, Loss: 3.7}, {Step: 100, Loss: 3.3}},
	})
	if err != nil {
		panic(err)
	}
	return r
}

// Rules are compared on the curves of one study: their picks and their extra
// costs.
func ExampleRecording() {
	r := recorded()
	for _, rule := range []selection.Rule{
		selection.LossAtInit{}, selection.StackLast{}, selection.LAG{Lag: 20}, selection.Halving{Eta: 2, First: 10}, selection.Oracle{},
	} {
		choice, err := rule.Pick(context.Background(), r)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%-13v %-16s %4d extra steps\n", rule, r.Name(choice.Index), choice.TotalExtraSteps())
	}
	// Output:
	// loss-at-init  repeat-middle-1     0 extra steps
	// stack-last    repeat-last-1       0 extra steps
	// lag:20        stack              40 extra steps
	// halving:2,10  stack              30 extra steps
	// oracle        stack             200 extra steps
}

func ExampleParse() {
	for _, text := range []string{"halving:2,15", "lag:0", "decay:24,6"} {
		rule, err := selection.Parse(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(rule, rule.Evaluations(200), rule.Branches())
	}
	// Output:
	// halving:2,15 [15 30 60 120] []
	// rule "lag:0": it looks at step 0; use step 1 or later
	// decay:24,6 [] [{24 6}]
}

// A choice contains how far each candidate was trained: losers stop early.
func ExampleRule() {
	rule := selection.Top{Keep: 2, Probe: 10}
	choice, err := rule.Pick(context.Background(), recorded())
	fmt.Println(choice.Index, choice.Trained, choice.ExtraSteps(), err)
	// Output: 0 [100 100 10] [0 100 10] <nil>
}
