"""Makes huggingface.json: what Hugging Face's models give for the same weights and batch.

    pip install torch==2.15.0 transformers==4.57.3    # see "versions" in huggingface.json for those used
    python lag/model/bert/testdata/huggingface.py > lag/model/bert/testdata/huggingface.json

BertForMaskedLM and BertForPreTraining are post-norm as published, MegatronBertForMaskedLM and
MegatronBertForPreTraining pre-norm. "logits" are those of the masked language model [B, L, V], or
those of the next sentence [B, 2] where that is trained too. The batch has token types and padding at the end, at the start
and in the middle. Weights are not stored: both sides compute them from a formula of the parameter's
name and the element's index, see weight() here and in huggingface_test.go.
"""

import json
import math
import sys
import zlib

import numpy as np
import torch
import transformers
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining
from transformers import MegatronBertConfig, MegatronBertForMaskedLM, MegatronBertForPreTraining

SHAPE = dict(vocab_size=37, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
             max_position_embeddings=14, layer_norm_eps=1e-12, hidden_act="gelu", hidden_dropout_prob=0.1,
             attention_probs_dropout_prob=0.1, attn_implementation="eager")
BATCH, LENGTH = 4, 11
PREDICTED = [[1, 4, 9], [2, 6, 0], [5, 10, 0], [4, 7, 0]]  # the 0 of a short row is an unused slot
USED = [[1, 1, 1], [1, 1, 0], [1, 1, 0], [1, 1, 0]]
NEXT = [0, 1, 1, 0]


def weight(name, shape):
    """Deterministic small numbers; 1 + a smaller number for the scales of layer norms."""
    i = np.arange(math.prod(shape), dtype=np.float64)
    values = 0.2 * np.sin(zlib.crc32(name.encode()) % 1000 + 1.3 * i)
    if len(shape) == 1 and name.endswith(".weight"):
        values = 1 + 0.1 * values
    return torch.tensor(values.reshape(tuple(shape)), dtype=torch.float32)


def batch():
    b, l = np.meshgrid(np.arange(BATCH), np.arange(LENGTH), indexing="ij")
    tokens = 1 + (7 * l + 11 * b + l * b) % (SHAPE["vocab_size"] - 1)  # no 0: PyTorch gives the padding token's embedding no gradient
    types = (l >= 5 + b % 3).astype(np.int64)
    mask = np.ones((BATCH, LENGTH), dtype=np.int64)
    mask[1, 7:] = 0
    mask[2, :4] = 0
    mask[3, 5:7] = 0
    labels = np.full((BATCH, LENGTH), -100)
    for row, (positions, used) in enumerate(zip(PREDICTED, USED)):
        for position, use in zip(positions, used):
            if use:
                labels[row, position] = (3 * position + 13 * row) % SHAPE["vocab_size"]
    return {"input_ids": tokens, "token_type_ids": types, "attention_mask": mask, "labels": labels}


def run(model, pre_norm, next_sentence):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weight(name, parameter.shape))
    model.eval()
    inputs = {name: torch.tensor(values) for name, values in batch().items()}
    if next_sentence:
        inputs["next_sentence_label"] = torch.tensor(NEXT)
    output = model(**inputs)
    output.loss.backward()
    squares = sum(parameter.grad.double().square().sum() for parameter in model.parameters() if parameter.grad is not None)
    result = {"model": type(model).__name__, "pre_norm": pre_norm, "next_sentence": next_sentence,
              "parameters": sum(parameter.numel() for parameter in model.parameters()),
              "loss": output.loss.item(), "gradient_norm": math.sqrt(squares)}
    logits = output.seq_relationship_logits if next_sentence else output.logits
    result["logits"] = [round(x, 8) for x in logits.detach().reshape(-1).tolist()]
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)
    bert, megatron = BertConfig(**SHAPE), MegatronBertConfig(**SHAPE)
    runs = [run(BertForMaskedLM(bert), False, False), run(BertForPreTraining(bert), False, True),
            run(MegatronBertForMaskedLM(megatron), True, False), run(MegatronBertForPreTraining(megatron), True, True)]
    inputs = {name: values.tolist() for name, values in batch().items() if name != "labels"}
    inputs.update(positions=PREDICTED, weights=USED, next_sentence_label=NEXT,
                  labels=[[(3 * p + 13 * row) % SHAPE["vocab_size"] for p in positions] for row, positions in enumerate(PREDICTED)])
    json.dump({"versions": {"transformers": transformers.__version__, "torch": torch.__version__,
                            "numpy": np.__version__, "python": sys.version.split()[0]},
               "inputs": inputs, "runs": runs}, sys.stdout)
