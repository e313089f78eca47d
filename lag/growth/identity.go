package growth

import (
	"fmt"
	"slices"
)

// Block expansion: after every group of layers, copies of its top layer that
// start as the identity.
//
//	Map = for each of the G groups [g .. g+L/G-1]: g .. g+L/G-1, then
//	      (D-L)/G times g+L/G-1; duplicates zero
//
// with L layers before and D after. Wu et al. 2024, LLaMA Pro: Progressive LLaMA
// with Block Expansion (arXiv 2401.02415), zeroes the output projections of
// attention and feed-forward network, which in the pre-norm stacks it is meant
// for makes a block the identity, and then trains the added blocks alone. Set
// [Strategy.NewFirst] for that.

const identitySource = "Wu et al. 2024, arXiv 2401.02415 (LLaMA Pro, block expansion)"

// IdentityBlocks puts the same number of zeroed copies of its top layer on top
// of each of so many groups of equal size, until there are to layers. It is an
// error if groups does not divide both from and to-from.
func IdentityBlocks(from, to, groups int) (Strategy, error) {
	if err := checkDepths(from, to); err != nil {
		return Strategy{}, err
	}
	if groups < 1 || from%groups != 0 || (to-from)%groups != 0 {
		return Strategy{}, fmt.Errorf("%d groups do not divide the %d layers of the source and the %d added: choose a divisor of both", groups, from, to-from)
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

// IdentityBlockGroups returns [IdentityBlocks] for every number of groups that
// the depths allow, from 1 group of all layers to the most groups.
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
