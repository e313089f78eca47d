"""Writes reference.json: correlations as scipy computes them.

Made with Python 3, numpy==2.4.6, scipy==1.17.1:

    python -m venv ref && ref/bin/pip install numpy==2.4.6 scipy==1.17.1
    ref/bin/python lag/stats/testdata/reference.py

NaN is written as null: scipy returns it for a constant sample.
"""

import json
import math
import pathlib
import warnings

import numpy as np
import scipy
from scipy import stats

warnings.simplefilter("ignore", stats.ConstantInputWarning)
rng = np.random.Generator(np.random.PCG64(20240609))


def cases():
    for n in (2, 3, 5, 16, 45):
        x = rng.normal(4, 0.1, n)
        yield f"normal, n={n}", x, 0.7 * x + rng.normal(0, 0.05, n)
        yield f"independent, n={n}", x, rng.normal(0, 1, n)
    for n in (4, 8, 16, 45):
        yield f"many ties, n={n}", rng.integers(0, 4, n).astype(float), rng.integers(0, 3, n).astype(float)
        x = np.round(rng.normal(4, 0.1, n), 2)
        yield f"losses rounded to 0.01, n={n}", x, np.round(x + rng.normal(0, 0.05, n), 2)
    x = np.arange(10.0)
    yield "increasing", x, x**3
    yield "decreasing", x, -(x**3)
    yield "large offset", 1e6 + rng.normal(0, 1e-3, 16), 1e6 + rng.normal(0, 1e-3, 16)
    yield "tied in x only", np.array([1.0, 1, 2, 2, 3]), np.array([3.0, 1, 2, 5, 4])
    yield "constant x", np.full(6, 0.1), rng.normal(0, 1, 6)
    yield "constant y", rng.normal(0, 1, 6), np.full(6, 0.1)


def number(v):
    return None if math.isnan(v) else float(v)


out = {"numpy": np.__version__, "scipy": scipy.__version__, "cases": []}
for name, x, y in cases():
    out["cases"].append({
        "name": name,
        "x": x.tolist(),
        "y": y.tolist(),
        "ranks": stats.rankdata(x, method="average").tolist(),
        "pearson": number(stats.pearsonr(x, y).statistic),
        "spearman": number(stats.spearmanr(x, y).statistic),
        "kendall": number(stats.kendalltau(x, y, variant="b").statistic),
    })
path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(out, separators=(",", ":")).replace("{\"name\"", "\n{\"name\"") + "\n")
