package selection

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// forms lists what [Parse] reads, for its errors.
const forms = "lag:K, loss-at-init, random:SEED, strategy:NAME, stack-last, midas, top:J,K, halving:ETA,FIRST, power-law:K, decay:K,D or oracle"

// Parse reads a rule as its String method writes it:
//
//	lag:K               LAG after K steps
//	loss-at-init        the lowest loss right after growing
//	random:SEED         any
//	strategy:NAME       the one of that name
//	stack-last          gradual stacking
//	midas               MIDAS
//	top:J,K             the best J at K steps go on to the end, the best final loss is kept
//	halving:ETA,FIRST   successive halving
//	power-law:K         the lowest extrapolation from K steps to the end
//	decay:K,D           the lowest loss after K steps and a decay branch of D
//	oracle              the lowest final loss
//
// It is an error if the text is none of these, or if a number is impossible in
// any training; [Rule.Validate] tells whether the rule fits a certain one.
func Parse(s string) (Rule, error) {
	kind, argument, _ := strings.Cut(s, ":")
	var rule Rule
	var numbers []int
	var err error
	switch kind {
	case "lag":
		numbers, err = integers(argument, 1)
		rule = LAG{numbers[0]}
	case "random":
		r := Random{}
		if r.Seed, err = strconv.ParseUint(argument, 10, 64); err != nil {
			err = fmt.Errorf("%q is no seed; give a whole number that is not negative", argument)
		}
		rule = r
	case "strategy":
		rule = Strategy{Name: argument}
	case "top":
		numbers, err = integers(argument, 2)
		rule = Top{numbers[0], numbers[1]}
	case "halving":
		numbers, err = integers(argument, 2)
		rule = Halving{numbers[0], numbers[1]}
	case "power-law":
		numbers, err = integers(argument, 1)
		rule = PowerLaw{numbers[0]}
	case "decay":
		numbers, err = integers(argument, 2)
		rule = Decay{numbers[0], numbers[1]}
	default:
		for _, r := range []Rule{LossAtInit{}, StackLast{}, MIDAS{}, Oracle{}} {
			if s == r.String() {
				return r, nil
			}
		}
		return nil, fmt.Errorf("there is no selection rule %q: choose %s", s, forms)
	}
	if err != nil {
		return nil, fmt.Errorf("rule %q: %w", s, err)
	}
	if err := rule.Validate(math.MaxInt); err != nil {
		return nil, err
	}
	return rule, nil
}

// integers reads whole numbers with commas between. It returns as many as it
// should even with an error.
func integers(s string, want int) ([]int, error) {
	numbers := make([]int, want)
	fields := strings.Split(s, ",")
	if len(fields) != want {
		return numbers, fmt.Errorf("it takes whole numbers, %d of them; the forms are %s", want, forms)
	}
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			return numbers, fmt.Errorf("%q is no whole number; the forms are %s", field, forms)
		}
		numbers[i] = n
	}
	return numbers, nil
}

// All returns the rules that a study with that lag and that many training steps
// compares, LAG first and the oracle last; those that do not fit the training
// are left out.
//
// Numbers are chosen for about the extra cost of LAG: successive halving begins
// at half the lag, which comes to the same cost in a pool of 16, and a decay
// branch takes the last fifth of the lag. Top trains three candidates to the end
// and costs more.
func All(lag, steps int) []Rule {
	branch := max(1, lag/5)
	candidates := []Rule{
		LAG{lag}, LossAtInit{}, Random{Seed: 1}, StackLast{}, MIDAS{}, Top{3, lag}, Halving{2, max(1, lag/2)},
		PowerLaw{lag}, Decay{lag - branch, branch}, Oracle{},
	}
	var rules []Rule
	for _, r := range candidates {
		if r.Validate(steps) == nil {
			rules = append(rules, r)
		}
	}
	return rules
}
