"""Compares lag with transformers on random models of BERT and T5 v1.1: logits and
weights in both directions, and 50 steps of training step by step.

    pip install -r requirements.txt    # transformers 4; requirements-5.txt says how to have 5
    go build -o lag ../../../../lag/cmd/lag

    # Two small sizes of each family; 5 minutes of CPU time.
    python compare.py --lag ./lag

    # BERT-Base and T5 v1.1 base as well; much longer, and over 8 GB.
    python compare.py --lag ./lag --base

Everything is float32 and without dropout, with fixed seeds. Prints a line for each
comparison and a table of the seconds of a training step, and exits with 1 if a difference exceeds its limit.

The limits: logits 1e-5 at small sizes and 2e-4 at Base; losses, relative, 1e-4 with
AdamW and 1e-3 with Adafactor at every step; weights after the last step 1e-2 of the
way that they went, as Euclidean norms.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is loaded: nothing is to be downloaded

import numpy as np
import torch
import transformers
from safetensors.numpy import load_file, save_file

import models

ADAMW = dict(name="adamw", lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01, clip_norm=1.0, warmup=10, schedule="constant")
ADAFACTOR = dict(name="adafactor", lr=None, eps=[1e-30, 1e-3], clip_threshold=1.0, decay_rate=-0.8, beta1=None, weight_decay=0,
                 scale_parameter=True, relative_step=True, warmup_init=False)
OPTIMIZERS = {
    "AdamW": (ADAMW, 1e-4),
    "Adafactor, relative step": (ADAFACTOR | dict(clip_norm=None, warmup=0, schedule="constant"), 1e-3),
    "Adafactor, fixed rate": (ADAFACTOR | dict(lr=1e-3, scale_parameter=False, relative_step=False, clip_norm=1.0, warmup=10,
                                               schedule="constant", weight_decay=0.01, beta1=0.9), 1e-3),
}
WEIGHTS_LIMIT = 1e-2
WARM_UP = 5  # steps that do not count for the time of a step: the first compiles
GROWN = {  # layer maps of lag grow, by number of layers
    2: "0 1 1", 3: "0 1 2 1 2", 4: "0 1 2 3 2 3", 12: "0 1 2 3 4 5 6 7 8 9 10 11 10 11",
}

failures = 0


def report(ok, text):
    global failures
    failures += not ok
    print(f"{'ok    ' if ok else 'FAILED'} {text}", flush=True)


def lag(binary, *arguments):
    """What lag prints, without its log."""
    done = subprocess.run([binary, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"lag {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


class Comparison:
    """A model of one family and size, its batches, and a directory for files."""

    def __init__(self, args, family, size, steps, directory):
        self.family, self.size, self.steps, self.directory = family, size, steps, directory
        self.lag, self.backend = os.path.abspath(args.lag), args.backend
        self.name = f"{family} {size}"
        self.model, shape = models.make(family, size)
        self.model.save_pretrained(directory / "theirs")
        self.many = models.batches(family, self.model.config.vocab_size, steps, shape)
        save_file(self.many, directory / "batches.safetensors")
        self.logits_limit = 2e-4 if size == "base" else 1e-5
        self.compared = self.many["attention_mask" if family == "bert" else "labels"][0]
        self.compared = self.compared == 1 if family == "bert" else self.compared != models.IGNORED

    def replay(self, model, *arguments):
        """Runs `lag replay` on a directory with a model of transformers."""
        return lag(self.lag, "replay", "-config", model / "config.json", "-weights", model / "model.safetensors",
                   "-batches", self.directory / "batches.safetensors", "-backend", self.backend, *arguments)

    def load(self, directory):
        """Loads a model with transformers, which must find its weights and no others."""
        model, info = type(self.model).from_pretrained(directory, output_loading_info=True)
        strange = {what: keys for what, keys in info.items() if keys}
        report(not strange, f"{self.name}: {directory.name}: transformers finds every weight and no other{': ' + str(strange) if strange else ''}")
        return model.eval()

    def compare_logits(self, directory, model):
        """Compares logits of the first batch where it is not padding: transformers' of a
        model, ours of the files in the directory."""
        out = directory / "logits.safetensors"
        self.replay(directory, "-steps", 0, "-logits", out)
        ours, theirs = load_file(out)["logits"][self.compared], models.logits(model, self.many)[self.compared]
        difference = np.abs(ours - theirs).max()
        report(ours.shape == theirs.shape and difference < self.logits_limit,
               f"{self.name}: {directory.name}: {ours.size} logits, root mean square {np.sqrt((theirs**2).mean()):.2f}, "
               f"largest difference {difference:.1e}, limit {self.logits_limit:.0e}")

    def theirs_to_ours(self):
        self.compare_logits(self.directory / "theirs", self.model)

    def ours_to_theirs(self):
        initial, grown = self.directory / "initialized", self.directory / "grown"
        theirs = self.directory / "theirs"
        config = json.loads((theirs / "config.json").read_text())
        if config.pop("scale_decoder_outputs", None) is False:
            config["tie_word_embeddings"] = False  # without the weights, transformers 5 writes the same for a head that is tied
        path = self.directory / "config.json"
        path.write_text(json.dumps(config))
        lag(self.lag, "replay", "-config", path, "-init", "-seed", 7, "-batches", self.directory / "batches.safetensors",
            "-backend", self.backend, "-steps", 0, "-out", initial)
        self.compare_logits(initial, self.load(initial))
        c = self.model.config
        maps = [GROWN[c.num_hidden_layers]] if self.family == "bert" else [GROWN[c.num_layers], GROWN[c.num_decoder_layers]]
        lag(self.lag, "grow", "-map", ";".join(maps), theirs, grown)
        self.compare_logits(grown, self.load(grown))

    def training(self, name):
        """Trains from the same weights on the same batches; compares losses, the gradient's
        norms and, after the last step, weights. Returns both sides' seconds a step."""
        optimizer, limit = OPTIMIZERS[name]
        path, trained = self.directory / "opt.json", self.directory / name.replace(",", "").replace(" ", "_")
        path.write_text(json.dumps(optimizer))
        lines = [json.loads(line) for line in self.replay(self.directory / "theirs", "-optimizer", path, "-steps", self.steps,
                                                          "-json", "-out", trained).splitlines()]
        model = type(self.model).from_pretrained(self.directory / "theirs").eval()
        start = {n: p.detach().clone() for n, p in model.named_parameters()}
        losses, norms, seconds = models.train(model, self.many, optimizer, self.steps)

        relative = lambda ours, theirs: np.abs(np.array(ours) / np.array(theirs) - 1).max()
        difference = relative([line["loss"] for line in lines], losses)
        norm_difference = relative([line["grad_norm"] for line in lines], norms)
        ours = dict(self.load(trained).named_parameters())
        moved = apart = 0.0
        with torch.no_grad():
            for n, p in model.named_parameters():
                if n.endswith("key.bias"):
                    continue  # softmax does not see it: its gradient is nothing but rounding, which Adam makes large
                moved += float((p - start[n]).double().square().sum())
                apart += float((p - ours[n]).double().square().sum())
        report(len(lines) == self.steps and difference < limit and apart < WEIGHTS_LIMIT**2 * moved,
               f"{self.name}: {name}: {self.steps} losses, {losses[0]:.4f} to {losses[-1]:.4f}, largest relative difference "
               f"{difference:.1e}, limit {limit:.0e}; norms of the gradient {norm_difference:.1e}; weights apart "
               f"{(apart / moved) ** 0.5:.1e} of the way they went")
        ours_seconds = [line["seconds"] for line in lines]
        return statistics.median(ours_seconds[WARM_UP:] or ours_seconds), statistics.median(seconds[WARM_UP:] or seconds)


