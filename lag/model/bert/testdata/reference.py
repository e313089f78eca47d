"""Makes reference.json: what an independent PyTorch BERT gives for the same weights and batches.

    pip install torch==2.13.0 numpy==2.4.6     # see "versions" in reference.json for those used
    python lag/model/bert/testdata/reference.py > lag/model/bert/testdata/reference.json

The model is written from Devlin et al. 2019 with torch.nn and torch.nn.functional alone
(post-norm, GELU by erf, tied output embeddings). Weights are not stored: both sides compute them
from a formula of the parameter's place in the list and the element's index, see weight() here and
in reference_test.go. Losses are those of ten AdamW steps on three batches in turn.
"""

import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

V, H, LAYERS, HEADS, FF, LENGTH, BATCH, PREDICTIONS, STEPS = 37, 16, 2, 4, 64, 12, 3, 2, 10
EPS = 1e-12


def weight(index, shape, name):
    """Deterministic small numbers; 1 + a smaller number for the scales of layer norms."""
    n = int(np.prod(shape))
    i = np.arange(n, dtype=np.float64)
    values = 0.2 * np.sin(1.0 + 0.7 * index + 1.3 * i + 0.01 * index * i)
    if name.endswith("LayerNorm.weight"):
        values = 1 + 0.1 * values
    return torch.tensor(values.reshape(shape), dtype=torch.float32)


def parameters(positions):
    names = [("bert.embeddings.word_embeddings.weight", (V, H))]
    if positions == "relative":
        names.append(("bert.encoder.relative_attention_bias.weight", (32, HEADS)))
    else:
        names.append(("bert.embeddings.position_embeddings.weight", (LENGTH, H)))
    names.append(("bert.embeddings.token_type_embeddings.weight", (2, H)))

    def dense(name, inputs, outputs):
        names.extend([(name + ".weight", (outputs, inputs)), (name + ".bias", (outputs,))])

    def norm(name):
        names.extend([(name + ".weight", (H,)), (name + ".bias", (H,))])

    norm("bert.embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = f"bert.encoder.layer.{i}."
        for part in ("query", "key", "value"):
            dense(layer + "attention.self." + part, H, H)
        dense(layer + "attention.output.dense", H, H)
        norm(layer + "attention.output.LayerNorm")
        dense(layer + "intermediate.dense", H, FF)
        dense(layer + "output.dense", FF, H)
        norm(layer + "output.LayerNorm")
    dense("cls.predictions.transform.dense", H, H)
    norm("cls.predictions.transform.LayerNorm")
    names.append(("cls.predictions.bias", (V,)))
    return {name: weight(i, shape, name).requires_grad_() for i, (name, shape) in enumerate(names)}


def bucket(distance, buckets=32, max_distance=128):
    """T5's relative position bucket, bidirectional (transformers, T5Attention._relative_position_bucket)."""
    distance = torch.as_tensor(distance)
    buckets //= 2
    result = (distance > 0).long() * buckets
    distance = distance.abs()
    exact = buckets // 2
    large = exact + (torch.log(distance.float() / exact) / math.log(max_distance / exact) * (buckets - exact)).long()
    large = torch.minimum(large, torch.full_like(large, buckets - 1))
    return result + torch.where(distance < exact, distance, large)


def encode(p, tokens, positions):
    def linear(name, x):
        return F.linear(x, p[name + ".weight"], p[name + ".bias"])

    def norm(name, x):
        return F.layer_norm(x, (H,), p[name + ".weight"], p[name + ".bias"], EPS)

    x = F.embedding(tokens, p["bert.embeddings.word_embeddings.weight"]) + p["bert.embeddings.token_type_embeddings.weight"][0]
    bias = 0.0
    if positions == "relative":
        place = torch.arange(LENGTH)
        table = p["bert.encoder.relative_attention_bias.weight"]
        bias = table[bucket(place[None, :] - place[:, None])].permute(2, 0, 1)[None]
    else:
        x = x + p["bert.embeddings.position_embeddings.weight"]
    x = norm("bert.embeddings.LayerNorm", x)
    split = lambda t: t.view(BATCH, LENGTH, HEADS, H // HEADS).transpose(1, 2)
    for i in range(LAYERS):
        layer = f"bert.encoder.layer.{i}."
        q, k, v = (split(linear(layer + "attention.self." + part, x)) for part in ("query", "key", "value"))
        scores = q @ k.transpose(2, 3) / math.sqrt(H // HEADS) + bias
        context = (scores.softmax(-1) @ v).transpose(1, 2).reshape(BATCH, LENGTH, H)
        x = norm(layer + "attention.output.LayerNorm", x + linear(layer + "attention.output.dense", context))
        inner = F.gelu(linear(layer + "intermediate.dense", x))
        x = norm(layer + "output.LayerNorm", x + linear(layer + "output.dense", inner))
    return x


def logits_of(p, hidden):
    x = F.linear(hidden, p["cls.predictions.transform.dense.weight"], p["cls.predictions.transform.dense.bias"])
    name = "cls.predictions.transform.LayerNorm"
    x = F.layer_norm(F.gelu(x), (H,), p[name + ".weight"], p[name + ".bias"], EPS)
    return x @ p["bert.embeddings.word_embeddings.weight"].T + p["cls.predictions.bias"]


def batch(step):
    """Tokens, positions, labels and weights by formula; the last slot of the last row is unused."""
    b, l = np.meshgrid(np.arange(BATCH), np.arange(LENGTH), indexing="ij")
    tokens = (7 * l + 11 * b + 5 * step + l * b) % V
    r, j = np.meshgrid(np.arange(BATCH), np.arange(PREDICTIONS), indexing="ij")
    positions = (2 + 5 * j + r + step) % LENGTH
    labels = (3 * positions + 13 * r + step) % V
    weights = np.ones((BATCH, PREDICTIONS))
    weights[-1, -1] = 0
    return [torch.tensor(a) for a in (tokens, positions, labels)] + [torch.tensor(weights, dtype=torch.float32)]


def run(positions):
    p = parameters(positions)
    decay = [t for n, t in p.items() if not n.endswith(".bias") and "LayerNorm" not in n]
    rest = [t for n, t in p.items() if n.endswith(".bias") or "LayerNorm" in n]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}],
        lr=5e-3, betas=(0.9, 0.999), eps=1e-6)
    result = {"positions": positions, "losses": [], "gradient_norms": []}
    for step in range(STEPS):
        tokens, places, labels, weights = batch(step % 3)
        hidden = encode(p, tokens, positions)
        picked = hidden[torch.arange(BATCH)[:, None], places].reshape(-1, H)
        logits = logits_of(p, picked)
        loss = (F.cross_entropy(logits, labels.reshape(-1), reduction="none") * weights.reshape(-1)).sum() / weights.sum()
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(p.values()), 1.0)
        if step == 0:
            result["logits"] = logits.detach().reshape(-1).tolist()
        result["losses"].append(loss.item())
        result["gradient_norms"].append(norm.item())
        optimizer.step()
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)
    json.dump({"versions": {"torch": torch.__version__, "numpy": np.__version__, "python": sys.version.split()[0]},
               "runs": [run("learned"), run("relative")]}, sys.stdout)
