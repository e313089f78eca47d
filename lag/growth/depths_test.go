package growth

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// both grows the encoder and the decoder of a model.
func both(encoder, decoder Map, kind InitKind) Strategy {
	s := Custom("both", decoder, kind)
	s.Encoder = encoder
	return s
}

func TestPerStack(t *testing.T) {
	s := both(Map{0, 0}, Map{0, 1, New}, Gated)
	s.Moments, s.Rewarm = MomentsReset, 3
	stacks, err := s.PerStack(2)
	if err != nil {
		t.Fatal(err)
	}
	encoder, decoder := s, s
	encoder.Map, encoder.Encoder, decoder.Encoder = s.Encoder, nil, nil
	if diff := cmp.Diff([]Strategy{encoder, decoder}, stacks); diff != "" {
		t.Error(diff)
	}
	stacks[0].Map[0], stacks[1].Map[0] = 9, 9
	if s.Encoder[0] != 0 || s.Map[0] != 0 {
		t.Error("the maps share memory")
	}
	one, err := Custom("one", Map{0, 0}, Copy).PerStack(1)
	if err != nil || len(one) != 1 || !slices.Equal(one[0].Map, Map{0, 0}) {
		t.Errorf("one stack: %v, %v", one, err)
	}
	wantError(t, "one stack", second(s.PerStack(1)), "leave encoder_map out")
	wantError(t, "two stacks", second(Custom("one", Map{0, 0}, Copy).PerStack(2)), "give both encoder_map and map")
	wantError(t, "three stacks", second(s.PerStack(3)), "the model has 3")
}

func TestGatesAndFrozenOfTwoStacks(t *testing.T) {
	s := both(Map{0, 0}, Map{0, 1, New, 1}, Gated)
	s.Init.GateSteps, s.NewFirst = 4, 2
	if got, want := s.Gates(1), []float32{1, 0.25, 1, 1, 1, 0.25}; !slices.Equal(got, want) {
		t.Errorf("gates %v, want %v", got, want)
	}
	all := make([]bool, 6)
	for step, want := range map[int][]bool{
		-1: {true, false, true, true, false, false},
		0:  {true, false, true, true, false, false},
		1:  {true, false, true, true, false, false},
		2:  all,
		99: all,
	} {
		if got := s.Frozen(step); !slices.Equal(got, want) {
			t.Errorf("step %d: frozen %v, want %v", step, got, want)
		}
	}
	if s.Added() != 3 {
		t.Errorf("%d layers are added, want 3", s.Added())
	}
	s.NewFirst = 0
	if got := s.Frozen(0); !slices.Equal(got, all) {
		t.Errorf("frozen %v without new_first", got)
	}
}

// TestFrozenIsTheOriginals checks for random maps that exactly the originals
// are frozen, and only in the first steps.
func TestFrozenIsTheOriginals(t *testing.T) {
	forRandomStrategies(t, func(t *testing.T, rng *rand.Rand, _ State, depth int, s Strategy) {
		s.NewFirst = 5
		if rng.IntN(2) == 0 {
			s.Encoder = randomMap(rng, 2, 4)
		}
		layers := 0
		for _, n := range s.To() {
			layers += n
		}
		frozen, free := s.Frozen(4), 0
		for _, f := range frozen {
			if !f {
				free++
			}
		}
		if len(frozen) != layers || len(s.Gates(0)) != layers || free != s.Added() {
			t.Errorf("%d frozen layers and %d gates of %d layers; %d of %d added ones are trained", len(frozen), len(s.Gates(0)), layers, free, s.Added())
		}
		if slices.Contains(s.Frozen(5), true) {
			t.Error("a layer is frozen after new_first")
		}
	})
}

