"""What the pick at initialization costs where strategies tie, and what a random pick costs.

    python notebooks/results/ties.py notebooks/results/studies/*/

For each study, means over the seeds: the regret of the first strategy in the pool with the lowest loss at
initialization, which is what the rule loss-at-init picks; the mean and the worst regret of all that have
this loss; and the mean and the median regret of the pool.
"""

import json
import pathlib
import sys

import numpy as np
import pandas


def regrets(directory):
    """A row for each seed: first, mean and worst of the tied, mean and median of the pool."""
    result = json.loads((directory / "result.json").read_text())
    curves = pandas.read_csv(directory / "curves.csv")
    curves = curves[~curves["strategy"].str.startswith("control: ")]
    pool = curves["strategy"].unique()  # in its order
    at = {step: t.pivot(index="seed", columns="strategy", values="loss")[pool] for step, t in curves.groupby("step")}
    for seed, final in at[result["steps"]].iterrows():
        regret, start = final - final.min(), at[0].loc[seed]
        tied = regret[start == start.min()]
        yield tied.iloc[0], tied.mean(), tied.max(), regret.mean(), regret.median()


def main(directories):
    print(f"| study | first of the tied | mean of the tied | worst of the tied | random, mean | random, median |\n|{'---|' * 6}")
    for directory in map(pathlib.Path, directories):
        means = np.mean(list(regrets(directory)), axis=0)
        print(f"| `{directory.name}` | {' | '.join(f'{value:.4f}' for value in means)} |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
