package growth

import "fmt"

// The depth operators of staged training double a stack by appending a copy or
// by alternating with it. The copies are plain or the identity.
//
//	append:    Map[i] = i mod L          [0 1 2] -> [0 1 2 0 1 2]
//	alternate: Map[i] = floor(i L / D)   [0 1 2] -> [0 0 1 1 2 2]
//
// with L layers before and D after. They follow Shen et al. 2022, Staged
// Training for Transformer Language Models (arXiv 2203.06211), where an
// operator maps the whole training state, including the optimizer and the
// position of the schedule, and should preserve the loss. So moments move with
// their layers, and there are identity layers. Here identity layers have zeroed
// output projections, which preserves the loss of pre-norm stacks. Depths other
// than 2L are our extension. Plain copies are the same as [GStack] and
// [Interleave].

const stagedSource = "after Shen et al. 2022, arXiv 2203.06211 (staged training)"

// StagedAppend adds copies of the source on top. The kind is [Copy], or [Zero]
// for identity layers.
func StagedAppend(from, to int, kind InitKind) (Strategy, error) {
	return staged("append", kind, from, to, GStack)
}

// StagedAlternate repeats each layer in place. The kind is [Copy], or [Zero]
// for identity layers.
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
