"""Training steps in JAX: python jax_steps.py DIR

The whole step is one compiled function, which is given its state to reuse.
"""

import functools
import math
import sys

import jax
from jax import numpy as jnp

import common
import jax_models


class Trainer:
    def __init__(self, settings, weights, batches):
        if getattr(settings.model, "precision", "float32") != "float32":
            sys.exit("the models in JAX are float32 only")
        self.settings, self.weights = settings, weights
        self.batches = [jax.device_put(b) for b in batches]
        o, decay = settings.optimizer, set(settings.decay)
        loss = jax_models.FAMILIES[settings.family](settings.model)

        @functools.partial(jax.jit, donate_argnums=0)
        def step(state, batch):
            (_, reported), gradient = jax.value_and_grad(loss, has_aux=True)(state["parameters"], batch)
            norm = jnp.sqrt(sum(jnp.square(g).sum() for g in gradient.values()))
            clip = jnp.minimum(o["clip_norm"] / (norm + 1e-6), 1)
            n = state["updates"] + 1
            unbiased1, unbiased2 = (-jnp.expm1(n * math.log(o[beta])) for beta in ("beta1", "beta2"))
            new = {"updates": n, "parameters": {}, "first": {}, "second": {}}
            for name, p in state["parameters"].items():
                g = gradient[name] * clip
                m = o["beta1"] * state["first"][name] + (1 - o["beta1"]) * g
                v = o["beta2"] * state["second"][name] + (1 - o["beta2"]) * jnp.square(g)
                direction = m / unbiased1 / (jnp.sqrt(v) / jnp.sqrt(unbiased2) + o["eps"])
                if name in decay:
                    direction += o["weight_decay"] * p
                new["parameters"][name], new["first"][name], new["second"][name] = p - settings.rate * direction, m, v
            return new, reported

        self.compiled, self.evaluation = step, jax.jit(lambda p, batch: loss(p, batch)[1])
        self.reset()

    def reset(self):
        """Starts again from the weights of the file."""
        zeros = {name: jnp.zeros_like(w) for name, w in self.weights.items()}
        self.state = {
            "updates": jnp.zeros((), jnp.float32), "parameters": {name: jnp.array(w) for name, w in self.weights.items()},
            "first": zeros, "second": jax.tree.map(jnp.copy, zeros),
        }
        self.done = 0

    def step(self):
        self.state, loss = self.compiled(self.state, self.batches[self.done % len(self.batches)])
        self.done += 1
        return float(loss)

    def evaluate(self, count):
        """The mean loss of some batches."""
        return sum(float(self.evaluation(self.state["parameters"], self.batches[i % len(self.batches)])) for i in range(count)) / count


def main():
    trainer = Trainer(*common.load(sys.argv[1]))
    common.serve(trainer.step, {"jax": jax.__version__})


if __name__ == "__main__":
    main()
