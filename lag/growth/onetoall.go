package growth

import (
	"fmt"
	"slices"
)

// One to all fills the grown stack with a single layer of the source.
//
//	Map = D copies of [a]
//
// with D layers after. The other layers of the source are not used. With a source
// of one layer it is stacking, as in Bu 2025, Deep Progressive Training: scaling up
// depth capacity of zero/one-layer models (arXiv 2511.04981), which trains a model
// of one layer and then grows it to its full depth at once.

const oneToAllSource = "after Bu 2025, arXiv 2511.04981 (growth from one layer, here one of several)"

// OneToAll makes all to layers copies of one layer of the source.
func OneToAll(from, to, layer int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if layer < 0 || layer >= from {
		return Strategy{}, fmt.Errorf("a source of %s has no layer %d: choose one from 0 to %d", Depths{from}.Layers(), layer, from-1)
	}
	return named(fmt.Sprintf("one-to-all@%d", layer), slices.Repeat(Map{layer}, to), oneToAllSource), nil
}
