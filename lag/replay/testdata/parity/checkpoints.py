"""Takes checkpoints of every kind that people have from each version of transformers
into lag and back into each: `lag import`, `lag export`, `lag replay`.

    go build -o lag ../../../../lag/cmd/lag
    python checkpoints.py --lag ./lag A/bin/python B/bin/python

A and B are environments of requirements.txt and requirements-5.txt. Logits must differ
by less than 1e-5, from transformers' own, in lag and in every version that loads the
export. What lag does not support, it must refuse with a word that names it. With
--tokenizers the ids of lines in several languages are compared as well: lag's, and
those of the exported tokenizer. Prints a line for what differs, and exits with 1 then.
Half a minute of CPU time.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).parent
LIMIT = 1e-5
TOKENIZERS = ("tokenizer.json", "vocab.txt")  # the first that is there is read


class Checkpoints:
    """The checkpoints of one version of transformers."""

    def __init__(self, args, root, python):
        self.args, self.root, self.python = args, root, python
        self.side("make", root)
        made = json.loads((root / "cases.json").read_text())
        self.version, self.cases, self.lines = made["version"], made["cases"], made["lines"]

    def side(self, *arguments):
        done = subprocess.run([self.python, HERE / "side.py", *map(str, arguments)], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{self.python} side.py {' '.join(map(str, arguments))}: exit code {done.returncode}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def lag(self, *arguments, text=None):
        return subprocess.run([self.args.lag, *map(str, arguments)], input=text, capture_output=True, text=True)

    def take(self, case):
        """Imports and exports a checkpoint; returns what is wrong."""
        name = case["name"]
        imported, back = self.root / "imported" / name, self.root / "back" / name
        done = self.lag("import", self.root / name, imported)
        if case["refused"]:
            refused = done.returncode == 1 and case["refused"] in done.stderr and len(done.stderr.strip().splitlines()) == 1
            return [] if refused else [f"it is not refused with {case['refused']!r}: exit code {done.returncode} {done.stderr.strip()}"]
        if not done.returncode:
            done = self.lag("export", imported, back)
        if done.returncode:
            return [done.stderr.strip()]
        return self.compare_logits(name, back) + (self.compare_ids(case, back) if self.args.tokenizers else [])

    def compare_logits(self, name, back):
        config = json.loads((back / "config.json").read_text())
        if config["architectures"] == ["BertForPreTraining"]:
            return []  # lag replay has no head for pairs of sentences; transformers loads the export, see side.py
        out = self.root / f"{name}.safetensors"
        batch = self.root / ("t5.safetensors" if config["model_type"] == "t5" else "bert.safetensors")
        done = self.lag("replay", "-backend", "go", "-config", back / "config.json", "-weights", back / "model.safetensors", "-batches", batch,
                        "-steps", 0, "-logits", out)
        if done.returncode:
            return [done.stderr.strip()]
        difference = np.abs(load_file(out)["logits"] - np.load(self.root / f"{name}.npy")).max()
        return [] if difference < LIMIT else [f"lag's logits differ by {difference:.1e}"]

    def compare_ids(self, case, back):
        wrong, refused = [], case["tokenizer_refused"]
        if not refused and "ids" not in case:
            return []
        file = next(back / name for name in TOKENIZERS if (back / name).exists())
        for special, want in zip([(), ("-special",)], case.get("ids", [None])):
            done = self.lag("data", "encode", "-tokenizer", file, *special, text="".join(line + "\n" for line in self.lines))
            if refused:
                return [] if done.returncode == 1 and refused in done.stderr else [f"its tokenizer is not refused with {refused!r}: {done.stderr.strip()}"]
            if done.returncode:
                return [done.stderr.strip()]
            got = [[int(i) for i in line.split()] for line in done.stdout.split("\n")[:-1]]
            wrong += [f"{file.name}: {line!r}: lag has {g}, transformers {w}" for line, g, w in zip(self.lines, got, want) if g != w]
        return wrong[:2] + ([f"and {len(wrong) - 2} more lines"] if len(wrong) > 2 else [])


def main():
    p = argparse.ArgumentParser(description="Takes checkpoints of transformers into lag and back.")
    p.add_argument("--lag", required=True, help="the lag binary")
    p.add_argument("--tokenizers", action="store_true", help="compare ids too")
    p.add_argument("python", nargs="+", help="a Python for each version of transformers")
    args = p.parse_args()
    args.lag = os.path.abspath(args.lag)
    failures = 0

    def report(where, name, wrong):
        nonlocal failures
        failures += bool(wrong)
        for text in wrong:
            print(f"FAILED {where}: {name}: {text}", flush=True)

    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(len(args.python)) as pool:
        roots = [pathlib.Path(temporary, str(i)) for i in range(len(args.python))]
        versions = list(pool.map(lambda pair: Checkpoints(args, *pair), zip(roots, args.python)))
        for v in versions:
            wrong = list(pool.map(v.take, v.cases))
            for case, texts in zip(v.cases, wrong):
                report(f"from transformers {v.version}", case["name"], texts)
            refused = sum(bool(case["refused"]) for case in v.cases)
            print(f"transformers {v.version}: {len(v.cases)} checkpoints, {len(v.cases) - refused} to import, {refused} to refuse; "
                  f"{sum(map(bool, wrong))} went wrong", flush=True)
        for v, back in zip(versions, pool.map(lambda v: v.side("check", *roots), versions)):
            for case in back:
                wrong = [text for text in case["wrong"] if args.tokenizers or "tokenizer" not in text]
                report(f"back into transformers {v.version}", case["name"], wrong)
            print(f"transformers {v.version} loads {len(back)} exports; logits differ by {max(case['difference'] for case in back):.1e} at most, limit {LIMIT:.0e}")
    print(f"{failures} failed" if failures else "All are as transformers has them, or refused.")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
