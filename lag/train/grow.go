package train

import (
	"fmt"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/growth"
)

// Grow applies a strategy to each stack of a model's snapshot: to parameters,
// moments and update counts. New layers get values from init, which is called
// with names of the grown model. Init may be nil if there are no new layers.
// The step does not change. The result may share memory with snap, so neither may
// be changed afterwards.
func (snap Snapshot) Grow(stacks []growth.Stack, strategies []growth.Strategy, init growth.Initializer) (Snapshot, error) {
	if len(stacks) != len(strategies) {
		return Snapshot{}, fmt.Errorf("the model has %s of layers, but the number of strategies given is %d; give one for each", plain.Count(len(stacks), "stack"), len(strategies))
	}
	for i, stack := range stacks {
		state, err := strategies[i].ApplySharing(snap.State, stack, init)
		if err != nil {
			return Snapshot{}, err
		}
		if snap.Updates, err = growUpdates(snap.Updates, strategies[i], stack); err != nil {
			return Snapshot{}, err
		}
		snap.State = state
	}
	return snap, nil
}

// growUpdates grows the update counts of moments like the moments themselves,
// by the strategy's layer map and moment policy. A model without moments has no
// counts.
func growUpdates(updates map[string]int, strategy growth.Strategy, stack growth.Stack) (map[string]int, error) {
	if len(updates) == 0 {
		return updates, nil
	}
	counts := make(growth.Tensors, len(updates))
	for name, n := range updates {
		counts[name] = growth.Tensor{Shape: []int{1}, Data: []float32{float32(n)}} // exact below 2^24 updates
	}
	// The count is that of the map's source layer, however values are initialized.
	strategy.Init, strategy.Combine, strategy.CombineModules = growth.Init{Kind: growth.Copy}, nil, nil
	grown, err := strategy.Apply(growth.State{Params: counts, Moments: map[string]growth.Tensors{"": counts}}, stack,
		func(string, []int) []float32 { return []float32{0} })
	if err != nil {
		return nil, err
	}
	updates = make(map[string]int, len(grown.Params))
	for name, count := range grown.Moments[""] {
		updates[name] = int(count.Data[0])
	}
	return updates, nil
}
