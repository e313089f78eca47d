package result

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/landscape-aware/growing/lag/growth"
)

// Limits of what a result can contain. They are far above what a computation
// gives, but what is drawn or printed stays finite.
const (
	maxStep  = 1_000_000_000_000 // training steps
	maxCount = 1 << 53           // other counts, such as parameters
	maxValue = 1e45              // losses are float32 and at most 3.4e38
)

// checkValues returns an error if a number or a text of a result is impossible
// to draw, such as a text with control characters, which a terminal would obey.
// value is a struct; path names it in the error.
func checkValues(path string, value reflect.Value) error {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			return checkValues(path, value.Elem())
		}
	case reflect.Struct:
		for i := range value.NumField() {
			f := value.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || name == "seed" || name == "seeds" { // a seed is any number
				continue
			}
			if !f.Anonymous {
				name = path + "." + name
			} else {
				name = path
			}
			if err := checkValues(strings.TrimPrefix(name, "."), value.Field(i)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range value.Len() {
			if err := checkValues(fmt.Sprintf("%s[%d]", path, i), value.Index(i)); err != nil {
				return err
			}
		}
	case reflect.String:
		return checkText(path, value.String())
	case reflect.Int, reflect.Int64:
		n, least, most := value.Int(), int64(0), int64(maxCount)
		if strings.Contains(path, "step") {
			most = maxStep
		}
		if strings.Contains(path, "map[") {
			least = growth.New
		}
		if n < least || n > most {
			return fmt.Errorf("%s is %d, outside [%d, %d]", path, n, least, most)
		}
	case reflect.Float64:
		if x := value.Float(); math.Abs(x) > maxValue { // false for NaN, which stands for null
			return fmt.Errorf("%s is %g, which is not possible", path, x)
		} else if x < 0 && strings.HasSuffix(path, "flops") {
			return fmt.Errorf("%s is %g, a cost below 0", path, x)
		}
	}
	return nil
}

// checkText returns an error if a text has control characters other than tabs
// and line ends, which messages of a device have.
func checkText(path, text string) error {
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return fmt.Errorf("%s contains the control character %U", path, r)
		}
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s is not UTF-8", path)
	}
	return nil
}

// within returns an error unless a number that is not null is in a range.
func within(what string, value Number, low, high float64) error {
	const rounding = 1e-9
	if x := float64(value); x < low-rounding || x > high+rounding {
		return fmt.Errorf("%s is %g, outside [%g, %g]", what, x, low, high)
	}
	return nil
}

// checkCorrelation checks the ranges of a correlation and its interval.
func checkCorrelation(what string, c Correlation) error {
	for _, v := range []Number{c.Pearson, c.Spearman, c.Kendall, c.SpearmanLo, c.SpearmanHi} {
		if err := within("the correlation of "+what, v, -1, 1); err != nil {
			return err
		}
	}
	if c.Step < 0 {
		return fmt.Errorf("the correlation of %s is at step %d", what, c.Step)
	}
	if c.SpearmanLo > c.SpearmanHi+1e-9 {
		return fmt.Errorf("the interval of the correlation of %s is from %g to %g", what, float64(c.SpearmanLo), float64(c.SpearmanHi))
	}
	return nil
}

// checkAnalysis checks the ranges of what was computed from the outcomes of a
// study.
func (r *Study) checkAnalysis() error {
	for i, c := range r.Correlation {
		if i > 0 && c.Step <= r.Correlation[i-1].Step {
			return fmt.Errorf("the correlations are not in the order of their steps")
		}
		if err := checkCorrelation(fmt.Sprintf("step %d", c.Step), c); err != nil {
			return err
		}
	}
	for _, s := range r.Signals {
		if err := checkCorrelation(s.Describe(), s.Correlation); err != nil {
			return err
		}
	}
	for _, p := range r.Picks {
		if err := errors.Join(within("the regret of rule "+p.Rule, p.Regret, 0, math.Inf(1)), within("the normalized regret of rule "+p.Rule, p.RegretNorm, 0, math.Inf(1))); err != nil {
			return err
		}
	}
	for _, s := range r.Rules {
		if err := within("the regret of rule "+s.Rule, s.Regret, 0, math.Inf(1)); err != nil {
			return err
		}
		for _, hit := range []float64{s.Hit1, s.Hit3} {
			if err := within("the share of hits of rule "+s.Rule, Number(hit), 0, 1); err != nil {
				return err
			}
		}
	}
	for _, c := range r.Comparisons {
		if err := within(fmt.Sprintf("the share of candidates below control %q", c.Control), c.BeatenBy, 0, 1); err != nil {
			return err
		}
	}
	n := r.Noise
	for what, share := range map[string]Number{"at the end": n.Separable, "at the lag": n.SeparableAtLag} {
		if err := within("the share of pairs told apart "+what, share, 0, 1); err != nil {
			return err
		}
	}
	for what, spread := range map[string]Number{"the strategies": n.Strategies, "the seeds": n.Seeds, "a pair": n.PairError, "a pair at the lag": n.PairErrorAtLag, "noise": n.Ratio} {
		if err := within("the spread of "+what, spread, 0, maxValue); err != nil {
			return err
		}
	}
	return nil
}
