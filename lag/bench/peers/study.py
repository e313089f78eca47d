"""A study as the peers would do it: python study.py KIND DIR CANDIDATES STEPS EVALUATIONS THREADS

Trains candidates one after another from the same weights, with one compiled program.
KIND is that of torch_steps.py, or jax.
"""

import json
import sys

import common


def main():
    kind, directory = sys.argv[1:3]
    candidates, steps, evaluations, threads = map(int, sys.argv[3:])
    settings, weights, batches = common.load(directory)
    if kind == "compile-all":
        sys.exit("compile-all would compile its optimizer again for each candidate; use compile")
    if kind == "jax":
        import jax_steps

        trainer = jax_steps.Trainer(settings, weights, batches)
    else:
        import torch
        import torch_steps

        torch.set_num_threads(threads)
        trainer = torch_steps.Trainer(kind, settings, weights, batches)
    looks = {round(i * steps / (evaluations - 1)) for i in range(evaluations)}  # from 0 to the end
    final = []
    for _ in range(candidates):
        trainer.reset()
        for done in range(steps + 1):
            if done in looks:
                loss = trainer.evaluate(settings.validation_batches)
            if done < steps:
                trainer.step()
        final.append(loss)
    print(json.dumps({"losses": final}))


main()
