"""How much the final order of the strategies in one study is that in another.

    python notebooks/results/order.py notebooks/results/studies/*/

For each pair of studies: Spearman's rho of the final losses, means over the seeds, over the strategies
that both have. Controls are left out.
"""

import pathlib
import sys

import pandas
from scipy import stats


def finals(directory):
    """The mean final loss of each strategy, over the seeds."""
    curves = pandas.read_csv(directory / "curves.csv")
    curves = curves[~curves["strategy"].str.startswith("control: ")]
    return curves.drop_duplicates(["strategy", "seed"]).groupby("strategy")["final"].mean()


def rho(a, b):
    """Spearman's rho of the strategies that both have; of no meaning where these are few."""
    both = a.index.intersection(b.index)
    return stats.spearmanr(a[both], b[both]).statistic


def main(directories):
    studies = {directory.name: finals(directory) for directory in map(pathlib.Path, directories)}
    table = pandas.DataFrame({a: {b: rho(studies[a], studies[b]) for b in studies} for a in studies})
    print(table.round(2).to_string())


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1:])
