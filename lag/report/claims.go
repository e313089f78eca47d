package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/result"
)

// ClaimsCSV writes the numbers of the figure [figure.Claims], with a line for each
// study. The first line has the names of the columns: study, source_loss and
// unigram_entropy (nats), kept and spread_init (see [aggregate.Beforehand]), strategies, seeds, steps, lag, lag_time (first step from
// which Spearman's rho stays at 0.9), rho_init, rho_init_lo, rho_init_hi, rho_lag,
// rho_lag_lo, rho_lag_hi, and the mean regrets in nats regret_init, regret_lag,
// regret_race and regret_random, with the race in the column race. What is undefined
// is left empty.
func ClaimsCSV(w io.Writer, c *aggregate.Comparison) error {
	lines := [][]string{{"study", "source_loss", "unigram_entropy", "kept", "spread_init", "strategies", "seeds", "steps", "lag", "lag_time", "rho_init", "rho_init_lo", "rho_init_hi",
		"rho_lag", "rho_lag_lo", "rho_lag_hi", "regret_init", "regret_lag", "regret_race", "regret_random", "race"}}
	for _, s := range c.Studies {
		before := s.Beforehand()
		line := []string{s.Name, exact(s.Source.Loss), exact(result.Number(s.Source.UnigramEntropy)),
			exact(result.Number(before.Kept)), exact(result.Number(before.Spread)), strconv.Itoa(s.PoolSize()), strconv.Itoa(len(s.Seeds)),
			strconv.Itoa(s.Steps), strconv.Itoa(s.Lag), ""}
		if s.LagTime != nil {
			line[len(line)-1] = strconv.Itoa(*s.LagTime)
		}
		for _, step := range []int{0, s.Lag} {
			rho := result.Correlation{Spearman: result.Undefined(), SpearmanLo: result.Undefined(), SpearmanHi: result.Undefined()}
			for _, one := range s.Correlation {
				if one.Step == step {
					rho = one
				}
			}
			line = append(line, exact(rho.Spearman), exact(rho.SpearmanLo), exact(rho.SpearmanHi))
		}
		race := ruleOf(s, func(r aggregate.Rule) bool { return strings.HasPrefix(r.Rule, "race:") })
		for _, rule := range []aggregate.Rule{ruleOf(s, named(result.RuleLossAtInit)), ruleOf(s, isLAG), race, ruleOf(s, named(result.RuleRandom))} {
			line = append(line, exact(rule.Regret))
		}
		lines = append(lines, append(line, race.Rule))
	}
	if err := csv.NewWriter(w).WriteAll(lines); err != nil {
		return fmt.Errorf("writing the claims as CSV: %w", err)
	}
	return nil
}
