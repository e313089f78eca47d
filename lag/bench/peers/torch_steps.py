"""Training steps in PyTorch: python torch_steps.py eager|compile|compile-all DIR

eager: modules as they are, fused AdamW. compile: forward and backward compiled.
compile-all: the clipping and the optimizer as well.
"""

import sys

import torch

import common
import torch_bert
import torch_t5


class Trainer:
    def __init__(self, mode, settings, weights, batches):
        c, first = settings.model, batches[0]
        self.settings, self.weights, self.device = settings, weights, settings.device
        self.half = c.precision == "bfloat16"
        if settings.family == "bert":
            names, self.model = torch_bert.original, torch_bert.Bert(c, first["input_ids"].shape[1])
        else:
            names = torch_t5.original
            self.model = torch_t5.T5(c, first["input_ids"].shape[1], first["decoder_input_ids"].shape[1])
        self.model.to(self.device)
        self.named = {names(name): p for name, p in self.model.named_parameters()}
        if self.named.keys() != weights.keys():
            sys.exit(f"the parameters differ from the file's: {sorted(self.named.keys() ^ weights.keys())}")
        self.batches = [self.tensors(b) for b in batches]
        self.loss = self.model if mode == "eager" else torch.compile(self.model, dynamic=False)
        self.compiled = mode == "compile-all"
        self.reset()

    def tensors(self, batch):
        """A batch for the model. Ids are int64, which indexing wants."""
        out = {}
        for name, values in batch.items():
            t = torch.from_numpy(values).to(self.device)
            out[name] = t if t.is_floating_point() else t.long()
        return out

    @torch.no_grad()
    def reset(self):
        """Starts again from the weights of the file."""
        for name, p in self.named.items():
            p.copy_(torch.from_numpy(self.weights[name]))
        o, decay = self.settings.optimizer, set(self.settings.decay)
        groups = [
            {"params": [p for name, p in self.named.items() if name in decay], "weight_decay": o["weight_decay"]},
            {"params": [p for name, p in self.named.items() if name not in decay], "weight_decay": 0.0},
        ]
        how = {"foreach": True} if self.compiled else {"fused": True}
        self.optimizer = torch.optim.AdamW(groups, lr=self.settings.rate, betas=(o["beta1"], o["beta2"]), eps=o["eps"], **how)
        self.update = torch.compile(self.clip_and_update, dynamic=False) if self.compiled else self.clip_and_update
        self.done = 0

    def clip_and_update(self):
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.optimizer["clip_norm"], foreach=True)
        self.optimizer.step()

    def forward(self, batch):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            return self.loss(**batch)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        total, loss = self.forward(self.batches[self.done % len(self.batches)])
        total.backward()
        self.update()
        self.done += 1
        return loss.item()

    @torch.no_grad()
    def evaluate(self, count):
        """The mean loss of some batches."""
        return sum(self.forward(self.batches[i % len(self.batches)])[1].item() for i in range(count)) / count


def main():
    settings, weights, batches = common.load(sys.argv[2])
    torch.set_num_threads(settings.threads)
    torch.manual_seed(0)
    trainer = Trainer(sys.argv[1], settings, weights, batches)
    common.serve(trainer.step, {"torch": torch.__version__})


if __name__ == "__main__":
    main()
