"""What the peers share: the files of a shape, the positions' buckets, and the protocol.

The directory of a shape holds settings.json (model, optimizer, which parameters decay),
weights.safetensors (the initial weights, named as in transformers) and batches.safetensors
(N batches, stacked). lag reads the same files.
"""

import json
import math
import pathlib
import sys
import types

import numpy as np
from safetensors.numpy import load_file


def load(directory):
    """The settings, the weights by name, and a list of batches."""
    directory = pathlib.Path(directory)
    settings = json.loads((directory / "settings.json").read_text())
    weights = load_file(directory / "weights.safetensors")
    stacked = load_file(directory / "batches.safetensors")
    count = len(next(iter(stacked.values())))
    batches = [{name: values[i] for name, values in stacked.items()} for i in range(count)]
    settings["model"] = types.SimpleNamespace(**settings["model"])
    return types.SimpleNamespace(**settings), weights, batches


def buckets(queries, keys, count, furthest, bidirectional):
    """The row of the table of relative positions for each query and key (Raffel et al. 2020)."""
    distance = np.arange(keys)[None, :] - np.arange(queries)[:, None]
    first = 0
    if bidirectional:
        count //= 2
        first = np.where(distance > 0, count, 0)
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = count // 2
    ratio = np.log(np.maximum(distance, 1).astype(np.float32) / np.float32(exact)) / np.float32(math.log(furthest / exact))
    far = np.minimum(exact + (ratio * np.float32(count - exact)).astype(np.int32), count - 1)
    return first + np.where(distance < exact, distance, far)


def serve(step, versions):
    """Answers requests, one a line: {"steps": n} trains n steps and answers with their losses."""
    say = sys.stdout
    sys.stdout = sys.stderr  # nothing else may write between the answers
    print(json.dumps({"versions": versions}), file=say, flush=True)
    for line in sys.stdin:
        losses = [step() for _ in range(json.loads(line)["steps"])]
        print(json.dumps({"losses": losses}), file=say, flush=True)
