package growth

import (
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/plain"
)

// Block expansion adds, after every group of layers, copies of the group's top
// layer that start as the identity.
//
//	Map = for each of the G groups [g .. g+L/G-1]: g .. g+L/G-1, then
//	      (D-L)/G times g+L/G-1; duplicates zero
//
// with L layers before and D after. Wu et al. 2024, LLaMA Pro: Progressive
// LLaMA with Block Expansion (arXiv 2401.02415), sets the output projections of
// attention and feed-forward network to zero, which makes a block of a pre-norm
// stack the identity, and then trains only the added blocks. Set
// [Strategy.NewFirst] for the latter.

const identitySource = "Wu et al. 2024, arXiv 2401.02415 (LLaMA Pro, block expansion)"

// IdentityBlocks divides the source into groups of equal size and adds the same
// number of zeroed copies of its top layer to each, until there are to layers.
// Groups must divide both from and to-from.
func IdentityBlocks(from, to, groups int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if groups < 1 || from%groups != 0 || (to-from)%groups != 0 {
		return Strategy{}, fmt.Errorf("%d groups do not divide both the %s of the source and the %d added layers: choose a divisor of both", groups, plain.Count(from, "layer"), to-from)
	}
	size, copies := from/groups, (to-from)/groups
	var m Map
	for start := 0; start < from; start += size {
		m = slices.Concat(m, span(start, start+size), slices.Repeat(Map{start + size - 1}, copies))
	}
	s := named(fmt.Sprintf("identity-blocks-%d", groups), m, identitySource)
	s.Init = Init{Kind: Zero}
	return s, nil
}

// IdentityBlockGroups returns [IdentityBlocks] for every possible number of
// groups, in ascending order.
func IdentityBlockGroups(from, to int) (Pool, error) {
	if err := checkDepths(from, to); err != nil {
		return nil, err
	}
	var c collector
	for groups := 1; groups <= from; groups++ {
		if from%groups == 0 && (to-from)%groups == 0 {
			c.one(IdentityBlocks(from, to, groups))
		}
	}
	return c.pool, c.err
}
