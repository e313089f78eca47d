package report_test

import (
	"fmt"
	"os"

	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
)

var study = &result.Study{
	Family: "bert", From: 2, To: 4, Steps: 500, Lag: 50, Seeds: []int64{0},
	Strategies: []result.Outcome{
		{Name: "stack", Map: []int{0, 1, 0, 1}, Init: "copy", Final: 3.21, FLOPs: 1e12, Status: result.StatusComplete,
			Curve: []result.Point{{Step: 0, Loss: 4.02}, {Step: 50, Loss: 3.71}, {Step: 500, Loss: 3.21}}},
		{Name: "random-top", Map: []int{0, 1, -1, -1}, Init: "copy", Final: 3.14, FLOPs: 1e12, Status: result.StatusComplete,
			Curve: []result.Point{{Step: 0, Loss: 5.1}, {Step: 50, Loss: 3.6}, {Step: 500, Loss: 3.14}}},
	},
	Correlation: []result.Correlation{
		{Step: 0, Spearman: -0.4, SpearmanLo: -0.8, SpearmanHi: 0.2},
		{Step: 10, Spearman: 0.3, SpearmanLo: -0.1, SpearmanHi: 0.7},
		{Step: 50, Spearman: 0.92, SpearmanLo: 0.8, SpearmanHi: 1},
		{Step: 500, Spearman: 1, SpearmanLo: 1, SpearmanHi: 1},
	},
	Rules: []result.RuleSummary{
		{Rule: "lag:50", ExtraFLOPs: 1e11, Regret: 0, RegretNorm: 0, Hit1: 1, Hit3: 1},
		{Rule: "loss-at-init", Regret: 0.07, RegretNorm: 2, Hit3: 1},
	},
	Picks: []result.Pick{
		{Rule: "lag:50", Strategy: "random-top", ExtraFLOPs: 1e11, Regret: 0, RegretNorm: 0},
		{Rule: "loss-at-init", Strategy: "stack", Regret: 0.07, RegretNorm: 2},
	},
}

func ExampleTable() {
	fmt.Print(report.Table(study))
	// Output:
	// strategy      layer map     init      at 0   at 50  at 500  rank at 50  rank at 500
	// ─────────────────────────────────────────────────────────────────────────────────────
	// random-top *  [0][1]<N><N>  random  5.1000  3.6000  3.1400           1            1
	// stack         [0][1](0)(1)  copy    4.0200  3.7100  3.2100           2            2
	// * LAG(50)'s pick
}

func ExamplePicks() {
	fmt.Print(report.Picks(study))
	// Output:
	// rule          picks           extra cost  regret  normalized  hit@1  hit@3
	// ────────────────────────────────────────────────────────────────────────────
	// lag:50        random-top  0.10 trainings  0.0000       0.000   100%   100%
	// loss-at-init  stack                 none  0.0700       2.000     0%   100%
}

func ExampleCurve() {
	fmt.Print(report.Curve(study, 40))
	// Output:
	// rho of the loss at a step with the final loss
	//  1.0 ┤           │   ●
	//  0.9 ┤┄┄┄┄┄┄┄┄┄┄┄●┄┄┄┄
	//  0.8 ┤           │
	//      │       │
	//  0.6 ┤       │
	//      │       │
	//  0.4 ┤       │
	//      │       ●
	//  0.2 ┤   │   │
	//      │   │   │
	//  0.0 ┤───│───│────────
	//      │   │   │
	// -0.2 ┤   │
	//      │   │
	// -0.4 ┤   ●
	//      │   │
	// -0.6 ┤   │
	//      │   │
	// -0.8 ┤   │
	//  step    0  10  50 500
	// rho never stays at 0.9 or above
}

func ExampleCSV() {
	if err := report.CSV(os.Stdout, study); err != nil {
		fmt.Println(err)
	}
	// Output:
	// strategy,map,init,moments,seed,status,step,loss,final,encoder_map
	// stack,0 1 0 1,copy,,0,complete,0,4.02,3.21,
	// stack,0 1 0 1,copy,,0,complete,50,3.71,3.21,
	// stack,0 1 0 1,copy,,0,complete,500,3.21,3.21,
	// random-top,0 1 N N,copy,,0,complete,0,5.1,3.14,
	// random-top,0 1 N N,copy,,0,complete,50,3.6,3.14,
	// random-top,0 1 N N,copy,,0,complete,500,3.14,3.14,
}
