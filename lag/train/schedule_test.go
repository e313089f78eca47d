package train_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/landscape-aware/growing/lag/train"
)

func ExampleSchedule_At() {
	s := train.Schedule{Kind: train.Linear, Peak: 1, WarmUp: 2, Steps: 6}
	for step := range 7 {
		fmt.Print(s.At(step), " ")
	}
	// Output: 0.5 1 1 0.75 0.5 0.25 0
}

// T5's learning rate, 1/√max(t, 10000), of its updates 1, 10,000 and 40,000.
func ExampleSchedule_At_t5() {
	s := train.Schedule{Kind: train.InverseSqrt, Peak: 0.01, WarmUp: 10_000, WarmUpShape: train.WarmUpConstant, Steps: 40_000}
	for _, t := range []int{1, 10_000, 40_000} {
		fmt.Print(s.At(t-1), " ")
	}
	// Output: 0.01 0.01 0.005
}

// A run of 6 steps grows at half its length. The second half goes on in the
// schedule, and rises to it over 2 steps.
func ExampleSchedule_At_rewarm() {
	before := train.Schedule{Kind: train.Linear, Peak: 1, WarmUp: 2, Steps: 3, Length: 6}
	after := train.Schedule{Kind: train.Linear, Peak: 1, WarmUp: 2, Steps: 3, Start: 3, Rewarm: 2}
	for _, s := range []train.Schedule{before, after} {
		for step := range s.Steps {
			fmt.Print(s.At(step), " ")
		}
	}
	// Output: 0.5 1 1 0.375 0.5 0.25
}

// TestScheduleValues compares with values by hand, at a peak of 8.
func TestScheduleValues(t *testing.T) {
	for _, c := range []struct {
		name     string
		schedule train.Schedule
		want     []float64
	}{
		{"constant", train.Schedule{Kind: train.Constant, WarmUp: 4, Steps: 6}, []float64{2, 4, 6, 8, 8, 8, 8}},
		{"constant without warm-up", train.Schedule{Kind: train.Constant, Steps: 2}, []float64{8, 8, 8}},
		{"linear to a quarter", train.Schedule{Kind: train.Linear, Steps: 3, Final: 0.25}, []float64{8, 6, 4, 2, 2}},
		// (1+cos 0)/2 = 1, (1+cos 60°)/2 = 3/4, (1+cos 120°)/2 = 1/4.
		{"cosine", train.Schedule{Kind: train.Cosine, WarmUp: 1, Steps: 4}, []float64{8, 8, 6, 2, 0, 0}},
		{"cosine to a half", train.Schedule{Kind: train.Cosine, Steps: 3, Final: 0.5}, []float64{8, 7, 5, 4}},
		{"inverse-sqrt, linear", train.Schedule{Kind: train.InverseSqrt, WarmUp: 2, WarmUpShape: train.WarmUpLinear, Steps: 8},
			[]float64{4, 8, 8 * math.Sqrt(2./3), 8 * math.Sqrt(2./4), 8 * math.Sqrt(2./5), 8 * math.Sqrt(2./6), 8 * math.Sqrt(2./7), 4}},
		{"inverse-sqrt, constant", train.Schedule{Kind: train.InverseSqrt, WarmUp: 1, WarmUpShape: train.WarmUpConstant, Steps: 4},
			[]float64{8, 8 / math.Sqrt2, 8 / math.Sqrt(3), 4}},
		{"inverse-sqrt without warm-up", train.Schedule{Kind: train.InverseSqrt, WarmUpShape: train.WarmUpLinear, Steps: 4},
			[]float64{8, 8 / math.Sqrt2, 8 / math.Sqrt(3), 4}},
		{"wsd, linear", train.Schedule{Kind: train.WSD, WarmUp: 2, Steps: 8, Decay: 4, DecayShape: train.DecayLinear},
			[]float64{4, 8, 8, 8, 8, 6, 4, 2, 0}},
		{"wsd, cosine", train.Schedule{Kind: train.WSD, Steps: 4, Decay: 3, DecayShape: train.DecayCosine}, []float64{8, 8, 6, 2, 0}},
		// 1 - √(0, 1/4, 2/4, 3/4, 1).
		{"wsd, sqrt", train.Schedule{Kind: train.WSD, Steps: 5, Decay: 4, DecayShape: train.DecaySqrt},
			[]float64{8, 8, 4, 8 * (1 - math.Sqrt(0.5)), 8 * (1 - math.Sqrt(0.75)), 0}},
		{"wsd, exponential", train.Schedule{Kind: train.WSD, Steps: 4, Decay: 3, DecayShape: train.DecayExponential, Final: 0.125},
			[]float64{8, 8, 4, 2, 1, 1}},
		{"re-warm-up", train.Schedule{Kind: train.Constant, Steps: 4, Rewarm: 2, RewarmFrom: 0.5}, []float64{6, 8, 8, 8}},
		{"re-warm-up within warm-up", train.Schedule{Kind: train.Constant, WarmUp: 4, Steps: 4, Start: 2, Rewarm: 3}, []float64{2, 8 * 2. / 3, 8, 8}},
		{"start", train.Schedule{Kind: train.Linear, WarmUp: 2, Steps: 2, Start: 4}, []float64{4, 2, 0}},
		{"start and length", train.Schedule{Kind: train.Linear, WarmUp: 2, Steps: 2, Start: 1, Length: 6}, []float64{8, 8, 6}},
		{"length beyond a decay", train.Schedule{Kind: train.WSD, Steps: 3, Length: 6, Decay: 2, DecayShape: train.DecayLinear}, []float64{8, 8, 8, 8, 8, 4, 0}},
	} {
		c.schedule.Peak = 8
		if err := c.schedule.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for step, want := range c.want {
			if got := c.schedule.At(step); math.Abs(got-want) > 1e-14*8 {
				t.Errorf("%s: step %d: got %v, want %v", c.name, step, got, want)
			}
		}
	}
}

