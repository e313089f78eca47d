// Package selection contains rules that pick one of several grown candidates,
// LAG and others, and counts their costs.
//
// A [Rule] asks [Candidates] for validation losses and makes a [Choice]. It
// asks for no more than it needs, so it can be used in two ways. With
// candidates that train on request, losers stop early. With a [Recording] of
// complete curves, the rule is evaluated afterwards. If the losses are the
// same, the Choice is the same, because a [Meter] counts the steps in both.
//
// # Costs
//
// With S candidates, none of which diverges, the steps in addition to training
// the winner to the end T are:
//
//	loss-at-init, random, strategy, stack-last, midas   0
//	lag:K and power-law:K                               (S-1) K
//	decay:K,D                                           (S-1) K + S D
//	top:J,K, J <= S                                     (S-J) K + (J-1) T
//	halving:ETA,FIRST                                   sum over rungs i of (n[i-1] - n[i]) r[i], plus (n[m]-1) T
//	race:N,FIRST                                        (S-1) FIRST to (S-1) 2^N FIRST, depending on the losses
//	oracle                                              (S-1) T
//	a [Func] whose last step is K                       (S-1) K
//
// where r[i] = FIRST ETA^(i-1) are the rungs below T, n[0] = S, and n[i] =
// ceil(n[i-1]/ETA) is the number of candidates left after rung i. m is the rung
// after which one candidate is left, or the last rung. Evaluations are not
// counted.
//
// # Ties and divergence
//
// Losses are in nats per predicted token: lower is better. If losses are equal,
// the candidate with the lowest index wins. A candidate whose loss is NaN or
// infinite has diverged; rules that use losses neither pick it nor train it
// further. Rules that do not use losses (random, strategy, stack-last, midas)
// may pick a candidate that diverges later.
package selection
