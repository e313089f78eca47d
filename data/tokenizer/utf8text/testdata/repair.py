"""Makes repair.json: byte sequences, in hexadecimal, and what Python decodes them
to; and, under "sha256", the hash of all sequences of up to four bytes out of a
choice of them, one decoded sequence a line.

    python repair.py > repair.json
"""

import hashlib
import itertools
import json

cases = ["ff", "c0af", "e280", "e28080", "e28028", "f09f98", "f09f9880", "f09f9861", "eda080", "eda080edb080",
         "f4908080", "f48fbfbf", "f5808080", "c2", "c261", "80bf", "e08080", "e0a0", "f08f8f8f", "61ff62ff63", "fefeffff",
         "e2e2e28282ac", "f0f09f9880", "efbfbd", "efbf"]
choice = bytes.fromhex("617f808f909fa0bfc0c1c2dfe0e1ecedeef0f1f3f4f5ff")
digest = hashlib.sha256()
for n in range(5):
    for sequence in itertools.product(choice, repeat=n):
        digest.update(bytes(sequence).decode("utf-8", "replace").encode() + b"\n")
print(json.dumps({
    "cases": {c: bytes.fromhex(c).decode("utf-8", "replace") for c in cases},
    "choice": choice.hex(),
    "sha256": digest.hexdigest(),
}, indent=1))
