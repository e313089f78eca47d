"""The loss of the first batch with the initial weights, by transformers: python reference.py DIR

An independent check of the mathematics; transformers has no relative positions in BERT.
"""

import json
import sys

import torch
import transformers

import common


def bert(c, weights, batch):
    config = transformers.BertConfig(
        vocab_size=c.vocab_size, hidden_size=c.hidden_size, num_hidden_layers=c.num_hidden_layers,
        num_attention_heads=c.num_attention_heads, intermediate_size=c.intermediate_size,
        max_position_embeddings=c.max_position_embeddings, layer_norm_eps=c.layer_norm_eps, hidden_dropout_prob=0,
        attention_probs_dropout_prob=0,
    )
    model = transformers.BertForMaskedLM(config)
    fill(model, weights)
    labels = torch.full_like(batch["input_ids"], -100).scatter(1, batch["positions"], batch["labels"])
    return model(input_ids=batch["input_ids"], labels=labels).loss


def t5(c, weights, batch):
    config = transformers.T5Config(
        vocab_size=c.vocab_size, d_model=c.d_model, d_kv=c.d_kv, num_heads=c.num_heads, d_ff=c.d_ff, num_layers=c.num_layers,
        num_decoder_layers=c.num_decoder_layers, feed_forward_proj="gated-gelu", tie_word_embeddings=False, dropout_rate=0,
        layer_norm_epsilon=c.layer_norm_epsilon,
    )
    config.tie_word_embeddings, config.scale_decoder_outputs = False, False  # transformers 5 sets both to True
    model = transformers.T5ForConditionalGeneration(config)
    for stack in ("encoder", "decoder"):  # each stack's table of positions belongs to its first layer there
        table = weights.pop(f"{stack}.relative_attention_bias.weight")
        weights[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = table
        weights[f"{stack}.embed_tokens.weight"] = weights["shared.weight"]
    fill(model, weights)
    labels = batch["labels"].masked_fill(batch["weights"] == 0, -100)
    ids = {name: batch[name] for name in ("input_ids", "attention_mask", "decoder_input_ids")}
    return model(**ids, labels=labels).loss


def fill(model, weights):
    missing = model.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()}, strict=False)
    owned = {name for name, _ in model.named_parameters()}
    if missing.unexpected_keys or owned & set(missing.missing_keys):
        sys.exit(f"the weights do not fit: {missing}")
    model.eval()


def main():
    settings, weights, batches = common.load(sys.argv[1])
    torch.set_num_threads(settings.threads)
    batch = {name: torch.from_numpy(values) for name, values in batches[0].items()}
    batch = {name: t if t.is_floating_point() else t.long() for name, t in batch.items()}
    with torch.no_grad():
        loss = {"bert": bert, "ul2": t5}[settings.family](settings.model, weights, batch)
    print(json.dumps({"losses": [loss.item()], "versions": {"transformers": transformers.__version__}}))


main()
