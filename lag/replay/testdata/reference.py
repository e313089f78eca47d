"""Writes the references of replay_test.go: small models as transformers saves them,
batches, and what 10 steps of training in PyTorch give.

    pip install -r parity/requirements.txt
    python reference.py

Made with Python 3.11, torch 2.15.0, transformers 4.57.3, numpy 2.4.6, safetensors 0.8.0.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "parity"))
import models  # noqa: E402

STEPS = 10
models.BERT["reference"] = (dict(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
                                 max_position_embeddings=14), dict(size=4, length=12))
models.T5["reference"] = (dict(vocab_size=40, d_model=16, d_kv=6, d_ff=24, num_layers=2, num_decoder_layers=1, num_heads=2),
                          dict(size=4, length=12, targets=7))
OPTIMIZERS = {
    "adamw": dict(name="adamw", lr=1e-2, beta1=0.9, beta2=0.99, eps=1e-6, weight_decay=0.1, clip_norm=0.5, warmup=4, schedule="constant"),
    "adafactor-relative": dict(name="adafactor", lr=None, eps=[1e-30, 1e-3], clip_threshold=1.0, decay_rate=-0.8, beta1=None,
                               weight_decay=0, scale_parameter=True, relative_step=True, warmup_init=False, clip_norm=None, warmup=0,
                               schedule="constant"),
    "adafactor-fixed": dict(name="adafactor", lr=1e-2, eps=[1e-20, 1e-2], clip_threshold=0.5, decay_rate=-0.7, beta1=0.8,
                            weight_decay=0.1, scale_parameter=False, relative_step=False, warmup_init=False, clip_norm=0.5, warmup=4,
                            schedule="constant"),
}

torch.set_num_threads(1)
for family in "bert", "t5":
    model, shape = models.make(family, "reference")
    directory = here / family
    model.save_pretrained(directory)
    (directory / "generation_config.json").unlink(missing_ok=True)
    many = models.batches(family, model.config.vocab_size, STEPS, shape)
    if family == "t5":  # as PyTorch's own collators make them
        many = {name: a.astype(np.int64) for name, a in many.items()}
    save_file(many, directory / "batches.safetensors")
    save_file({"logits": models.logits(model, many)}, directory / "logits.safetensors")
    expected = {}
    for name, optimizer in OPTIMIZERS.items():
        model, _ = models.make(family, "reference")
        losses, norms, _ = models.train(model, many, optimizer, STEPS)
        expected[name] = dict(
            optimizer=optimizer, losses=losses, grad_norms=norms,
            weights={n: float(f"{p.detach().double().norm():.8g}") for n, p in model.named_parameters()},  # Euclidean norms
        )
    (directory / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
