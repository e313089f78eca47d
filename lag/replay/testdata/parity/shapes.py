"""Helpers for directories of checkpoints as people have them. shapes_bert.py and
shapes_t5.py register the directories, side.py makes them."""

import json

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM, T5Config, T5ForConditionalGeneration

from models import own_head

BERT = dict(vocab_size=120, hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40, max_position_embeddings=24)
T5 = dict(vocab_size=120, d_model=24, d_kv=8, d_ff=40, num_layers=2, num_decoder_layers=2, num_heads=2, feed_forward_proj="gated-gelu",
          decoder_start_token_id=0)

cases = {}  # by name: the function that makes it, and the two texts of shape


def shape(refused=None, tokenizer_refused=None):
    """Registers a case. The function makes a directory and returns the model whose logits
    lag's are compared with. A text is what the error says if lag import refuses the
    directory, or lag data encode its tokenizer, which is not compared then."""
    def register(make):
        cases[make.__name__.replace("_", "-")] = make, refused, tokenizer_refused
        return make
    return register


def randomize(model):
    """Draws all weights for logits of order 1, and so that no two of a kind are equal."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 1:
                p.add_(0.05 * torch.randn_like(p))
            elif "t5" not in model.config.model_type:
                p.copy_(0.15 * torch.randn_like(p))
    return model.eval()


def bert(d, cls=BertForMaskedLM, config=BertConfig, save=True, **kwargs):
    model = randomize(cls(config(**BERT | kwargs)))
    if save:
        model.save_pretrained(d)
    return model


def t5(d, cls=T5ForConditionalGeneration, config=T5Config, own=False, save=True, **kwargs):
    model = randomize(cls(config(**T5 | kwargs)))
    if own:
        own_head(model)
    if save:
        model.save_pretrained(d)
    return model


def change(d, tensors=None, config=None):
    """Rewrites the tensors or the config.json of a directory."""
    if tensors:
        path = d / "model.safetensors"
        save_file({name: t.clone() for name, t in tensors(load_file(path)).items()}, path, {"format": "pt"})
    if config:
        path = d / "config.json"
        path.write_text(json.dumps(config(json.loads(path.read_text()))))


def renamed(*pairs):
    def rename(tensors):
        for old, new in pairs:
            tensors = {name.replace(old, new): t for name, t in tensors.items()}
        return tensors
    return rename
