"""Prints the FLOP/s of a matrix product in bfloat16: python matmul.py DEVICE"""

import json
import sys
import time

import torch

device = sys.argv[1]
n, times = (8192, 50) if device == "cuda" else (1024, 2)
a, b = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
rates = []
for _ in range(5):
    begun = time.perf_counter()
    for _ in range(times):
        c = a @ b
    c[0, 0].item()  # waits for the device
    rates.append(times * 2 * n**3 / (time.perf_counter() - begun))
print(json.dumps(max(rates)))
