"""Trains one candidate of a study in plain PyTorch and compares its losses with the study's.

    lag data batches runs/STUDY/RUN training.safetensors
    lag data batches -validation runs/STUDY/RUN validation.safetensors
    python notebooks/results/independent.py runs/STUDY RUN training.safetensors validation.safetensors

RUN is the directory of a candidate that copies layers. The weights and moments of its source
are read from the source's checkpoint, and grown here by the layer map. Model, optimizer and
schedule are this file's and lag/bench/peers/torch_bert.py's: nothing of lag computes.

Where the gradient is large after growing, rounding grows several times with each step. So a twin is
trained too, from weights that differ in their last digit: what it differs by is the noise.
"""

import json
import pathlib
import sys
import types

import numpy as np
import torch
from safetensors.numpy import load_file

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "lag" / "bench" / "peers"))
import torch_bert  # noqa: E402

STACK = "bert.encoder.layer."
LAST_DIGIT = 1e-7  # relative, of a float32
TOLERANCE = 1e-5  # nats
TIMES = 3  # how much more than a twin's a difference may be


def grown(tensors, layers):
    """Tensors by name, with the layers that a map names, copied."""
    out = {name: t for name, t in tensors.items() if not name.startswith(STACK)}
    for i, source in enumerate(layers):
        prefix = f"{STACK}{source}."
        for name, t in tensors.items():
            if name.startswith(prefix):
                out[f"{STACK}{i}.{name[len(prefix):]}"] = t
    return out


def rate(schedule, step):
    """The learning rate of a linear schedule with warm-up."""
    if schedule.keys() != {"kind", "peak", "warmup", "steps"} or schedule["kind"] != "linear":
        sys.exit(f"this file knows a linear schedule from its beginning to 0, not {schedule}")
    peak, warmup, steps = schedule["peak"], schedule["warmup"], schedule["steps"]
    return peak * (step + 1) / warmup if step < warmup else peak * (steps - step) / (steps - warmup)


def batches_of(path):
    """Batches with the predicted positions of each row, padded with weight 0."""
    stacked = load_file(path)
    for ids, labels in zip(stacked["input_ids"], stacked["labels"]):
        most = int((labels != -100).sum(1).max())
        order = np.argsort(labels == -100, axis=1, kind="stable")[:, :most]
        chosen = np.take_along_axis(labels, order, axis=1)
        weights = (chosen != -100).astype(np.float32)
        yield [torch.from_numpy(a) for a in (ids.astype(np.int64), order, np.where(chosen == -100, 0, chosen).astype(np.int64), weights)]


def main(study, run, training, validation):
    study = pathlib.Path(study)
    config = json.loads((study / run / "config.json").read_text())
    strategy, optimizer = config["strategy"], config["optimizer"]
    if strategy.keys() - {"name", "map", "init", "moments"} or strategy["init"]["kind"] != "copy" or -1 in strategy["map"] or strategy["moments"] != "copy":
        sys.exit(f"{run} does not only copy layers and their moments: {strategy}")
    checkpoint = max((study / config["parent"] / "checkpoint").glob("step-*.safetensors"))
    state = load_file(checkpoint)
    prefixes = {"weights": "", "exp_avg": "moment.first/", "exp_avg_sq": "moment.second/"}
    parts = {kind: {n[len(p):]: t for n, t in state.items() if n.startswith((p + "bert.", p + "cls."))} for kind, p in prefixes.items()}
    parts = {kind: grown(tensors, strategy["map"]) for kind, tensors in parts.items()}
    updates = int(checkpoint.stem.split("-")[1])

    batches = list(batches_of(training))
    held_out = list(batches_of(validation))
    steps = config["schedule"]["steps"]
    if len(batches) != steps:
        sys.exit(f"{training} has {len(batches)} batches, but the run has {steps} steps")
    logged = {}
    for line in (study / run / "metrics.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "validation" and len(event.get("batches", [])) in (0, len(held_out)):
            logged[event["step"]] = event["loss"]
    if not {0, steps} <= logged.keys():
        sys.exit("the log lacks the evaluation of the whole validation set at the beginning or the end")

    def losses(last_digit):
        """Trains and returns the losses at the logged steps. last_digit changes the weights by so much, relatively."""
        model = torch_bert.Bert(types.SimpleNamespace(**config["model"]), batches[0][0].shape[1])
        named = {torch_bert.original(name): p for name, p in model.named_parameters()}
        assert named.keys() == parts["weights"].keys(), named.keys() ^ parts["weights"].keys()
        random = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for name, p in named.items():
                p.copy_(torch.from_numpy(parts["weights"][name]))
                p.mul_(1 + last_digit * torch.randn(p.shape, generator=random))
        groups = [{"params": [p for p in named.values() if (p.dim() > 1) == decays], "weight_decay": optimizer["weight_decay"] * decays} for decays in (True, False)]
        adamw = torch.optim.AdamW(groups, betas=(optimizer["beta1"], optimizer["beta2"]), eps=optimizer["eps"])
        for name, p in named.items():
            adamw.state[p] = {"step": torch.tensor(float(updates)), **{k: torch.from_numpy(parts[k][name].copy()) for k in ("exp_avg", "exp_avg_sq")}}
        curve = {}
        for step in range(steps + 1):
            if step in logged:
                with torch.no_grad():
                    each = [(float(model(*b)[0]), float(b[3].sum())) for b in held_out]
                curve[step] = sum(loss * n for loss, n in each) / sum(n for _, n in each)
            if step == steps:
                return curve
            loss = model(*batches[step])[0]
            adamw.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), optimizer["clip_norm"])
            for group in adamw.param_groups:
                group["lr"] = rate(config["schedule"], step)
            adamw.step()

    here, twin = losses(0), losses(LAST_DIGIT)
    noise = max(abs(here[step] - twin[step]) for step in logged)
    print("  step       here       lag  difference  of a twin whose weights differ in the last digit")
    for step in logged:
        print(f"{step:6d} {here[step]:10.6f} {logged[step]:9.6f} {here[step] - logged[step]:11.1e} {here[step] - twin[step]:11.1e}")
    worst = max(abs(here[step] - logged[step]) for step in logged)
    says = f"the greatest difference is {worst:.1e} nats, that of the twin {noise:.1e}"
    if not (worst <= TIMES * noise + TOLERANCE and abs(here[0] - logged[0]) < TOLERANCE):
        sys.exit(says + ": more than rounding explains")
    print(says)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
