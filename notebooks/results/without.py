"""What a family of strategies does to rho: with and without the strategies whose name contains a word.

    python notebooks/results/without.py gated notebooks/results/studies/*/

For each study: Spearman's rho of the loss at initialization and at the lag with the final loss, mean
over the seeds, and the mean regret of the lowest loss at initialization (of equal losses the first),
over all strategies and over the others.
"""

import json
import pathlib
import sys

import numpy as np
import pandas
from scipy import stats


def numbers(directory, left_out):
    """rho at initialization, rho at the lag, and the regret at initialization."""
    result = json.loads((directory / "result.json").read_text())
    curves = pandas.read_csv(directory / "curves.csv")
    curves = curves[~curves["strategy"].str.startswith("control: ")]
    pool = [name for name in curves["strategy"].unique() if not left_out or left_out not in name]
    at = {step: t.pivot(index="seed", columns="strategy", values="loss")[pool] for step, t in curves.groupby("step")}
    final = at[result["steps"]]

    def mean(f):
        return np.mean([f(seed) for seed in final.index])

    def rho(step):
        return mean(lambda seed: stats.spearmanr(at[step].loc[seed], final.loc[seed]).statistic)

    regret = mean(lambda seed: final.loc[seed, at[0].loc[seed].idxmin()] - final.loc[seed].min())
    return rho(0), rho(result["probe_steps"]), regret


def main(word, directories):
    print(f"| study | rho at 0 | without | rho at the lag | without | regret at 0 | without |\n|{'---|' * 7}")
    for directory in map(pathlib.Path, directories):
        pairs = zip(numbers(directory, None), numbers(directory, word))
        cells = [f"{value:.{digits}f}" for digits, pair in zip((2, 2, 4), pairs) for value in pair]
        print(f"| `{directory.name}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
