"""Makes python.safetensors, and checks that Python reads go.safetensors.

Made with safetensors 0.8.0, torch 2.15.0, numpy: python make.py
go.safetensors is what TestWrite writes: go test -run TestWrite -update
"""

import pathlib

import safetensors
import torch
from safetensors.torch import load_file, save_file

here = pathlib.Path(__file__).parent
numbers = [0.0, -1.5, 65504.0, 2.0**-24, float("inf")]  # the largest and the smallest of F16
tensors = {name: torch.tensor(numbers, dtype=dtype) for name, dtype in {
    "f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}.items()}
integers = [0, 1, 127]
tensors |= {name: torch.tensor(integers, dtype=dtype) for name, dtype in {
    "i64": torch.int64, "i32": torch.int32, "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8}.items()}
tensors |= {
    "bool": torch.tensor([True, False, True]),
    "big": torch.tensor([2**31]),
    "negative": torch.tensor([-(2**31), -1]),
    "matrix": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "scalar": torch.tensor(0.5),
    "empty": torch.zeros(0, 4),
    "complex": torch.zeros(1, dtype=torch.complex64),
    'a "name", ünïcode\n': torch.ones(1),
}
save_file(tensors, here / "python.safetensors", metadata={"format": "pt", "made by": f"safetensors {safetensors.__version__}"})

ours = load_file(here / "go.safetensors")
assert sorted(ours) == ["ids", "nothing", "one", "weight"], sorted(ours)
assert torch.equal(ours["weight"], torch.tensor([[0.0, -1.5, 3.25], [1e-45, float("inf"), -0.0]]))
assert torch.equal(ours["ids"], torch.tensor([[-100, 2**31 - 1]], dtype=torch.int32))
assert ours["one"].shape == () and ours["one"] == 0.5
assert ours["nothing"].shape == (0, 4)
with safetensors.safe_open(here / "go.safetensors", "pt") as f:
    metadata = f.metadata()
    assert metadata["format"] == "pt" and len(metadata["sha256"]) == 64, metadata
print("go.safetensors is read by safetensors", safetensors.__version__)
