"""Random models of transformers, random batches that can be learned, and the
training loop that `lag replay` is to follow."""

import time

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration
from transformers.optimization import Adafactor

IGNORED = -100  # the label of a position that is not predicted

# Shapes by family and size: the model, then the batch. T5's encoder and decoder
# differ in depth where they may, so that neither is taken for the other. The Base
# sizes are the published ones.
BERT = {
    "tiny": (dict(vocab_size=256, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                  max_position_embeddings=40), dict(size=8, length=32)),
    "small": (dict(vocab_size=1000, hidden_size=96, num_hidden_layers=4, num_attention_heads=4, intermediate_size=200,
                   max_position_embeddings=64), dict(size=8, length=64)),
    "base": (dict(), dict(size=8, length=128)),
}
T5 = {
    "tiny": (dict(vocab_size=256, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_decoder_layers=2, num_heads=4),
             dict(size=8, length=32, targets=12)),
    "small": (dict(vocab_size=1000, d_model=96, d_kv=16, d_ff=200, num_layers=3, num_decoder_layers=4, num_heads=4),
              dict(size=8, length=160, targets=30)),
    "base": (dict(vocab_size=32128, d_model=768, d_kv=64, d_ff=2048, num_layers=12, num_decoder_layers=12, num_heads=12),
             dict(size=8, length=128, targets=32)),
}


def make(family, size, seed=0):
    """A model with random weights, in evaluation mode, and the shape of its batches.

    Biases and the scales of norms, which transformers sets to 0 and 1, are drawn too:
    else a confusion of two of them would go unseen. T5's head, which transformers 4
    draws with a standard deviation of 1, is drawn for logits of order 1, as T5 itself
    draws it (Mesh TensorFlow's dense layers). Logits of order 28, as base has them
    otherwise, cannot be compared to 2e-4 in float32: from float64 PyTorch is 1.5e-4 off,
    and XLA, which sums matrix products in longer runs, 3.2e-4."""
    torch.manual_seed(seed)
    if family == "bert":
        shape, batch = BERT[size]
        model = BertForMaskedLM(BertConfig(**shape))
    else:
        shape, batch = T5[size]
        model = T5ForConditionalGeneration(T5Config(
            **shape, feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0))
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim == 1:
                p.add_(0.05 * torch.randn_like(p))
        if family == "t5":
            own_head(model)
    return model.eval(), batch


def own_head(model):
    """Gives a T5 a head of its own. transformers 5 ties the head of every new model,
    and takes another one only from a checkpoint."""
    scale = model.config.d_model**-0.5
    model.lm_head.weight = torch.nn.Parameter(scale * torch.randn_like(model.lm_head.weight))
    getattr(model, "all_tied_weights_keys", {}).pop("lm_head.weight", None)


def sequences(rng, vocab, size, length):
    """Sequences with something to learn: half of the tokens follow from the one before,
    the others have the frequencies of words, 1 over their rank (Zipf)."""
    follows = 3 + np.random.default_rng(0).permutation(vocab - 3)
    frequencies = 1 / np.arange(1, vocab - 2)
    tokens = 3 + rng.choice(vocab - 3, (size, length), p=frequencies / frequencies.sum())
    certain = rng.random((size, length)) < 0.5
    for i in range(1, length):
        tokens[:, i] = np.where(certain[:, i], follows[tokens[:, i - 1] - 3], tokens[:, i])
    return tokens


def padding(rng, size, length):
    """A mask [size, length]: the first row is full, the others lack up to half."""
    lengths = rng.integers(length // 2, length + 1, size)
    lengths[0] = length
    return (np.arange(length) < lengths[:, None]).astype(np.int64)


def bert_batch(rng, vocab, size, length):
    """One batch: padding, two token types, a seventh of the tokens predicted and mostly
    masked (token 2), and one row in which nothing is predicted."""
    tokens, mask = sequences(rng, vocab, size, length), padding(rng, size, length)
    types = (np.arange(length) >= rng.integers(1, length, size)[:, None]) * mask
    predicted = (rng.random((size, length)) < 1 / 7) & (mask == 1)
    predicted[:, 0] = True
    predicted[1] = False
    labels = np.where(predicted, tokens, IGNORED)
    inputs = np.where(predicted & (rng.random((size, length)) < 0.8), 2, tokens) * mask
    return dict(input_ids=inputs, attention_mask=mask, token_type_ids=types, labels=labels)


def t5_batch(rng, vocab, size, length, targets):
    """One batch: the targets are the beginning of the inputs, both padded with token 0.
    The decoder reads them one place to the right, after token 0."""
    inputs, mask, target_mask = sequences(rng, vocab, size, length), padding(rng, size, length), padding(rng, size, targets)
    labels = inputs[:, :targets] * target_mask
    decoder = np.concatenate([np.zeros((size, 1), np.int64), labels[:, :-1]], axis=1)
    return dict(input_ids=inputs * mask, attention_mask=mask, decoder_input_ids=decoder, labels=np.where(target_mask == 1, labels, IGNORED))


def batches(family, vocab, n, shape, seed=1):
    """n batches, each name stacked to int32 [n, size, length]."""
    rng = np.random.default_rng(seed)
    one = bert_batch if family == "bert" else t5_batch
    many = [one(rng, vocab, **shape) for _ in range(n)]
    return {name: np.stack([b[name] for b in many]).astype(np.int32) for name in many[0]}


def batch_of(many, i):
    return {name: torch.from_numpy(a[i]).long() for name, a in many.items()}


@torch.no_grad()
def logits(model, many):
    """Logits of the first batch."""
    return model(**batch_of(many, 0)).logits.numpy()


def optimizer_of(model, o):
    """The optimizer that an opt.json describes. Weight decay applies to tensors of two
    or more dimensions."""
    parameters = list(model.parameters())
    groups = [dict(params=[p for p in parameters if p.ndim >= 2], weight_decay=o["weight_decay"]),
              dict(params=[p for p in parameters if p.ndim < 2], weight_decay=0.0)]
    if o["name"] == "adamw":
        return torch.optim.AdamW(groups, lr=o["lr"], betas=(o["beta1"], o["beta2"]), eps=o["eps"], fused=True)
    return Adafactor(groups, lr=o["lr"], eps=tuple(o["eps"]), clip_threshold=o["clip_threshold"], decay_rate=o["decay_rate"],
                     beta1=o["beta1"], scale_parameter=o["scale_parameter"], relative_step=o["relative_step"],
                     warmup_init=o["warmup_init"])


def train(model, many, o, steps):
    """Trains the model in place, without dropout; returns losses, gradient norms and
    seconds of the steps. A loss is the one before its step's update."""
    optimizer, parameters = optimizer_of(model, o), list(model.parameters())
    losses, norms, seconds = [], [], []
    for step in range(steps):
        start = time.perf_counter()
        if o["lr"] is not None:
            for group in optimizer.param_groups:
                group["lr"] = o["lr"] * min(1, (step + 1) / max(o["warmup"], 1))
        optimizer.zero_grad()
        loss = model(**batch_of(many, step)).loss
        loss.backward()
        # Without a limit the norm is only measured.
        norm = torch.nn.utils.clip_grad_norm_(parameters, o["clip_norm"] or float("inf"))
        optimizer.step()
        losses.append(loss.item())
        norms.append(norm.item())
        seconds.append(time.perf_counter() - start)
    return losses, norms, seconds
