package train_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/train"
)

// randomSnapshot is a state of the model, as if an optimizer had been at it.
func randomSnapshot(t *testing.T, rng *rand.Rand, optimizer train.Optimizer, layers int) train.Snapshot {
	t.Helper()
	parameters := model.WithLayers(layers).Parameters()
	snap, err := train.NewState(parameters, optimizer, rng.Int64()).Snapshot(parameters, optimizer)
	if err != nil {
		t.Fatal(err)
	}
	for _, moments := range snap.Moments {
		for _, tensor := range moments {
			for i := range tensor.Data {
				tensor.Data[i] = rng.Float32()
			}
		}
	}
	for name := range snap.Updates {
		snap.Updates[name] = 1 + rng.IntN(100)
	}
	return snap
}

// saved is the snapshot after a save and a load.
func saved(t *testing.T, snap train.Snapshot) train.Snapshot {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "checkpoint")
	if err := train.SaveCheckpoint(dir, snap); err != nil {
		t.Fatal(err)
	}
	loaded, err := train.LoadCheckpoint(dir)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestGrowCommutesWithCheckpoints: a state that is saved, loaded and grown is the
// state that is grown, saved and loaded, for random depths, maps, inits and
// policies. Parameters and moments have the names and sizes that the deeper model
// declares, and the counts of updates are those of the source layers.
func TestGrowCommutesWithCheckpoints(t *testing.T) {
	for i, optimizer := range optimizers {
		for seed := range uint64(8) {
			t.Run(fmt.Sprintf("%s/%d", optimizer.Name(), seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				from := 1 + rng.IntN(3)
				m := make(growth.Map, from+1+rng.IntN(4))
				for j := range m {
					m[j] = rng.IntN(from+1) - 1 // -1 is a new layer
				}
				s := growth.Custom("random", m, growth.Copy)
				s.Init = []growth.Init{
					{Kind: growth.Copy}, {Kind: growth.Zero}, {Kind: growth.Scaled, Factor: 0.5},
					{Kind: growth.Noise, Factor: 0.1, Seed: seed}, {Kind: growth.Interpolate},
				}[rng.IntN(5)]
				s.Moments = []growth.Moments{growth.MomentsCopy, growth.MomentsZeroDuplicates, growth.MomentsReset}[rng.IntN(3)]

				snap := randomSnapshot(t, rng, optimizer, from)
				stacks := model.WithLayers(from).Stacks()
				deep := model.WithLayers(len(m))
				grow := func(snap train.Snapshot) train.Snapshot {
					initial := make(map[string][]float32)
					for _, p := range deep.Parameters() {
						initial[p.Name] = p.Initialize(5)
					}
					grown, err := snap.Grow(stacks, []growth.Strategy{s}, func(name string, _ []int) []float32 { return initial[name] })
					if err != nil {
						t.Fatal(err)
					}
					return grown
				}
				grown := grow(snap)
				if !reflect.DeepEqual(saved(t, grown), grow(saved(t, snap))) {
					t.Errorf("%s: growing does not commute with saving and loading", s.Key())
				}
				if _, err := grown.Restore(deep.Parameters(), optimizer); err != nil {
					t.Errorf("%s: %v", s.Key(), err)
				}
				checkUpdates(t, s, stacks[0], snap.Updates, grown.Updates)
			})
		}
	}
}

func checkUpdates(t *testing.T, s growth.Strategy, stack growth.Stack, source, grown map[string]int) {
	t.Helper()
	duplicates := s.Map.Duplicates()
	for j, layer := range s.Map {
		keep := layer != growth.New && s.Moments != growth.MomentsReset && !(duplicates[j] && s.Moments == growth.MomentsZeroDuplicates)
		const suffix = "attention.output.dense.weight"
		want := 0
		if keep {
			want = source[fmt.Sprintf("%s%d.%s", stack.Prefix, layer, suffix)]
		}
		name := fmt.Sprintf("%s%d.%s", stack.Prefix, j, suffix)
		if got, ok := grown[name]; !ok || got != want {
			t.Errorf("%s: %d updates of %s, want %d", s.Key(), got, name, want)
		}
	}
}
