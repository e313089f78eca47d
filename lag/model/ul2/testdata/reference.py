"""Makes reference.json: what transformers' T5ForConditionalGeneration (v1.1) gives for the same weights and batches.

    pip install torch==2.15.0 transformers==4.57.3 numpy     # see "versions" in reference.json for those used
    python lag/model/ul2/testdata/reference.py > lag/model/ul2/testdata/reference.json

Weights are not stored: both sides compute them from a formula of the parameter's place in the list
of ul2.Config.Parameters and the element's index, see weight() here and in reference_test.go. Losses
are those of ten AdamW steps on three batches in turn, of which two have padding in the encoder.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
import transformers
from transformers import T5Config, T5ForConditionalGeneration

V, H, D, HEADS, FF, ENCODER, DECODER = 29, 16, 4, 3, 24, 2, 2
BUCKETS, MAX_DISTANCE = 8, 12
BATCH, INPUTS, TARGETS, STEPS = 2, 19, 9, 10


def weight(index, shape, name):
    """Numbers in [-0.3, 0.3) by integers, the same in every language; 1 + a smaller number for the scales of norms."""
    i = np.arange(int(np.prod(shape)), dtype=np.int64)
    values = 48271 * (i + 1) * (i + 31 * index + 17) % 65537 / 65537 * 0.6 - 0.3
    if name.endswith("norm.weight"):
        values = 1 + 0.2 * values
    return torch.tensor(values.reshape(shape), dtype=torch.float32)


def parameters(tied):
    """Names and shapes, in the order of ul2.Config.Parameters, under Hugging Face's names."""
    inner, names = HEADS * D, [("shared.weight", (V, H))]

    def attention(layer, kind):
        names.extend([(f"{layer}{kind}.{p}.weight", (inner, H)) for p in "qkv"])
        names.append((f"{layer}{kind}.o.weight", (H, inner)))
        names.append((layer + "layer_norm.weight", (H,)))

    def feed_forward(layer):
        names.extend([(f"{layer}DenseReluDense.{p}.weight", (FF, H)) for p in ("wi_0", "wi_1")])
        names.append((layer + "DenseReluDense.wo.weight", (H, FF)))
        names.append((layer + "layer_norm.weight", (H,)))

    for stack, depth in (("encoder", ENCODER), ("decoder", DECODER)):
        names.append((stack + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", (BUCKETS, HEADS)))
        for i in range(depth):
            layer = f"{stack}.block.{i}.layer."
            attention(layer + "0.", "SelfAttention")
            if stack == "decoder":
                attention(layer + "1.", "EncDecAttention")
            feed_forward(layer + ("2." if stack == "decoder" else "1."))
        names.append((stack + ".final_layer_norm.weight", (H,)))
    if not tied:
        names.append(("lm_head.weight", (V, H)))
    return names


def batch(step):
    """Inputs, their mask, decoder inputs, labels and weights by formula; weights are 0 where labels end."""
    b, i = np.meshgrid(np.arange(BATCH), np.arange(INPUTS), indexing="ij")
    tokens = (7 * i + 11 * b + 5 * step + i * b) % V
    mask = (i < INPUTS - 5 * b * step).astype(np.int64)
    b, t = np.meshgrid(np.arange(BATCH), np.arange(TARGETS), indexing="ij")
    labels = (3 * t + 13 * b + step + t * t * b) % V
    decoder = np.concatenate([np.zeros((BATCH, 1), dtype=np.int64), labels[:, :-1]], axis=1)
    weights = (t < TARGETS - 2 * b).astype(np.float32)
    return [torch.tensor(a) for a in (tokens * mask, mask, decoder, labels, weights)]


def run(activation, tied, z_loss):
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=V, d_model=H, d_kv=D, d_ff=FF, num_layers=ENCODER, num_decoder_layers=DECODER, num_heads=HEADS,
        relative_attention_num_buckets=BUCKETS, relative_attention_max_distance=MAX_DISTANCE, dropout_rate=0.1,
        layer_norm_epsilon=1e-6, feed_forward_proj=activation, tie_word_embeddings=tied, use_cache=False)).eval()
    ours, theirs = parameters(tied), dict(model.named_parameters())
    assert sorted(name for name, _ in ours) == sorted(theirs), sorted(theirs)
    for index, (name, shape) in enumerate(ours):
        assert tuple(theirs[name].shape) == shape, name
        theirs[name].data = weight(index, shape, name)
    model.tie_weights()
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in theirs.values() if p.dim() > 1], "weight_decay": 0.01},
         {"params": [p for p in theirs.values() if p.dim() == 1], "weight_decay": 0.0}],
        lr=5e-3, betas=(0.9, 0.999), eps=1e-6)
    result = {"activation": activation, "tied": tied, "z_loss": z_loss, "losses": [], "gradient_norms": []}
    for step in range(STEPS):
        tokens, mask, decoder, labels, weights = batch(step % 3)
        logits = model(input_ids=tokens, attention_mask=mask, decoder_input_ids=decoder).logits
        loss = (F.cross_entropy(logits.transpose(1, 2), labels, reduction="none") * weights).sum() / weights.sum()
        z = (logits.logsumexp(-1).square() * weights).sum() / weights.sum()
        optimizer.zero_grad()
        (loss + z_loss * z).backward()
        result["losses"].append(loss.item())
        result["gradient_norms"].append(torch.nn.utils.clip_grad_norm_(list(theirs.values()), 1.0).item())
        if step == 0:
            with torch.no_grad():  # the logits stored are those of the initial weights and of a batch with padding
                tokens, mask, decoder, _, _ = batch(1)
                initial = model(input_ids=tokens, attention_mask=mask, decoder_input_ids=decoder).logits
        optimizer.step()
    result["logits"] = [round(x, 7) for x in initial.reshape(-1).tolist()]
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)
    json.dump({"versions": {"torch": torch.__version__, "transformers": transformers.__version__,
                            "numpy": np.__version__, "python": sys.version.split()[0]},
               "runs": [run("gated-gelu", False, 0.0), run("gated-silu", True, 0.01)]}, sys.stdout)
