package aggregate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/landscape-aware/growing/lag/result"
)

// Named is a study with the name that it has in a comparison.
type Named struct {
	Name string
	*result.Study
}

// Comparison is several studies side by side.
type Comparison struct {
	Studies []Compared

	// ByShare reports that the studies differ in their training steps after
	// growing, so that their curves are compared at equal shares of the training.
	ByShare bool

	Shared []string // strategies that all studies have
	Notes  []string // what makes the studies less comparable, in plain words

	lock    sync.Mutex // of budgets
	budgets *Budgets   // nil if not computed yet
}

// Compared is a study in a comparison.
type Compared struct {
	Named
	AtInit, AtLag float64  // Spearman's rho of the loss at step 0 and at the lag with the final loss; NaN if undefined
	LagShare      float64  // LagTime as a share of the training; NaN if there is none
	Rules         []Rule   // its rules, with their costs
	Missing       []string // strategies that another study has and this one has not
}

// At returns the place of a step on the axis of a comparison: the step, or its
// share of the training.
func (c *Comparison) At(s Compared, step int) float64 {
	if c.ByShare {
		return float64(step) / float64(max(s.Steps, 1))
	}
	return float64(step)
}

// Compare puts studies side by side. Names must differ.
func Compare(studies ...Named) (*Comparison, error) {
	if len(studies) == 0 {
		return nil, errors.New("there is no study to compare")
	}
	c := &Comparison{}
	count := make(map[string]int) // studies with a strategy
	var order []string
	for i, s := range studies {
		if slices.ContainsFunc(studies[:i], func(o Named) bool { return o.Name == s.Name }) {
			return nil, fmt.Errorf("two studies of the comparison are named %q; give each its own name", s.Name)
		}
		if s.Study == nil {
			return nil, fmt.Errorf("the study %q has no result", s.Name)
		}
		one := Compared{Named: s, AtInit: math.NaN(), AtLag: math.NaN(), LagShare: math.NaN(), Rules: Rules(s.Study)}
		for _, at := range s.Correlation {
			if at.Step == 0 {
				one.AtInit = float64(at.Spearman)
			}
			if at.Step == s.Lag {
				one.AtLag = float64(at.Spearman)
			}
		}
		if s.LagTime != nil {
			one.LagShare = float64(*s.LagTime) / float64(max(s.Steps, 1))
		}
		c.ByShare = c.ByShare || s.Steps != studies[0].Steps
		c.Studies = append(c.Studies, one)
		for _, name := range strategyNames(s.Study) {
			if count[name]++; count[name] == 1 {
				order = append(order, name)
			}
		}
	}
	for _, name := range order {
		if count[name] == len(studies) {
			c.Shared = append(c.Shared, name)
		}
	}
	for i := range c.Studies {
		own := strategyNames(c.Studies[i].Study)
		for _, name := range order {
			if !slices.Contains(own, name) {
				c.Studies[i].Missing = append(c.Studies[i].Missing, name)
			}
		}
	}
	c.note()
	return c, nil
}

// strategyNames returns the names of the strategies of a study, in the order of its
// pool.
func strategyNames(r *result.Study) (names []string) {
	for _, o := range r.Strategies[:min(r.PoolSize(), len(r.Strategies))] {
		names = append(names, o.Name)
	}
	return names
}

// note says what makes the studies less comparable.
func (c *Comparison) note() {
	add := func(format string, args ...any) { c.Notes = append(c.Notes, fmt.Sprintf(format, args...)) }
	if c.ByShare {
		add("The studies differ in their steps after growing, so curves and lag times are drawn against the share of the training, and tables have both.")
	}
	missing := 0
	for _, s := range c.Studies {
		if missing = max(missing, len(s.Missing)); len(s.Missing) > 0 && len(s.Missing) <= 6 {
			add("%s does not have %s.", s.Name, list(s.Missing))
		}
	}
	if missing > 0 {
		add("The studies do not have the same strategies (%d are in all of them), so correlations and regrets are over different pools.", len(c.Shared))
	}
	differs := func(what string, value func(Compared) string) {
		for _, s := range c.Studies {
			if value(s) != value(c.Studies[0]) {
				add("The studies differ in %s.", what)
				return
			}
		}
	}
	differs("their backends, whose last bits are not the same", func(s Compared) string { return s.Backend })
	differs("what a final loss is the mean of", func(s Compared) string { return s.FinalInWords() })
	differs("the number of their seeds, so their intervals are not equally wide", func(s Compared) string { return strconv.Itoa(len(s.Seeds)) })
}

// list joins names with commas and "or".
func list(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	text := names[0]
	for _, name := range names[1 : len(names)-1] {
		text += ", " + name
	}
	return text + " or " + names[len(names)-1]
}

// Setting is a field of configurations, with the value that each has.
type Setting struct {
	Name   string   // its path, such as "growth.schedule.steps"
	Values []string // as JSON, of each configuration; empty where it has no such field
}

// Differences returns the fields in which configurations differ, sorted by name.
// The name of a configuration does not count. Fields are found in their JSON, so
// configurations of any kind can be compared.
func Differences(configs ...any) ([]Setting, error) {
	all := make(map[string][]string)
	var names []string
	for i, config := range configs {
		text, err := json.Marshal(config)
		if err != nil {
			return nil, fmt.Errorf("comparing configurations: %w", err)
		}
		var fields any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&fields); err != nil {
			return nil, fmt.Errorf("comparing configurations: %w", err)
		}
		flatten("", fields, func(name, value string) {
			if all[name] == nil {
				all[name], names = make([]string, len(configs)), append(names, name)
			}
			all[name][i] = value
		})
	}
	var settings []Setting
	slices.Sort(names)
	for _, name := range names {
		values := all[name]
		if name != "name" && slices.ContainsFunc(values, func(v string) bool { return v != values[0] }) {
			settings = append(settings, Setting{name, values})
		}
	}
	return settings, nil
}

// flatten visits the fields of a value. Lists are values.
func flatten(name string, value any, visit func(name, value string)) {
	if fields, ok := value.(map[string]any); ok {
		for key, field := range fields {
			path := key
			if name != "" {
				path = name + "." + key
			}
			flatten(path, field, visit)
		}
		return
	}
	text, err := json.Marshal(value)
	if err != nil { // what was decoded can be encoded
		text = []byte(fmt.Sprint(value))
	}
	visit(name, string(text))
}
