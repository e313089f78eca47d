"""Makes learn.json: small trainings of Hugging Face's BpeTrainer, with few
different letters so that most counts tie and tokens can be made in several ways.

    pip install tokenizers==0.23.3
    python learn.py > learn.json
"""

import json
import random

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

rng = random.Random(1)
cases = []
while len(cases) < 80:
    letters = "abcdefgh"[: rng.randint(1, 6)]
    words = {}
    for _ in range(rng.randint(1, 25)):
        word = "".join(rng.choice(letters) for _ in range(rng.randint(1, 12)))
        words[word] = rng.randint(1, 4)
    prefix = rng.choice(["", "##"])
    size, least = rng.randint(8, 60), rng.randint(0, 3)
    seen = set()
    options = {"continuing_subword_prefix": prefix} if prefix else {}
    # With a prefix, the characters with it get ids in random order.
    for _ in range(1 if prefix else 3):
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=least, show_progress=False, **options)
        tokenizer.train_from_iterator([" ".join([w] * n) for w, n in words.items()], trainer)
        model = json.loads(tokenizer.to_str())["model"]
        seen.add(json.dumps([sorted(model["vocab"], key=model["vocab"].get), model["merges"]]))
    if len(seen) > 1:
        continue  # not the same every time
    tokens, pairs = json.loads(seen.pop())
    cases.append({"words": words, "prefix": prefix, "vocab_size": size, "min_frequency": least,
                  "tokens": tokens, "merges": pairs})
print("[" + ",\n".join(json.dumps(c) for c in cases) + "]")
