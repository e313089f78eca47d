"""Computes numbers of studies once more, with scipy, from their curves.csv.

    python notebooks/results/check.py notebooks/results/studies/*/ notebooks/results/stackings/*/

For each study: the final losses (column final), Spearman's rho of the loss at initialization and
at the lag with them (mean over the seeds), Kendall's tau-b and Pearson's r at the lag, the regret
of LAG's picks, the share of pairs that the mean losses at the lag order as at the end, and the regret on
a seed that the pick has not seen. For each stacking, of each arm: the mean final loss, and its
difference from the best arm with the standard error, paired by seed. They must agree with
result.json, foresight.csv and stacking_result.json to 1e-6.
"""

import json
import math
import pathlib
import sys

import numpy as np
import pandas
from scipy import stats

TOLERANCE = 1e-6


def numbers(directory):
    """(name, here, in the study's files) for each number."""
    result = json.loads((directory / "result.json").read_text())
    foresight = pandas.read_csv(directory / "foresight.csv").set_index("step")
    curves = pandas.read_csv(directory / "curves.csv")
    curves = curves[~curves["strategy"].str.startswith("control: ")]
    pool = curves["strategy"].unique()  # of losses that are equal the first in the pool is picked
    at = {step: t.pivot(index="seed", columns="strategy", values="loss")[pool] for step, t in curves.groupby("step")}
    lag, end, last = result["probe_steps"], result["steps"], max(1, result.get("final_evaluations", 0))
    final = curves[curves["step"] == end].pivot(index="seed", columns="strategy", values="final")[pool]
    if not np.isfinite(at[end].to_numpy()).all():
        sys.exit(f"{directory}: a strategy diverged; this file does not know how they rank")
    # The final loss is the last evaluation, or the mean of the last ones.
    recomputed = sum(at[step] for step in sorted(at)[-last:]) / last
    yield "greatest difference of a final loss", (recomputed - final).abs().to_numpy().max(), 0.0

    def over_seeds(step, f):
        return np.mean([f(at[step].loc[seed], final.loc[seed]) for seed in final.index])

    recorded = {c["step"]: c for c in result["correlation"]}
    yield "rho at initialization", over_seeds(0, lambda x, y: stats.spearmanr(x, y).statistic), recorded[0]["spearman"]
    yield "rho at the lag", over_seeds(lag, lambda x, y: stats.spearmanr(x, y).statistic), recorded[lag]["spearman"]
    yield "tau-b at the lag", over_seeds(lag, lambda x, y: stats.kendalltau(x, y).statistic), recorded[lag]["kendall"]
    yield "r at the lag", over_seeds(lag, lambda x, y: stats.pearsonr(x, y).statistic), recorded[lag]["pearson"]
    regrets = {r["rule"]: r["regret"] for r in result["rules"]}
    yield f"regret of lag:{lag}", over_seeds(lag, lambda x, y: y[x.idxmin()] - y.min()), regrets[f"lag:{lag}"]
    yield "regret of the loss at initialization", over_seeds(0, lambda x, y: y[x.idxmin()] - y.min()), regrets["loss-at-init"]
    early, ends = at[lag].mean().to_numpy(), final.mean().to_numpy()
    i, j = np.triu_indices(len(ends), 1)
    yield "decisions at the lag", np.mean(np.sign(early[i] - early[j]) == np.sign(ends[i] - ends[j])), foresight.loc[lag, "decision_accuracy"]
    if len(final) > 1:
        rest = {seed: (at[lag].drop(seed).mean().idxmin(), final.drop(seed).mean().idxmin()) for seed in final.index}
        here = np.mean([final.loc[seed, pick] - final.loc[seed, best] for seed, (pick, best) in rest.items()])
        yield "regret on a new seed at the lag", here, foresight.loc[lag, "new_seed_regret"]


def stacking_numbers(directory):
    """(name, here, in the stacking's file) for each number."""
    summary = json.loads((directory / "stacking_result.json").read_text())["summary"]
    curves = pandas.read_csv(directory / "curves.csv")
    last = curves.sort_values("step").groupby(["seed", "arm"])["loss"].last().unstack()
    best = last.mean().idxmin()
    for arm in summary:
        name, difference = arm["name"], last[arm["name"]] - last[best]
        yield f"{name}: final loss", last[name].mean(), arm["final"]
        yield f"{name}: above the best", difference.mean(), arm["difference"]
        if name != best and len(difference) > 1:
            yield f"{name}: standard error", stats.sem(difference), arm["error"]


def main(directories):
    worst = 0.0
    for directory in map(pathlib.Path, directories):
        print(directory)
        of = stacking_numbers if (directory / "stacking_result.json").exists() else numbers
        for name, here, there in of(directory):
            worst = max(worst, abs(here - there)) if math.isfinite(here) and math.isfinite(there) else math.inf
            print(f"  {name:40s} {here:.9f} {there:.9f}")
    if not worst <= TOLERANCE:
        sys.exit(f"numbers differ by {worst:.1e}")
    print(f"the greatest difference is {worst:.1e}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