// schedules are schedules of every kind and shape, cut to parts that begin at
// every position.
func schedules(yield func(train.Schedule) bool) {
	const length = 24
	var whole []train.Schedule
	for _, warmUp := range []int{0, 1, 7} {
		for _, shape := range []train.WarmUpShape{train.WarmUpLinear, train.WarmUpConstant} {
			for _, kind := range []train.ScheduleKind{train.Constant, train.InverseSqrt} {
				whole = append(whole, train.Schedule{Kind: kind, WarmUp: warmUp, WarmUpShape: shape})
			}
			for _, final := range []float64{0, 0.1, 1} {
				for _, kind := range []train.ScheduleKind{train.Linear, train.Cosine} {
					whole = append(whole, train.Schedule{Kind: kind, WarmUp: warmUp, WarmUpShape: shape, Final: final})
				}
				for _, decay := range []train.DecayShape{train.DecayLinear, train.DecayCosine, train.DecaySqrt, train.DecayExponential} {
					if final > 0 || decay != train.DecayExponential {
						whole = append(whole, train.Schedule{Kind: train.WSD, WarmUp: warmUp, WarmUpShape: shape, Final: final, Decay: 9, DecayShape: decay})
					}
				}
			}
		}
	}
	for _, s := range whole {
		s.Peak, s.Length = 3e-4, length
		for start := range length + 1 {
			s.Start, s.Steps = start, length-start
			if !yield(s) {
				return
			}
		}
	}
}

