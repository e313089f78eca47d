package growth

import "fmt"

// Staged training's depth operators: a stack doubled by appending its copy or by
// alternating with it, the copies being plain or the identity.
//
//	append:    Map[i] = i mod L          [0 1 2] -> [0 1 2 0 1 2]
//	alternate: Map[i] = floor(i L / D)   [0 1 2] -> [0 0 1 1 2 2]
//
// with L layers before and D after. After Shen et al. 2022, Staged Training for
// Transformer Language Models (arXiv 2203.06211), where an operator takes the
// whole training state, the optimizer's and the schedule's position included,
// and wants the loss preserved: hence moments that move with their layers, and
// identity layers. Those have zeroed output projections here and preserve the
// loss of pre-norm stacks. Depths other than 2L are our extension. Plain copies
// are the same as [GStack] and [Interleave].

const stagedSource = "after Shen et al. 2022, arXiv 2203.06211 (staged training)"

// StagedAppend puts copies of the source on top of it. kind is [Copy] or [Zero],
// for identity layers.
func StagedAppend(from, to int, kind InitKind) (Strategy, error) {
	return staged("append", kind, from, to, GStack)
}

// StagedAlternate repeats each layer in its place. kind is [Copy] or [Zero], for
// identity layers.
func StagedAlternate(from, to int, kind InitKind) (Strategy, error) {
	return staged("alternate", kind, from, to, Interleave)
}

func staged(place string, kind InitKind, from, to int, base func(from, to int) (Strategy, error)) (Strategy, error) {
	s, err := base(from, to)
	if err != nil {
		return Strategy{}, err
	}
	name := map[InitKind]string{Copy: "copy", Zero: "identity"}[kind]
	if name == "" {
		return Strategy{}, fmt.Errorf("staged training has no init %q: choose %q, or %q for identity layers", kind, Copy, Zero)
	}
	s.Name, s.Source = "staged-"+place+"-"+name, stagedSource
	s.Init = Init{Kind: kind}
	return s, nil
}
