// Package selection picks one of several grown candidates: LAG and its rivals,
// each with what it costs.
//
// A [Rule] asks [Candidates] for validation losses and makes a [Choice]. It asks
// for no more than it needs, so the same rule serves two ends: over candidates
// that are trained as the rule asks, losers are left where they stand; over a
// [Recording] of full curves, the rule is judged after the fact. Both give the
// same Choice where the losses are the same, because a [Meter] counts the steps.
//
// # Costs
//
// With S candidates, none of which diverges, the steps beyond training the
// winner alone to the end T are:
//
//	loss-at-init, random, strategy, stack-last, midas   0
//	lag:K and power-law:K                               (S-1) K
//	decay:K,D                                           (S-1) K + S D
//	top:J,K, J <= S                                     (S-J) K + (J-1) T
//	halving:ETA,FIRST                                   sum over rungs i of (n[i-1] - n[i]) r[i], plus (n[m]-1) T
//	oracle                                              (S-1) T
//
// with rungs r[i] = FIRST ETA^(i-1) below T, n[0] = S and n[i] = ceil(n[i-1]/ETA)
// the candidates left after rung i, m the rung after which one is left, or the
// last one. Evaluations are not counted.
//
// # Ties and divergence
//
// Losses are in nats per predicted token: lower is better. Of equal losses the
// candidate with the lowest index wins. A candidate whose loss is NaN or
// infinite has diverged; no rule that looks at losses picks or trains it
// further. Rules that do not look (random, strategy, stack-last, midas) may pick
// a candidate that diverges later.
package selection
