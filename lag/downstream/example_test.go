package downstream_test

import (
	"context"
	"fmt"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/downstream"
)

// Measures the models of a study that kept all states, and says in which tasks the order
// by final loss holds.
func ExampleMeasure() {
	f, err := lag.OpenFinished("runs/quick")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := downstream.Measure(context.Background(), f, downstream.Options{Corpora: []string{"news.txt"}, GLUE: "glue"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range aggregate.DownstreamTasks(f.Result, m.Downstream) {
		if !t.IsNoise() {
			fmt.Printf("%s: rho %.2f (%.2f to %.2f)\n", t.Name, t.Rho, t.RhoLo, t.RhoHi)
		}
	}
}