func TestTwoStacksValidate(t *testing.T) {
	good := both(Map{0, 1}, Map{0, 1, 1}, Copy)
	if err := good.Validate(Depths{2, 2}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		change func(*Strategy)
		from   Depths
		want   string
	}{
		{func(s *Strategy) {}, Depths{2}, "leave encoder_map out"},
		{func(s *Strategy) {}, nil, "the model has 0"},
		{func(s *Strategy) { s.Encoder = nil }, Depths{2, 2}, "give both encoder_map and map"},
		{func(s *Strategy) { s.Encoder = Map{0, 5} }, Depths{2, 2}, "encoder: layer map [0 5]"},
		{func(s *Strategy) { s.Map = Map{0} }, Depths{2, 2}, "decoder: layer map [0] has 1 layer, fewer"},
		{func(s *Strategy) { s.Rewarm = -1 }, Depths{2, 2}, "rewarm is -1"},
		{func(s *Strategy) { s.NewFirst = -1 }, Depths{2, 2}, "new_first is -1"},
		{func(s *Strategy) { s.NewFirst, s.Map = 5, Map{0, 1} }, Depths{2, 2}, "nothing would be trained"},
	} {
		s := good.clone()
		c.change(&s)
		wantError(t, c.want, s.Validate(c.from), c.want)
	}
}

func TestDepthsOfPools(t *testing.T) {
	for _, c := range []struct {
		from, to Depths
		want     string
	}{
		{Depths{3}, Depths{3}, "choose a depth above 3"},
		{Depths{2, 2}, Depths{2, 2}, "choose a depth above 2"},
		{Depths{2, 3}, Depths{4, 2}, "cannot grow from 3 layers to 2"},
		{Depths{0, 3}, Depths{0, 6}, "from 0 layers"},
		{Depths{2, 2}, Depths{4}, "2 stacks, but the number of depths to grow to is 1"},
		{nil, nil, "0 depths"},
		{Depths{1, 1, 1}, Depths{2, 2, 2}, "3 depths"},
	} {
		wantError(t, c.want, second(NewPoolFor(c.from, c.to, nil)), c.want)
		wantError(t, c.want, (Pool{Custom("a", Map{0, 0}, Copy)}).Validate(c.from, c.to), c.want)
	}
}

func TestKeyOfFields(t *testing.T) {
	base := both(Map{0, 0}, Map{0, 0, 1}, Copy)
	keys := map[string]bool{base.Key(): true}
	for i, change := range []func(*Strategy){
		func(s *Strategy) { s.Encoder = Map{0, New} },
		func(s *Strategy) { s.Encoder = nil },
		func(s *Strategy) { s.Rewarm = 5 },
		func(s *Strategy) { s.Restart = true },
		func(s *Strategy) { s.NewFirst = 5 },
		func(s *Strategy) { s.Init = Init{Kind: Scaled, Factor: 0.5} },
		func(s *Strategy) { s.Init = Init{Kind: Scaled, Factor: 0.25} },
		func(s *Strategy) { s.Init = Init{Kind: Noise, Factor: 0.5} },
		func(s *Strategy) { s.Init = Init{Kind: Noise, Factor: 0.5, Seed: 1} },
		func(s *Strategy) { s.Init = Init{Kind: Interpolate} },
		func(s *Strategy) { s.Combine = [][]float64{{1, 0}, {0, 1}, {0.25, 0.75}} },
	} {
		s := base.clone()
		change(&s)
		if keys[s.Key()] {
			t.Errorf("change %d: the key %q is another strategy's", i, s.Key())
		}
		keys[s.Key()] = true
	}
}

func TestTwoStacksJSON(t *testing.T) {
	s := both(Map{0, 0}, Map{0, New}, Scaled)
	s.Init.Factor, s.Rewarm, s.Restart, s.NewFirst = 0.5, 10, true, 20
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name":"both","map":[0,-1],"encoder_map":[0,0],"init":{"kind":"scaled","factor":0.5},"moments":"copy","rewarm":10,"restart":true,"new_first":20}`
	if string(text) != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	var back Strategy
	if err := json.Unmarshal(text, &back); err != nil || !cmp.Equal(s, back) {
		t.Errorf("%v: %s", err, cmp.Diff(s, back))
	}
}
