"""BERT's masked language model in PyTorch, with logits at the masked positions only."""

import re

import torch
from torch import nn
from torch.nn import functional as F

from common import buckets

RENAMED = [  # names here, and those of transformers
    (r"^layers\.(\d+)\.(query|key|value)\.", r"bert.encoder.layer.\1.attention.self.\2."),
    (r"^layers\.(\d+)\.out\.", r"bert.encoder.layer.\1.attention.output.dense."),
    (r"^layers\.(\d+)\.norm1\.", r"bert.encoder.layer.\1.attention.output.LayerNorm."),
    (r"^layers\.(\d+)\.up\.", r"bert.encoder.layer.\1.intermediate.dense."),
    (r"^layers\.(\d+)\.down\.", r"bert.encoder.layer.\1.output.dense."),
    (r"^layers\.(\d+)\.norm2\.", r"bert.encoder.layer.\1.output.LayerNorm."),
    (r"^words\.", "bert.embeddings.word_embeddings."),
    (r"^types\.", "bert.embeddings.token_type_embeddings."),
    (r"^positions\.", "bert.embeddings.position_embeddings."),
    (r"^relative\.", "bert.encoder.relative_attention_bias."),
    (r"^norm\.", "bert.embeddings.LayerNorm."),
    (r"^head\.", "cls.predictions.transform.dense."),
    (r"^head_norm\.", "cls.predictions.transform.LayerNorm."),
    (r"^bias$", "cls.predictions.bias"),
]


def original(name):
    """The name that transformers and lag have for a parameter."""
    for pattern, replacement in RENAMED:
        name, found = re.subn(pattern, replacement, name)
        if found:
            return name
    raise KeyError(name)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        H, F_ = c.hidden_size, c.intermediate_size
        self.heads = c.num_attention_heads
        self.query, self.key, self.value, self.out = (nn.Linear(H, H) for _ in range(4))
        self.up, self.down = nn.Linear(H, F_), nn.Linear(F_, H)
        self.norm1, self.norm2 = (nn.LayerNorm(H, eps=c.layer_norm_eps) for _ in range(2))

    def forward(self, x, bias):
        B, L, H = x.shape
        q, k, v = (f(x).view(B, L, self.heads, -1).transpose(1, 2) for f in (self.query, self.key, self.value))
        context = F.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).reshape(B, L, H)
        x = self.norm1(x + self.out(context))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    """The loss of a batch in nats per predicted token, as the objective and as the report."""

    def __init__(self, c, length):
        super().__init__()
        H = c.hidden_size
        self.words, self.types = nn.Embedding(c.vocab_size, H), nn.Embedding(2, H)
        if c.position_embedding_type == "relative":
            self.relative = nn.Embedding(32, c.num_attention_heads)
            self.register_buffer("buckets", torch.from_numpy(buckets(length, length, 32, 128, True)), persistent=False)
        else:
            self.positions = nn.Embedding(c.max_position_embeddings, H)
        self.norm = nn.LayerNorm(H, eps=c.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.head, self.head_norm = nn.Linear(H, H), nn.LayerNorm(H, eps=c.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(c.vocab_size))

    def forward(self, input_ids, positions, labels, weights):
        B, L = input_ids.shape
        x, bias = self.words(input_ids) + self.types.weight[0], None
        if hasattr(self, "relative"):
            bias = self.relative(self.buckets).permute(2, 0, 1).unsqueeze(0)
        else:
            x = x + self.positions.weight[:L]
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, bias)
        x = x.gather(1, positions.unsqueeze(-1).expand(-1, -1, x.shape[-1])).flatten(0, 1)
        x = self.head_norm(F.gelu(self.head(x)))
        logits = F.linear(x, self.words.weight, self.bias).to(torch.float32)
        each = F.cross_entropy(logits, labels.flatten(), reduction="none")
        loss = (each * weights.flatten()).sum() / weights.sum()
        return loss, loss
