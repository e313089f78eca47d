"""T5's checkpoints, see shapes.py."""

import json

import torch
import transformers
from transformers import MT5Config, MT5ForConditionalGeneration, T5EncoderModel, T5Model, T5TokenizerFast, UMT5Config, UMT5ForConditionalGeneration

import texts
from shapes import change, shape, t5

FIVE = int(transformers.__version__.split(".")[0]) >= 5


@shape()
def t5_own_head(d):  # T5 v1.1 and FLAN-T5
    return t5(d, own=True, tie_word_embeddings=False)


@shape()
def t5_tied(d):
    return t5(d)


@shape()
def t5_tied_not_scaled(d):
    """Only version 5 has this. What version 4 saves has the same head twice."""
    model = t5(d, tie_word_embeddings=False, save=False)
    with torch.no_grad():
        model.shared.weight.mul_(24**-0.5)  # for logits of order 1
        if not FIVE:
            model.lm_head.weight.copy_(model.shared.weight)
    model.save_pretrained(d)
    return model


@shape()
def t5_own_head_scaled(d):
    return t5(d, own=True) if FIVE else NotImplemented


@shape()
def t5_silu(d):  # UL2
    return t5(d, own=True, tie_word_embeddings=False, feed_forward_proj="gated-silu")


@shape()
def t5_deep_decoder(d):
    return t5(d, own=True, tie_word_embeddings=False, num_layers=1, num_decoder_layers=3)


@shape()
def t5_sharded(d):
    model = t5(d, own=True, tie_word_embeddings=False, save=False)
    model.save_pretrained(d, max_shard_size="20KB")
    assert (d / "model.safetensors.index.json").exists()
    return model


@shape()
def t5_bfloat16(d):
    model = t5(d, own=True, tie_word_embeddings=False, save=False).bfloat16()
    model.save_pretrained(d)
    return model


@shape()
def t5_tokenizer(d):
    tokenizer = texts.t5()
    tokenizer.save_pretrained(d)
    return t5(d, own=True, tie_word_embeddings=False, vocab_size=-(-len(tokenizer) // 128) * 128)


@shape()
def t5_tokenizer_class(d):
    """As T5's own class saves it."""
    texts.t5().save_pretrained(d)
    (d / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "T5Tokenizer", "extra_ids": 100, "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
        "additional_special_tokens": [f"<extra_id_{i}>" for i in range(100)]}))
    tokenizer = T5TokenizerFast.from_pretrained(d)
    tokenizer.save_pretrained(d)
    return t5(d, own=True, tie_word_embeddings=False, vocab_size=-(-len(tokenizer) // 128) * 128)


@shape()
def t5_embeddings_three_times(d):
    model = t5(d, own=True, tie_word_embeddings=False)
    change(d, lambda t: t | {f"{stack}.embed_tokens.weight": t["shared.weight"] for stack in ("encoder", "decoder")})
    return model


@shape()
def t5_embeddings_of_the_encoder(d):
    model = t5(d)
    change(d, lambda t: {("encoder.embed_tokens.weight" if name == "shared.weight" else name): x for name, x in t.items()})
    return model


@shape()
def t5_aliases(d):
    model = t5(d)
    aliases = {"d_model": "hidden_size", "num_layers": "num_hidden_layers", "num_heads": "num_attention_heads", "d_kv": "head_dim"}
    change(d, config=lambda c: {aliases.get(name, name): value for name, value in c.items()})
    return model


@shape()
def t5_python_numbers(d):
    model = t5(d)
    change(d, config=lambda c: c | {"some_limit": float("inf"), "some_number": float("nan")})
    return model


@shape('feed_forward_proj is "relu"')
def t5_first_version(d):
    t5(d, feed_forward_proj="relu")


@shape("T5EncoderModel")
def t5_encoder(d):
    t5(d, T5EncoderModel)


@shape("lm_head.weight")
def t5_body(d):
    t5(d, T5Model, tie_word_embeddings=False)


@shape("decoder.embed_tokens.weight is not equal")
def t5_two_embeddings(d):
    t5(d)
    change(d, lambda t: t | {"decoder.embed_tokens.weight": t["shared.weight"] + 1})


@shape("00002")
def t5_missing_shard(d):
    t5_sharded(d)
    next(d.glob("model-00002-of-*")).unlink()


@shape('"mt5"')
def mt5(d):
    t5(d, MT5ForConditionalGeneration, MT5Config)


@shape('"umt5"')
def umt5(d):
    t5(d, UMT5ForConditionalGeneration, UMT5Config)