def main():
    p = argparse.ArgumentParser(description="Compares lag with transformers.")
    p.add_argument("--lag", required=True, help="the lag binary")
    p.add_argument("--backend", default="auto", help="lag's engine")
    p.add_argument("--base", action="store_true", help="compare the Base sizes as well")
    p.add_argument("--sizes", default="tiny,small", help="compare these sizes, separated by commas: tiny, small, base")
    p.add_argument("--optimizers", default="adamw,adafactor", help="train with these only, separated by commas")
    p.add_argument("--families", default="bert,t5", help="only these families, separated by commas")
    p.add_argument("--steps", type=int, default=50, help="training steps")
    p.add_argument("--base-steps", type=int, default=50, help="training steps at Base size")
    p.add_argument("--threads", type=int, default=2, help="threads of torch, and processors that Go may use")
    args = p.parse_args()
    os.environ["GOMAXPROCS"] = str(args.threads)
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # version 5 warns of every T5 with a head of its own

    print(f"torch {torch.__version__}, transformers {transformers.__version__}, numpy {np.__version__}, {torch.get_num_threads()} threads", flush=True)
    times = []
    for family in args.families.split(","):
        for size in args.sizes.split(",") + ["base"] * args.base:
            with tempfile.TemporaryDirectory() as temporary:
                steps = args.base_steps if size == "base" else args.steps
                comparison = Comparison(args, family, size, steps, pathlib.Path(temporary))
                comparison.theirs_to_ours()
                comparison.ours_to_theirs()
                for name in (n for n, (o, _) in OPTIMIZERS.items() if o["name"] in args.optimizers.split(",")):
                    times.append((comparison.name, name, *comparison.training(name)))
    print("\nMedian seconds of a training step, one side after the other. transformers computes BERT's logits at every\n"
          "position, lag where one is predicted.\n")
    print(f"{'model':12} {'optimizer':26} {'lag':>9} {'torch':>9} {'torch/lag':>9}")
    for name, optimizer, ours, theirs in times:
        print(f"{name:12} {optimizer:26} {ours:9.4f} {theirs:9.4f} {theirs / ours:9.2f}")
    print(f"\n{failures} comparisons failed" if failures else "\nAll comparisons are within their limits.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
