"""T5 v1.1's encoder-decoder in PyTorch: gated GELU, a head of its own, z-loss."""

import torch
from torch import nn
from torch.nn import functional as F

from common import buckets

MASKED = -1e9


def original(name):
    """The name that transformers and lag have for a parameter."""
    for mine, theirs in (
        (".self.norm.", ".layer.0.layer_norm."), (".self.", ".layer.0.SelfAttention."),
        (".cross.norm.", ".layer.1.layer_norm."), (".cross.", ".layer.1.EncDecAttention."),
    ):
        name = name.replace(mine, theirs)
    last = ".layer.1." if name.startswith("encoder") else ".layer.2."
    name = name.replace(".feed.norm.", last + "layer_norm.").replace(".feed.", last + "DenseReluDense.")
    return name.replace(".norm.", ".final_layer_norm.").replace(".relative.", ".relative_attention_bias.")


class RMSNorm(nn.RMSNorm):
    def __init__(self, c):
        super().__init__(c.d_model, eps=c.layer_norm_epsilon)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        inner = c.num_heads * c.d_kv
        self.heads = c.num_heads
        self.q, self.k, self.v = (nn.Linear(c.d_model, inner, bias=False) for _ in range(3))
        self.o, self.norm = nn.Linear(inner, c.d_model, bias=False), RMSNorm(c)

    def forward(self, x, memory, bias):
        y = self.norm(x)
        memory = y if memory is None else memory
        q, k, v = (f(z).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f, z in ((self.q, y), (self.k, memory), (self.v, memory)))
        context = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=1.0)
        return x + self.o(context.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.wi_0, self.wi_1 = (nn.Linear(c.d_model, c.d_ff, bias=False) for _ in range(2))
        self.wo, self.norm = nn.Linear(c.d_ff, c.d_model, bias=False), RMSNorm(c)

    def forward(self, x):
        y = self.norm(x)
        return x + self.wo(F.gelu(self.wi_0(y), approximate="tanh") * self.wi_1(y))


class Block(nn.Module):
    def __init__(self, c, cross):
        super().__init__()
        self.add_module("self", Attention(c))
        self.cross = Attention(c) if cross else None
        self.feed = FeedForward(c)

    def forward(self, x, bias, encoded=None, padding=None):
        x = getattr(self, "self")(x, None, bias)
        if self.cross is not None:
            x = self.cross(x, encoded, padding)
        return self.feed(x)


class Stack(nn.Module):
    def __init__(self, c, layers, length, cross):
        super().__init__()
        self.relative = nn.Embedding(c.relative_attention_num_buckets, c.num_heads)
        table = buckets(length, length, c.relative_attention_num_buckets, c.relative_attention_max_distance, not cross)
        self.register_buffer("buckets", torch.from_numpy(table), persistent=False)
        self.block = nn.ModuleList(Block(c, cross) for _ in range(layers))
        self.norm = RMSNorm(c)

    def forward(self, x, mask, encoded=None, padding=None):
        bias = self.relative(self.buckets).permute(2, 0, 1).unsqueeze(0) + mask
        for block in self.block:
            x = block(x, bias, encoded, padding)
        return self.norm(x)


class T5(nn.Module):
    """The loss of a batch: the objective with z-loss, and the cross-entropy, which is reported."""

    def __init__(self, c, inputs, targets):
        super().__init__()
        self.z_loss = c.z_loss
        self.shared = nn.Embedding(c.vocab_size, c.d_model)
        self.encoder = Stack(c, c.num_layers, inputs, False)
        self.decoder = Stack(c, c.num_decoder_layers, targets, True)
        self.lm_head = nn.Linear(c.d_model, c.vocab_size, bias=False)
        causal = torch.full((1, 1, targets, targets), MASKED).triu(1)
        self.register_buffer("causal", causal, persistent=False)

    def forward(self, input_ids, attention_mask, decoder_input_ids, labels, weights):
        padding = (1 - attention_mask.to(torch.float32))[:, None, None, :] * MASKED
        encoded = self.encoder(self.shared(input_ids), padding)
        x = self.decoder(self.shared(decoder_input_ids), self.causal, encoded, padding)
        logits = self.lm_head(x).flatten(0, 1).to(torch.float32)
        weights = weights.flatten()
        each = F.cross_entropy(logits, labels.flatten(), reduction="none")
        loss = (each * weights).sum() / weights.sum()
        log_z = torch.logsumexp(logits, -1)
        return loss + self.z_loss * (weights * log_z.square()).sum() / weights.sum(), loss
