"""What the pick at initialization costs where strategies tie, and what a random pick costs.

    python notebooks/results/ties.py notebooks/results/studies/*/

For each study, means over the seeds: the regret of the first strategy in the pool with the lowest loss at
initialization, which is what the rule loss-at-init picks; the mean regret of all that have this loss, and of
all that are within 0.01 nats of it; and the mean and the median regret of the pool.
"""

import json
import pathlib
import sys

import numpy as np
import pandas

NEAR = 0.01  # nats; more than the start of random-top differs between seeds


def regrets(directory):
    """A row for each seed: first and mean of the tied, mean of the near, mean and median of the pool."""
    result = json.loads((directory / "result.json").read_text())
    curves = pandas.read_csv(directory / "curves.csv")
    curves = curves[~curves["strategy"].str.startswith("control: ")]
    pool = curves["strategy"].unique()  # in its order
    at = {step: t.pivot(index="seed", columns="strategy", values="loss")[pool] for step, t in curves.groupby("step")}
    for seed, final in at[result["steps"]].iterrows():
        regret, start = final - final.min(), at[0].loc[seed]
        tied, near = regret[start == start.min()], regret[start <= start.min() + NEAR]
        yield tied.iloc[0], tied.mean(), near.mean(), regret.mean(), regret.median()


def main(directories):
    print(f"| study | first of the tied | mean of the tied | mean within {NEAR} | random, mean | random, median |\n|{'---|' * 6}")
    for directory in map(pathlib.Path, directories):
        means = np.mean(list(regrets(directory)), axis=0)
        print(f"| `{directory.name}` | {' | '.join(f'{value:.4f}' for value in means)} |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
