package lag

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
)

// smallStacking grows a model from 2 layers to 4 and 6 in stages of 40 steps.
func smallStacking(t *testing.T) Stacking {
	t.Helper()
	c, err := StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	c.Stages = EqualStages([]growth.Depths{{2}, {4}, {6}}, 120)
	c.Arms = StackingArms("lag:2", c.Stages)
	return c
}

func TestStackingPresets(t *testing.T) {
	for _, name := range StackingPresets() {
		c, err := StackingPreset(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		budget := 0.0
		for _, s := range c.Stages {
			budget += float64(s.Steps) * depthCost(withDepths(t, c.Model, s.Depths))
		}
		for _, arm := range c.Arms {
			if _, err := c.plannedStages(arm, budget, depthCost); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func withDepths(t *testing.T, m model.Model, depths growth.Depths) model.Model {
	t.Helper()
	grown, err := m.WithDepths(depths...)
	if err != nil {
		t.Fatal(err)
	}
	return grown
}

// depthCost returns a made-up cost of a step: a fixed part and a part for each
// layer.
func depthCost(m model.Model) float64 { return 1.7e6 + 0.9e6*float64(m.Depths()[0]) }

// TestPlannedStages checks random plans, rules and proportions. Training and
// probing use the whole budget, to within the cost of one more step of the last
// stage. The schedule covers all stages. Without probing, the stages are those
// of the plan.
func TestPlannedStages(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	c := smallStacking(t)
	c.Strategies, c.Rewarm = nil, 1
	rules := []string{"lag:1", "lag:3", "loss-at-init", "random:3", "stack-last", "midas", "top:2,2", "top:3,1", "halving:2,1", "halving:3,2",
		"power-law:3", "decay:2,1", "oracle", "strategy:stack"}
	fitted := make(map[string]bool)
	for range 300 {
		var stages []Stage
		depths := []int{2, 4, 6, 8, 10}
		from, n := random.IntN(2), 2+random.IntN(2)
		for _, d := range depths[from : from+n] {
			stages = append(stages, Stage{Depths: growth.Depths{d}, Steps: 1 + random.IntN(300)})
		}
		c.Stages = stages
		c.Model = withDepths(t, c.Model, stages[0].Depths)
		budget := 0.0
		for _, s := range stages {
			budget += float64(s.Steps) * depthCost(withDepths(t, c.Model, s.Depths))
		}
		text := rules[random.IntN(len(rules))]
		arm := Arm{Name: text, Rule: text}
		switch random.IntN(4) {
		case 0: // own stages, with other proportions and another total
			arm.Stages = []Stage{{Depths: stages[0].Depths, Steps: 1 + random.IntN(50)}, {Depths: stages[len(stages)-1].Depths, Steps: 1 + random.IntN(50)}}
		case 1:
			arm = Arm{Name: "scratch", Stages: stages[len(stages)-1:]}
		}
		list, err := c.plannedStages(arm, budget, depthCost)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than one line: %v", err)
			}
			continue
		}
		fitted[arm.Name] = true
		what := fmt.Sprintf("arm %+v of the plan %v", arm, stages)
		total, start, steps := 0.0, 0, 0
		for _, s := range list {
			steps += s.Steps
		}
		for i, s := range list {
			extra, err := s.expectedExtra(s.Steps)
			if err != nil || extra != s.extra || s.Steps < 1 {
				t.Errorf("%s: stage %d has %d steps and spends %d, %v, not %d", what, i+1, s.Steps, extra, err, s.extra)
			}
			total += float64(s.Steps+extra) * s.flops
			if s.schedule.Start != start || s.schedule.Steps != s.Steps || s.schedule.Length != steps {
				t.Errorf("%s: stage %d of %d steps from %d has the schedule %+v", what, i+1, s.Steps, start, s.schedule)
			}
			start += s.Steps
		}
		last := list[len(list)-1]
		more, err := last.expectedExtra(last.Steps + 1)
		if err != nil {
			t.Fatal(err)
		}
		next := total + float64(1+more-last.extra)*last.flops
		if total > budget*(1+1e-9) || next <= budget*(1-1e-9) {
			t.Errorf("%s: it uses %g of %g FLOPs, or %g with one more step", what, total, budget, next)
		}
		if probes := slices.ContainsFunc(list, func(s plannedStage) bool { return s.extra > 0 }); !probes && len(arm.Stages) == 0 {
			for i, s := range list {
				if s.Steps != stages[i].Steps {
					t.Errorf("%s: without probes stage %d has %d steps", what, i+1, s.Steps)
				}
			}
		}
	}
	for _, rule := range append(rules, "scratch") {
		if !fitted[rule] {
			t.Errorf("no plan fits with %s", rule)
		}
	}
}

func TestProportionalStages(t *testing.T) {
	depths := []growth.Depths{{1}, {2}, {3}}
	for alpha, want := range map[float64][]int{0: {33, 33, 34}, 1: {16, 33, 51}, 2: {7, 28, 65}} {
		for i, s := range ProportionalStages(depths, 100, alpha) {
			if s.Steps != want[i] || !slices.Equal(s.Depths, depths[i]) {
				t.Errorf("alpha %g: stage %d is %+v, want %d steps of depth %v", alpha, i+1, s, want[i], depths[i])
			}
		}
	}
	if stages := EqualStages(nil, 100); len(stages) != 0 {
		t.Errorf("no depths have the stages %v", stages)
	}
}

// TestStackingArms checks that each arm is valid, and that late growth has the
// steps of all stages before the last.
func TestStackingArms(t *testing.T) {
	c := smallStacking(t)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	late := c.Arms[3]
	if len(c.Arms) != 5 || len(late.Stages) != 2 || late.Stages[0].Steps != 80 || late.Stages[1].Steps != 40 {
		t.Errorf("the arms are %+v", c.Arms)
	}
	if two := StackingArms("lag:2", c.Stages[:2]); len(two) != 4 {
		t.Errorf("the arms with two stages are %+v, want none with late growth", two)
	}
}

// TestStackingValidate checks that each mistake gives one line that says what
// is wrong.
func TestStackingValidate(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Stacking)
		want   string
	}{
		"name":                  {func(c *Stacking) { c.Name = "" }, "not a name for a stacking"},
		"name in red":           {func(c *Stacking) { c.Name = "a\x1b[31mb" }, "unprintable"},
		"arm's name":            {func(c *Stacking) { c.Arms[0].Name = "a\nb" }, "an arm's name"},
		"one stage":             {func(c *Stacking) { c.Stages = c.Stages[:1] }, "two or more"},
		"other model":           {func(c *Stacking) { c.Stages = c.Stages[1:] }, "first stage has 4 layers"},
		"no arms":               {func(c *Stacking) { c.Arms = nil }, "0 arms"},
		"no seeds":              {func(c *Stacking) { c.Seeds = nil }, "0 seeds"},
		"steps in the schedule": {func(c *Stacking) { c.Schedule.Steps = 10 }, "leave them out"},
		"start of the schedule": {func(c *Stacking) { c.Schedule.Start = 10 }, "leave them out"},
		"two arms of one name":  {func(c *Stacking) { c.Arms[1].Name = c.Arms[0].Name }, "a unique name"},
		"nameless arm":          {func(c *Stacking) { c.Arms[1].Name = "" }, "a unique name"},
		"no rule":               {func(c *Stacking) { c.Arms[0].Rule = "" }, "no selection rule"},
		"unknown rule":          {func(c *Stacking) { c.Arms[0].Rule = "best" }, "no selection rule"},
		"rule without growth":   {func(c *Stacking) { c.Arms[4].Rule = "lag:2" }, "never grows"},
		"no such strategy":      {func(c *Stacking) { c.Arms[0].Rule = "strategy:magic" }, "no candidate has this name"},
		"strategies of no pool": {func(c *Stacking) { c.Strategies = []string{"magic"} }, "magic"},
		"stage without steps":   {func(c *Stacking) { c.Stages[1].Steps = 0 }, "0 steps"},
		"shrinking":             {func(c *Stacking) { c.Stages[2].Depths = growth.Depths{3} }, "cannot grow"},
		"other stacks":          {func(c *Stacking) { c.Stages[2].Depths = growth.Depths{6, 6} }, "stack"},
		"evaluations":           {func(c *Stacking) { c.EvaluateEvery = 0 }, "evaluate_every"},
		"checkpoints":           {func(c *Stacking) { c.CheckpointEvery = 0 }, "checkpoint_every"},
		"batch":                 {func(c *Stacking) { c.BatchSize = 0 }, "batch_size"},
		"moments":               {func(c *Stacking) { c.Moments = "forget" }, "moments"},
		"peak":                  {func(c *Stacking) { c.Schedule.Peak = 0 }, "peak"},
		"schedule":              {func(c *Stacking) { c.Schedule.Kind = "stairs" }, "stairs"},
		"seed twice":            {func(c *Stacking) { c.Seeds = []int64{2, 2} }, "twice"},
		"lag beyond its stage":  {func(c *Stacking) { c.Arms[0].Rule = "lag:40" }, "before the end"},
	} {
		c := smallStacking(t)
		test.change(&c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line with %q", name, err, test.want)
		}
	}
}

// TestPlannedStagesErrors checks errors that appear only when stages are fitted
// to the budget.
func TestPlannedStagesErrors(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Stacking)
		budget float64
		want   string
	}{
		"probes":          {func(c *Stacking) { c.Arms[0].Rule = "lag:39" }, 1e8, "shorten the lag"},
		"nothing":         {func(*Stacking) {}, 1e6, "do not fit into the budget"},
		"warm-up":         {func(c *Stacking) { c.Schedule.WarmUp = 1000 }, 1e9, "warm-up of 1000"},
		"wide re-warm-up": {func(c *Stacking) { c.Wide, c.Strategies, c.Rewarm = true, []string{"stack", "stack-rewarm"}, 40 }, 5e8, "for 40 steps"},
	} {
		c := smallStacking(t)
		test.change(&c)
		_, err := c.plannedStages(c.Arms[0], test.budget, depthCost)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line with %q", name, err, test.want)
		}
	}
}
