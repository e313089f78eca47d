"""Makes cases.json: small cases of the formulas of T5's, UL2's and BERT's data.

    python3 cases.py | sed "s/},{/},\n{/g" > cases.json        (standard library alone; made with Python 3.12)

Written from the published code (T5's random_spans_helper,
random_spans_noise_mask, random_prefix_noise_mask, split_tokens; BERT's
create_pretraining_data.py), apart from the Go code that it checks. Python's
round() rounds half to even in float64.
"""

import itertools
import json

SETTINGS = [(0.15, 3.0), (0.15, 8.0), (0.5, 3.0), (0.5, 8.0), (0.15, 64.0), (0.5, 64.0), (0.3, 2.5), (0.25, 1.0)]


def counts(length, density, mean):
    length = max(length, 2)
    n = min(max(int(round(length * density)), 1), length - 1)
    return n, max(int(round(n / mean)), 1)


def lengths(inputs_length, density, mean):
    def of(tokens):
        noise = int(round(tokens * density))
        spans = int(round(noise / mean))
        return tokens - noise + spans + 1, noise + spans + 1

    tokens = 1
    while of(tokens + 1)[0] <= inputs_length:
        tokens += 1
    inputs, targets = of(tokens)
    if density == 0.5 and targets > inputs:
        tokens, targets = tokens - 1, targets - 1
    return tokens, targets


def corrupt(tokens, mask, first):
    def replace(hidden):
        out, sentinel = [], first
        for is_hidden, group in itertools.groupby(zip(mask, tokens), key=lambda p: p[0]):
            if is_hidden == hidden:
                out.append(sentinel)
                sentinel -= 1
            else:
                out += [t for _, t in group]
        return out

    return replace(1), replace(0)


def split(docs, size):
    flat = [t for d in docs for t in d if t != 0]
    return [flat[i:i + size] for i in range(0, len(flat), size)]


def prefix(length, density):
    most = length - 1
    return max(1, int(round((1 - 2 * density) * most))), most


masks = ["01", "001", "0101", "0011", "10", "1010", "1001", "100110", "0110", "000111000111", "110000011"]
docs = [[[7, 8, 9]], [[7], [8], [9, 10, 11]], [[], [7, 8]], [[7, 0, 8, 0, 9, 10]], []]
print(json.dumps({
    "predictions": [{"length": n, "most": m, "want": min(m, max(1, int(round(n * 0.15))))}
                    for n in (4, 9, 10, 30, 50, 63, 64, 70, 127, 190, 350) for m in (7, 1000)],
    "counts": [{"length": n, "density": d, "mean_span": m, "want": counts(n, d, m)}
               for d, m in SETTINGS for n in (1, 2, 5, 10, 47, 190, 333)],
    "lengths": [{"inputs": n, "density": d, "mean_span": m, "want": lengths(n, d, m)}
                for d, m in SETTINGS for n in (10, 48, 127, 300, 777)],
    "prefixes": [{"length": n, "density": d, "want": prefix(n, d)}
                 for n in (2, 5, 9, 33, 127) for d in (0.5, 0.35, 0.25, 0.05)],
    "corrupt": [dict(zip(("mask", "inputs", "targets"), (m, *corrupt(range(10, 10 + len(m)), [int(c) for c in m], 99))))
                for m in masks],
    "segments": [{"documents": d, "size": n, "want": split(d, n)} for d in docs for n in (1, 2, 4)],
}, separators=(",", ":")))
