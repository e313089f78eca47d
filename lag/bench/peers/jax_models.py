"""BERT and T5 v1.1 in JAX, as functions of their parameters by name. Both return the loss
that training minimizes and the one that it reports."""

import jax
import numpy as np
from jax import numpy as jnp

from common import buckets

MASKED = -1e9


def dense(p, name, x):
    return x @ p[name + ".weight"].T + p[name + ".bias"]


def attention(q, k, v, heads, scale, bias):
    """q, k and v are [B, L, heads * D]."""
    q, k, v = (t.reshape(*t.shape[:2], heads, -1) for t in (q, k, v))
    context = jax.nn.dot_product_attention(q, k, v, bias=bias, scale=scale)
    return context.reshape(*context.shape[:2], -1)


def cross_entropy(logits, labels, weights):
    labels, weights = labels.reshape(-1), weights.reshape(-1)
    log_z = jax.nn.logsumexp(logits, -1)
    each = log_z - jnp.take_along_axis(logits, labels[:, None], -1)[:, 0]
    return (each * weights).sum() / weights.sum(), (jnp.square(log_z) * weights).sum() / weights.sum()


def relative(table, *shape):
    """The bias [1, heads, queries, keys] of a table of relative positions."""
    return jnp.take(table, buckets(*shape), axis=0).transpose(2, 0, 1)[None]


def bert(c):
    def norm(p, name, x):
        x = x - x.mean(-1, keepdims=True)
        return x / jnp.sqrt(jnp.square(x).mean(-1, keepdims=True) + c.layer_norm_eps) * p[name + ".weight"] + p[name + ".bias"]

    def gelu(x):
        return jax.nn.gelu(x, approximate=False)

    def loss(p, batch):
        tokens = batch["input_ids"]
        L, bias = tokens.shape[1], None
        x = p["bert.embeddings.word_embeddings.weight"][tokens] + p["bert.embeddings.token_type_embeddings.weight"][0]
        if c.position_embedding_type == "relative":
            bias = relative(p["bert.encoder.relative_attention_bias.weight"], L, L, 32, 128, True)
        else:
            x = x + p["bert.embeddings.position_embeddings.weight"][:L]
        x = norm(p, "bert.embeddings.LayerNorm", x)
        for i in range(c.num_hidden_layers):
            layer = f"bert.encoder.layer.{i}."
            q, k, v = (dense(p, f"{layer}attention.self.{name}", x) for name in ("query", "key", "value"))
            scale = (c.hidden_size // c.num_attention_heads) ** -0.5
            context = attention(q, k, v, c.num_attention_heads, scale, bias)
            x = norm(p, layer + "attention.output.LayerNorm", x + dense(p, layer + "attention.output.dense", context))
            inner = gelu(dense(p, layer + "intermediate.dense", x))
            x = norm(p, layer + "output.LayerNorm", x + dense(p, layer + "output.dense", inner))
        x = jnp.take_along_axis(x, batch["positions"][:, :, None], 1).reshape(-1, c.hidden_size)
        x = norm(p, "cls.predictions.transform.LayerNorm", gelu(dense(p, "cls.predictions.transform.dense", x)))
        logits = x @ p["bert.embeddings.word_embeddings.weight"].T + p["cls.predictions.bias"]
        mean, _ = cross_entropy(logits, batch["labels"], batch["weights"])
        return mean, mean

    return loss


def t5(c):
    def norm(p, name, x):
        return x / jnp.sqrt(jnp.square(x).mean(-1, keepdims=True) + c.layer_norm_epsilon) * p[name + ".weight"]

    def attend(p, layer, name, x, memory, bias):
        y = norm(p, layer + "layer_norm", x)
        memory = y if memory is None else memory
        q, k, v = (z @ p[f"{layer}{name}.{w}.weight"].T for w, z in (("q", y), ("k", memory), ("v", memory)))
        return x + attention(q, k, v, c.num_heads, 1.0, bias) @ p[f"{layer}{name}.o.weight"].T

    def feed_forward(p, layer, x):
        y = norm(p, layer + "layer_norm", x)
        wi_0, wi_1, wo = (p[f"{layer}DenseReluDense.{w}.weight"] for w in ("wi_0", "wi_1", "wo"))
        return x + (jax.nn.gelu(y @ wi_0.T, approximate=True) * (y @ wi_1.T)) @ wo.T

    def stack(p, name, layers, x, mask, encoded, padding):
        L = x.shape[1]
        table, both = p[name + ".relative_attention_bias.weight"], encoded is None
        bias = mask + relative(table, L, L, c.relative_attention_num_buckets, c.relative_attention_max_distance, both)
        for i in range(layers):
            layer = f"{name}.block.{i}.layer."
            x = attend(p, layer + "0.", "SelfAttention", x, None, bias)
            if encoded is not None:
                x = attend(p, layer + "1.", "EncDecAttention", x, encoded, padding)
            x = feed_forward(p, layer + ("1." if encoded is None else "2."), x)
        return norm(p, name + ".final_layer_norm", x)

    def loss(p, batch):
        padding = (1 - batch["attention_mask"].astype(jnp.float32))[:, None, None, :] * MASKED
        encoded = stack(p, "encoder", c.num_layers, p["shared.weight"][batch["input_ids"]], padding, None, None)
        L = batch["decoder_input_ids"].shape[1]
        causal = np.triu(np.full((1, 1, L, L), MASKED, np.float32), 1)
        x = stack(p, "decoder", c.num_decoder_layers, p["shared.weight"][batch["decoder_input_ids"]], causal, encoded, padding)
        logits = (x @ p["lm_head.weight"].T).reshape(-1, c.vocab_size)
        mean, z = cross_entropy(logits, batch["labels"], batch["weights"])
        return mean + c.z_loss * z, mean

    return loss


FAMILIES = {"bert": bert, "ul2": t5}
