package selection

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/lag/internal/registry"
)

// Kind is a kind of rules that [Parse] reads: a name and, after a colon, the
// rule's parameters.
type Kind struct {
	Form  string // syntax, such as "lag:K"; the part before the colon is the kind's name
	Help  string // what its rules pick, such as "the lowest loss after K steps"
	Parse func(argument string) (Rule, error)
}

// Name returns the name of the kind.
func (k Kind) Name() string {
	name, _, _ := strings.Cut(k.Form, ":")
	return name
}

var registered = registry.New("selection", "kinds of rules", Kind.Name)

// OnRegister has a function called after each registration that follows.
func OnRegister(f func()) { registered.OnRegister(f) }

// Register adds a kind of rules, such as a user's own, so that configurations
// can name them. It panics if there is a kind with that name.
func Register(k Kind) { registered.Register(k) }

// Kinds returns the registered kinds of rules, ordered by name.
func Kinds() []Kind { return registered.All() }

// Plain returns the kind of a rule without parameters.
func Plain(r Rule, help string) Kind {
	return Kind{r.String(), help, func(argument string) (Rule, error) {
		if argument != "" {
			return nil, fmt.Errorf("it has no parameter, but %q was given", argument)
		}
		return r, nil
	}}
}

// Integers returns a Parse function for a [Kind] whose parameters are integers
// separated by commas, as many as the length of the array.
func Integers[N [1]int | [2]int](rule func(numbers N) Rule) func(argument string) (Rule, error) {
	return func(argument string) (Rule, error) {
		var numbers N
		fields := strings.Split(argument, ",")
		if len(fields) != len(numbers) {
			what := "one whole number as its parameter"
			if len(numbers) > 1 {
				what = fmt.Sprintf("%d whole numbers, separated by commas, as its parameters", len(numbers))
			}
			return nil, fmt.Errorf("it has %s, and several rules are separated by spaces", what)
		}
		for i, field := range fields {
			n, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("%q is not a whole number", field)
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

// UnknownRuleError is the error for a rule whose kind is not registered.
type UnknownRuleError struct{ Rule string }

func (e *UnknownRuleError) Error() string {
	kind, _, _ := strings.Cut(e.Rule, ":")
	return fmt.Sprintf("there is no selection rule %q%s; the rules are %s", e.Rule, closest.Hint(kind, registered.Names()), Forms())
}

// Parse reads a rule of a registered kind in the syntax of its String method;
// see [Kinds]. It returns an error if a number is invalid for every training;
// [Rule.Validate] checks a rule for one training.
func Parse(s string) (Rule, error) {
	name, argument, colon := strings.Cut(s, ":")
	kind, ok := registered.Find(name)
	if !ok {
		return nil, &UnknownRuleError{s}
	}
	rule, err := kind.Parse(argument)
	if err == nil && colon && argument == "" {
		err = fmt.Errorf("nothing follows the colon")
	}
	if err != nil {
		return nil, fmt.Errorf("rule %q: %w; write %s", s, err, kind.Form)
	}
	if err := rule.Validate(math.MaxInt); err != nil {
		return nil, err
	}
	return rule, nil
}

// All returns rules of all kinds that depend on losses or need none, for a study with
// that lag and number of training steps, LAG first and the oracle last. It omits
// rules that do not fit the training. A study compares those of [Default].
//
// The parameters give about the same extra cost as LAG: successive halving
// starts at half the lag, which has the same cost in a pool of 16, and a decay
// branch takes the last fifth of the lag. Top trains three candidates to the
// end and costs more.
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

// Default returns the rules that a study with that lag and number of training steps
// compares if it names none: those of [All], with a race instead of the power law. The
// race costs at most what LAG costs, and looks at steps that are evaluated anyway. Why
// the power law is not among them is said at [PowerLaw].
func Default(lag, steps int) []Rule {
	rules := All(lag, steps)
	rules = slices.DeleteFunc(rules, func(r Rule) bool { _, is := r.(PowerLaw); return is })
	if race := raceBefore(lag); lag > 1 && race.Validate(steps) == nil {
		end := max(0, len(rules)-1) // the oracle stays the last
		rules = slices.Insert(rules, end, Rule(race))
	}
	return rules
}

// raceBefore returns a race whose looks are among the steps 1, 2, 5, 10, 20, 50, ...,
// at which a study evaluates all candidates, and not after the lag.
func raceBefore(lag int) Race {
	switch {
	case lag < 10:
		return Race{Doublings: 1, First: 1}
	case lag < 20:
		return Race{Doublings: 1, First: 5}
	}
	r := Race{Doublings: 2, First: 5}
	for 10*r.First <= lag/4 {
		r.First *= 10
	}
	return r
}
