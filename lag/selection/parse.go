package selection

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Kind is a kind of rules that [Parse] reads: a name and, after a colon, what
// sets its rules apart.
type Kind struct {
	Form  string // as it is written, "lag:K"; its part before the colon is the kind's name
	Help  string // what its rules pick: "the lowest loss after K steps"
	Parse func(argument string) (Rule, error)
}

// Name is the name of the kind.
func (k Kind) Name() string {
	name, _, _ := strings.Cut(k.Form, ":")
	return name
}

var registry struct {
	sync.Mutex
	kinds []Kind
}

// Register adds a kind of rules, so that a configuration can name them: one of a
// user's own, say. It panics if there is a kind of that name.
func Register(k Kind) {
	registry.Lock()
	defer registry.Unlock()
	if slices.ContainsFunc(registry.kinds, func(other Kind) bool { return other.Name() == k.Name() }) {
		panic(fmt.Errorf("selection: two kinds of rules are named %q; give each a name of its own", k.Name()))
	}
	registry.kinds = append(registry.kinds, k)
	slices.SortStableFunc(registry.kinds, func(a, b Kind) int { return strings.Compare(a.Name(), b.Name()) })
}

// Kinds returns the kinds of rules that are registered, by name.
func Kinds() []Kind {
	registry.Lock()
	defer registry.Unlock()
	return slices.Clone(registry.kinds)
}

// Plain returns the kind of a rule without numbers.
func Plain(r Rule, help string) Kind {
	return Kind{r.String(), help, func(argument string) (Rule, error) {
		if argument != "" {
			return nil, fmt.Errorf("it takes no %q", argument)
		}
		return r, nil
	}}
}

// Integers returns a Parse of whole numbers with commas between, as many as the
// array has, for a [Kind].
func Integers[N [1]int | [2]int](rule func(numbers N) Rule) func(argument string) (Rule, error) {
	return func(argument string) (Rule, error) {
		var numbers N
		fields := strings.Split(argument, ",")
		if len(fields) != len(numbers) {
			return nil, fmt.Errorf("it takes whole numbers, %d of them", len(numbers))
		}
		for i, field := range fields {
			n, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%q is no whole number", field)
			}
			numbers[i] = n
		}
		return rule(numbers), nil
	}
}

// Forms lists the forms of all kinds: "decay:K,D, halving:ETA,FIRST, ...".
func Forms() string {
	var forms []string
	for _, k := range Kinds() {
		forms = append(forms, k.Form)
	}
	return strings.Join(forms, ", ")
}

// UnknownRuleError is the error of a rule whose kind is not registered.
type UnknownRuleError struct{ Rule string }

func (e *UnknownRuleError) Error() string {
	return fmt.Sprintf("there is no selection rule %q: choose among %s", e.Rule, Forms())
}

// Parse reads a rule of a registered kind, as its String method writes it; see
// [Kinds]. It is an error if a number is impossible in any training;
// [Rule.Validate] says whether the rule fits a certain one.
func Parse(s string) (Rule, error) {
	name, argument, colon := strings.Cut(s, ":")
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name() == name })
	if i < 0 {
		return nil, &UnknownRuleError{s}
	}
	rule, err := kinds[i].Parse(argument)
	if err == nil && colon && argument == "" {
		err = fmt.Errorf("nothing follows the colon")
	}
	if err != nil {
		return nil, fmt.Errorf("rule %q: %w; write %s", s, err, kinds[i].Form)
	}
	if err := rule.Validate(math.MaxInt); err != nil {
		return nil, err
	}
	return rule, nil
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
