"""Makes optimizers.json: what independent optimizers make of given parameters and gradients.

    pip install torch==2.15.0 transformers==4.57.3 numpy==2.4.6   # "versions" in optimizers.json says those used
    python lag/train/testdata/optimizers.py > lag/train/testdata/optimizers.json

AdamW is torch.optim.AdamW, Adafactor that of transformers, LAMB is written here from You et al.
2020, algorithm 2, in float64. Parameters and gradients are not stored: both sides compute them from
formulas, see parameter() and gradient() here and in reference_test.go.
"""

import json
import math

import numpy as np
import torch
import transformers
from transformers.optimization import Adafactor

UPDATES, KEPT = 20, (1, 2, 20)
# name, shape, whether weight decay applies
TENSORS = [
    ("matrix", [4, 6], True),
    ("embedding", [6, 3], True),  # row 2 never has a gradient, row 4 at every fifth update
    ("cube", [2, 3, 4], True),
    ("zero", [3, 4], True),  # starts at zero, as an output projection after growth
    ("bias", [5], False),
]


def parameter(index, name, shape):
    n = int(np.prod(shape))
    i = np.arange(n, dtype=np.float64)
    values = 0.2 * np.sin(1.0 + 0.7 * index + 1.3 * i + 0.01 * index * i)
    if name == "zero":
        values = 0 * values
    return values.astype(np.float32).reshape(shape)


def gradient(index, name, shape, t):
    n = int(np.prod(shape))
    i = np.arange(n, dtype=np.float64)
    values = 10.0 ** -(i % 4) * np.sin(2.0 + 0.9 * index + 1.1 * i + 0.5 * t + 0.02 * t * i)
    values = values.reshape(shape)
    if name == "embedding":
        values[2] = 0
        if t % 5 != 0:
            values[4] = 0
    return values.astype(np.float32)


def rate(t, peak):
    return peak * min(1.0, (t + 1) / 5)


def torch_case(settings, peak):
    tensors = [torch.nn.Parameter(torch.from_numpy(parameter(i, name, shape))) for i, (name, shape, _) in enumerate(TENSORS)]
    groups = [
        {"params": [p for p, (_, _, decay) in zip(tensors, TENSORS) if decay], "weight_decay": settings["weight_decay"]},
        {"params": [p for p, (_, _, decay) in zip(tensors, TENSORS) if not decay], "weight_decay": 0.0},
    ]
    if settings["name"] == "adamw":
        optimizer = torch.optim.AdamW(groups, lr=peak, betas=(settings["beta1"], settings["beta2"]), eps=settings["eps"])
    else:
        optimizer = Adafactor(
            groups,
            lr=None if settings["relative_step"] else peak,
            eps=(settings["eps1"], settings["eps2"]),
            clip_threshold=settings["clip_threshold"],
            decay_rate=settings["decay_rate"],
            beta1=settings["beta1"] or None,
            scale_parameter=settings["scale_parameter"],
            relative_step=settings["relative_step"],
            warmup_init=settings["warmup_init"],
        )
    kept = []
    for t in range(UPDATES):
        for i, (p, (name, shape, _)) in enumerate(zip(tensors, TENSORS)):
            p.grad = torch.from_numpy(gradient(i, name, shape, t))
        if settings["clip_norm"]:
            torch.nn.utils.clip_grad_norm_(tensors, settings["clip_norm"])
        for group in optimizer.param_groups:
            if group["lr"] is not None:
                group["lr"] = rate(t, peak)
        optimizer.step()
        if t + 1 in KEPT:
            kept.append([p.detach().numpy().ravel().astype(np.float64).tolist() for p in tensors])
    return kept


def lamb_case(settings, peak):
    """You et al. 2020, algorithm 2, with phi the identity; no ratio and no decay for biases."""
    b1, b2 = settings["beta1"], settings["beta2"]
    tensors = [parameter(i, name, shape).astype(np.float64) for i, (name, shape, _) in enumerate(TENSORS)]
    m = [np.zeros_like(p) for p in tensors]
    v = [np.zeros_like(p) for p in tensors]
    kept = []
    for t in range(UPDATES):
        gradients = [gradient(i, name, shape, t).astype(np.float64) for i, (name, shape, _) in enumerate(TENSORS)]
        norm = math.sqrt(sum((g**2).sum() for g in gradients))
        if settings["clip_norm"]:
            gradients = [g * min(1.0, settings["clip_norm"] / (norm + 1e-6)) for g in gradients]
        for i, (p, g) in enumerate(zip(tensors, gradients)):
            m[i] = b1 * m[i] + (1 - b1) * g
            v[i] = b2 * v[i] + (1 - b2) * g**2
            r = (m[i] / (1 - b1 ** (t + 1))) / (np.sqrt(v[i] / (1 - b2 ** (t + 1))) + settings["eps"])
            ratio = 1.0
            if TENSORS[i][2]:
                r = r + settings["weight_decay"] * p
                length, step = np.linalg.norm(p), np.linalg.norm(r)
                if length > 0 and step > 0:
                    ratio = length / step
            tensors[i] = p - rate(t, peak) * ratio * r
        if t + 1 in KEPT:
            kept.append([p.ravel().tolist() for p in tensors])
    return kept


ADAFACTOR = {
    "name": "adafactor", "eps1": 1e-30, "eps2": 1e-3, "clip_threshold": 1.0, "decay_rate": -0.8, "beta1": 0.0,
    "weight_decay": 0.0, "scale_parameter": True, "relative_step": False, "warmup_init": False,
    "min_dim_size_to_factor": 0, "clip_norm": 0.0,
}
CASES = [
    ("adamw, as BERT", {"name": "adamw", "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.01, "clip_norm": 1.0}, 0.01),
    ("adamw, no clipping", {"name": "adamw", "beta1": 0.8, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1, "clip_norm": 0.0}, 0.02),
    ("adafactor, momentum and decay", ADAFACTOR | {"beta1": 0.9, "weight_decay": 0.1, "clip_norm": 1.0}, 0.05),
    ("adafactor, as T5", ADAFACTOR, 0.01),
    ("adafactor, relative step", ADAFACTOR | {"relative_step": True}, 1.0),
    ("adafactor, relative step that warms up", ADAFACTOR | {"relative_step": True, "warmup_init": True}, 1.0),
    ("adafactor, absolute rate", ADAFACTOR | {"scale_parameter": False, "clip_threshold": 0.5, "decay_rate": -0.5,
     "eps1": 1e-6, "eps2": 1e-2, "weight_decay": 0.01}, 0.01),
    ("lamb", {"name": "lamb", "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.01, "clip_norm": 1.0}, 0.05),
]

out = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__},
       "updates": KEPT, "cases": []}
for name, settings, peak in CASES:
    # transformers has no rate beside the relative step; ours multiplies it, by 1 here.
    constant = settings.get("relative_step", False)
    kept = lamb_case(settings, peak) if settings["name"] == "lamb" else torch_case(settings, peak)
    values = [[[float(f"{x:.9g}") for x in tensor] for tensor in state] for state in kept]
    out["cases"].append({"name": name, "optimizer": settings, "peak": peak, "warmup": 0 if constant else 5, "parameters": values})
lines = [json.dumps(c) for c in out.pop("cases")]
print(json.dumps(out)[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}")