// TestScheduleProperties: every valid schedule stays between 0 and its peak,
// rises while it warms up and never after, and its parts are the whole's.
func TestScheduleProperties(t *testing.T) {
	n := 0
	for s := range schedules {
		n++
		if err := s.Validate(); err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
		whole := s
		whole.Start, whole.Steps = 0, s.Length
		for step := range s.Steps {
			rate, position := s.At(step), s.Start+step
			if rate != whole.At(position) {
				t.Fatalf("%+v: step %d: rate %v, but %v at that position of the whole schedule", s, step, rate, whole.At(position))
			}
			if !(rate > 0 && rate <= s.Peak*(1+1e-15)) {
				t.Fatalf("%+v: step %d: rate %v lies outside (0, %v]", s, step, rate, s.Peak)
			}
			if next := s.At(step + 1); position+1 < s.WarmUp && next < rate || position >= s.WarmUp && next > rate {
				t.Fatalf("%+v: step %d: the rate goes from %v to %v", s, step, rate, next)
			}
		}
		if end := s.At(s.Steps); s.Kind != train.Constant && s.Kind != train.InverseSqrt && math.Abs(end-s.Final*s.Peak) > 1e-15*s.Peak {
			t.Fatalf("%+v: the end is %v, want %v", s, end, s.Final*s.Peak)
		}
		warm := s
		warm.Rewarm, warm.RewarmFrom = min(5, s.Steps), 0.25
		if warm.Rewarm == 0 {
			continue
		}
		for step := range s.Steps {
			share := warm.At(step) / s.At(step)
			if step >= warm.Rewarm-1 && share != 1 || step < warm.Rewarm-1 && !(share > 0.25 && share < 1) {
				t.Fatalf("%+v: step %d: the re-warm-up lets through %v of the rate", warm, step, share)
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d schedules were tried", n)
	}
}

func TestScheduleValidate(t *testing.T) {
	ok := train.Schedule{Kind: train.WSD, Peak: 1, WarmUp: 2, Steps: 10, Decay: 3, DecayShape: train.DecaySqrt}
	if err := ok.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]train.Schedule{
		"kind":                      {Kind: "step", Peak: 1, Steps: 10},
		"peak":                      {Kind: train.Constant, Peak: 0, Steps: 10},
		"peak NaN":                  {Kind: train.Constant, Peak: math.NaN(), Steps: 10},
		"peak Inf":                  {Kind: train.Constant, Peak: math.Inf(1), Steps: 10},
		"warm-up":                   {Kind: train.Linear, Peak: 1, WarmUp: 11, Steps: 10},
		"warm-up and start":         {Kind: train.Linear, Peak: 1, WarmUp: 14, Steps: 10, Start: 3},
		"warm-up negative":          {Kind: train.Linear, Peak: 1, WarmUp: -1, Steps: 10},
		"steps":                     {Kind: train.Constant, Peak: 1, Steps: -1},
		"start":                     {Kind: train.Linear, Peak: 1, Steps: 10, Start: -1},
		"length":                    {Kind: train.Linear, Peak: 1, Steps: 10, Start: 5, Length: 14},
		"warm-up shape":             {Kind: train.Linear, Peak: 1, WarmUp: 2, WarmUpShape: "cosine", Steps: 10},
		"warm-up shape not said":    {Kind: train.InverseSqrt, Peak: 1, WarmUp: 2, Steps: 10},
		"final":                     {Kind: train.Cosine, Peak: 1, Steps: 10, Final: 1.5},
		"final NaN":                 {Kind: train.Cosine, Peak: 1, Steps: 10, Final: math.NaN()},
		"final of constant":         {Kind: train.Constant, Peak: 1, Steps: 10, Final: 0.1},
		"decay of linear":           {Kind: train.Linear, Peak: 1, Steps: 10, Decay: 2},
		"decay shape of linear":     {Kind: train.Linear, Peak: 1, Steps: 10, DecayShape: train.DecayLinear},
		"decay missing":             {Kind: train.WSD, Peak: 1, Steps: 10, DecayShape: train.DecayLinear},
		"decay shape missing":       {Kind: train.WSD, Peak: 1, Steps: 10, Decay: 2},
		"decay too long":            {Kind: train.WSD, Peak: 1, WarmUp: 5, Steps: 10, Decay: 6, DecayShape: train.DecayLinear},
		"exponential to 0":          {Kind: train.WSD, Peak: 1, Steps: 10, Decay: 2, DecayShape: train.DecayExponential},
		"re-warm-up":                {Kind: train.Constant, Peak: 1, Steps: 10, Rewarm: 11},
		"re-warm-up negative":       {Kind: train.Constant, Peak: 1, Steps: 10, Rewarm: -1},
		"re-warm-up from":           {Kind: train.Constant, Peak: 1, Steps: 10, Rewarm: 5, RewarmFrom: 1.1},
		"re-warm-up from, no steps": {Kind: train.Constant, Peak: 1, Steps: 10, RewarmFrom: 0.5},
	} {
		if s.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestScheduleJSON: a schedule that uses none of the optional settings is
// written without them, so that they do not change the addresses of runs.
func TestScheduleJSON(t *testing.T) {
	text, err := json.Marshal(train.Schedule{Kind: train.Linear, Peak: 1, WarmUp: 2, Steps: 6})
	if want := `{"kind":"linear","peak":1,"warmup":2,"steps":6}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
}
