"""Reads event files with TensorBoard's own reader, as its server does.

usage: read.py DIRECTORY

For each line of standard input it reads what is new, and writes one line of JSON:
{run: {tag: [[step, wall time, value], ...]}}.

bytes.py wrote reference.hex with tensorboard 2.21.0 and protobuf 7.36.2.
"""

import json
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing import plugin_event_multiplexer

multiplexer = plugin_event_multiplexer.EventMultiplexer(
    size_guidance={event_accumulator.TENSORS: 0}, tensor_size_guidance={"scalars": 0})
for _ in sys.stdin:
    multiplexer.AddRunsFromDirectory(sys.argv[1])
    multiplexer.Reload()
    runs = {}
    for run in sorted(multiplexer.Runs()):
        accumulator = multiplexer.GetAccumulator(run)
        runs[run] = {
            tag: [[e.step, e.wall_time, float(e.tensor_proto.float_val[0])] for e in accumulator.Tensors(tag)]
            for tag in accumulator.Tags()["tensors"]
        }
    print(json.dumps(runs), flush=True)
