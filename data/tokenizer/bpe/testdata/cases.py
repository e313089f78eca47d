"""Makes cases.json: small tokenizers of Hugging Face, trained on a little text
and cutting it in various ways, and the ids and decoded text of some texts.

    pip install tokenizers==0.23.3
    python cases.py > cases.json
"""

import json
import random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TRAINING = [
    "The cat sat on the mat, and the cat's hat isn't the hat that they've had; we're in the house's attic.",
    "In 1234 or 12345 there were 67890 houses - and 100,000 cats! The END. THE CAT'S END.",
    "naïve café, Zürich, CAFÉ; Привет, мир; привет миру; 日本語の日本 日本 한국어; 😀😀 👍🏽 👍🏽\r\n\r\n\tend  of   text",
    "if x == 1:\n    return y\n\n    else:\n        return yyy  # the end\n" * 2,
]
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def gpt2(prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix)


def cut(*before):
    return pre_tokenizers.Sequence([*before, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


KINDS = {
    "GPT-2": (None, gpt2()),
    "space before": (None, gpt2(True)),
    "GPT-4": (None, cut(split(GPT4))),
    "GPT-4, removed": (None, cut(split(GPT4, "removed", True))),
    "Qwen 2": (normalizers.NFC(), cut(split(GPT4.replace("{1,3}", "")))),
    "GPT-4o": (None, cut(split(GPT4O))),
    "DeepSeek": (None, cut(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥ࠀ-一가-퟿]+"),
                           pre_tokenizers.Digits(individual_digits=True))),
    "DeepSeek 3": (None, cut(
        split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"),
        split(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
              r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"))),
    "BLOOM": (None, cut(split(r" ?[^(\s|[.,!?…。，、।۔،])]+"))),
    "StarCoder": (None, pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), gpt2()])),
    "NFKD, lower case": (normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()]),
                         pre_tokenizers.Sequence([pre_tokenizers.Digits(), gpt2(True)])),
    "a string": (normalizers.NFKC(),
                 pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "merged_with_next"), gpt2()])),
    "previous": (normalizers.NFD(), cut(split(r"\p{L}\p{M}*", "merged_with_previous"))),
    "contiguous": (None, cut(split("[aeiou]", "contiguous"), split("[xyz]+?|q", "removed"))),
    "punctuation": (normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
                    pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Punctuation(), gpt2()])),
    "Falcon": (None, pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), gpt2(), pre_tokenizers.Digits(),
                                              split("[0-9][0-9][0-9]")])),
    "names of bytes": (None, pre_tokenizers.Sequence([pre_tokenizers.ByteLevel(False, use_regex=False), split(GPT4)])),
    "repetitions": (None, cut(split(r"(?:ab?){1,3}|\d{2,}?\D|e++|[^\s-]{2}(?=t)|\.{2}|(h|t)?e", "isolated"))),
    "ignoring merges": (None, gpt2()),
}
SPECIAL = ["<|endoftext|>", "<pad>"]


def texts(rng):
    pool = list("aeioutTHECdsrvlmxyzq '’12.,-!\t\r\n\u00a0\u3000\u0085éÉñŉßſİǅ½²١Ⅳ日本語한국Прив😀👍🏽\u0301\u0323\u200d\ufeff")
    pool += ["'s", "'LL", "'ve", "the", " cat", "  ", "123", "\r\n", "ab", "\u1100\u1161", "\ufb01", "\u212b"]
    out = TRAINING + ["", " ", "a", "aaaa" * 40, "the" * 60, " " * 30 + "x", "<|endoftext|>", "ĠtheĠ"]
    out += ["".join(rng.choice(pool) for _ in range(rng.randint(1, 25))) for _ in range(60)]
    return out


cases = []
for name, (normalizer, pre_tokenizer) in KINDS.items():
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TRAINING, trainers.BpeTrainer(
        vocab_size=330, min_frequency=2, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    sections = json.loads(tokenizer.to_str())
    del sections["added_tokens"]  # encoding does not look for them here
    if name == "ignoring merges":
        sections["model"]["ignore_merges"] = True
        sections["model"]["merges"] = [" ".join(m) for m in sections["model"]["merges"] if len(m[0] + m[1]) < 4]
    tokenizer = Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], **sections}))
    encoded = []
    for text in texts(random.Random(len(cases))):
        ids = tokenizer.encode(text).ids
        encoded.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids)})
    sections = {k: sections[k] for k in ["normalizer", "pre_tokenizer", "decoder", "model"]}
    cases.append({"name": name, "sections": sections, "encoded": encoded})
print(json.dumps({"training": TRAINING, "special": SPECIAL, "cases": cases}, ensure_ascii=False,
                 separators=(",", ":")).replace('{"name"', '\n{"name"'))
