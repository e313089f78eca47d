"""Makes checkpoints with the transformers that is installed, and loads what lag
exported from them. checkpoints.py runs it.

    python side.py make DIRECTORY       # makes all, and cases.json, which describes them
    python side.py check DIRECTORY...   # compares those in DIRECTORY/back with them
"""

import json
import os
import pathlib
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is loaded: nothing is to be downloaded

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoTokenizer

import shapes
import shapes_bert  # it and the next register the cases
import shapes_t5
import texts

LIMIT = 1e-5  # of the logits, which are of order 1
SIZE, LENGTH, TARGETS, TOKENS = 3, 20, 9, 100  # of the batch


def batch():
    """The inputs of every model, [SIZE, LENGTH] and [SIZE, TARGETS], with padding."""
    g = torch.Generator().manual_seed(3)
    mask = (torch.arange(LENGTH) < torch.tensor([[LENGTH], [LENGTH - 5], [LENGTH - 11]])).long()
    decoder = torch.randint(3, TOKENS, (SIZE, TARGETS), generator=g)
    decoder[:, 0] = 0
    return dict(input_ids=torch.randint(3, TOKENS, (SIZE, LENGTH), generator=g) * mask, attention_mask=mask,
                token_type_ids=(torch.arange(LENGTH) >= 7).long() * mask, decoder_input_ids=decoder)


@torch.no_grad()
def logits(model):
    inputs = batch()
    del inputs["token_type_ids" if model.config.is_encoder_decoder else "decoder_input_ids"]
    if model.config.model_type == "mpnet":
        del inputs["token_type_ids"]
    out = model.float().eval()(**inputs)
    return (out.prediction_logits if "prediction_logits" in out else out.logits).numpy()


def make(root):
    described = []
    for name, (function, refused, tokenizer_refused) in shapes.cases.items():
        torch.manual_seed(len(described))
        d = root / name
        d.mkdir(parents=True)
        model = function(d)
        if model is NotImplemented:
            shutil.rmtree(d)
            continue
        case = dict(name=name, refused=refused, tokenizer_refused=tokenizer_refused)
        if model is not None:
            np.save(root / f"{name}.npy", logits(model))
        if not tokenizer_refused and any((d / file).exists() for file in ("tokenizer.json", "vocab.txt")):
            case["ids"] = texts.encode(AutoTokenizer.from_pretrained(d))
        described.append(case)
    tensors = {name: t.to(torch.int32)[None].contiguous() for name, t in batch().items()}
    for family, without in [("bert", "decoder_input_ids"), ("t5", "token_type_ids")]:
        kept = {n: t for n, t in tensors.items() if n != without}
        kept["labels"] = kept["input_ids" if family == "bert" else "decoder_input_ids"].clone()
        save_file(kept, root / f"{family}.safetensors")
    (root / "cases.json").write_text(json.dumps(dict(cases=described, lines=texts.LINES, version=transformers.__version__)))


def check(root):
    """Prints a line for each case that lag exported."""
    made = json.loads((root / "cases.json").read_text())
    for case in made["cases"]:
        back = root / "back" / case["name"]
        if not (back / "config.json").exists():
            continue
        wrong = []
        cls = getattr(transformers, json.loads((back / "config.json").read_text())["architectures"][0])
        model, info = cls.from_pretrained(back, output_loading_info=True)
        wrong += [f"{what}: {keys}" for what, keys in info.items() if keys]
        difference = np.abs(logits(model) - np.load(root / f"{case['name']}.npy")).max()
        if not difference < LIMIT:
            wrong.append(f"logits differ by {difference:.1e}")
        # transformers 4 cannot load every tokenizer that 5 saves.
        if "ids" in case and made["version"] == transformers.__version__ and texts.encode(AutoTokenizer.from_pretrained(back)) != case["ids"]:
            wrong.append("its tokenizer gives other ids")
        print(json.dumps(dict(name=case["name"], wrong=wrong, difference=float(difference))))


if __name__ == "__main__":
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)

    what, *directories = sys.argv[1:]
    for directory in directories:
        {"make": make, "check": check}[what](pathlib.Path(directory))
