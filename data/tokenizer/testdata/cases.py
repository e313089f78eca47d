"""Makes added.json, which has the ids that Hugging Face tokenizers gives where added
tokens have flags, and small/, which has a small tokenizer of each of the three kinds
and the ids that the references give for some lines. Another run makes other
WordPiece vocabularies, since Hugging Face breaks ties at random.

    pip install -r parity/requirements.txt
    python cases.py
"""

import itertools
import json
import os
import pathlib
import random

import sentencepiece
from tokenizers import (AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers)

HERE = pathlib.Path(__file__).resolve().parent
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CORPUS = [
    "She said \"it's 5 & 7\", naïvely: growing grows, stacking stacks.", "The quick brown fox jumps over the lazy dog.",
    "Don't you know? We've 12345 sheep; they'll eat 1.5 kg each.", "東京 and 大阪 are cities, Straße is a street.",
    "def grow(model):\n    return model  +  1\n", "Stacked layers grow the model, and the model learns."]
LINES = CORPUS + [
    "", " ", "  two  spaces ", "\ttab\tand\u00a0no-break\u3000wide", "a\u200bb\ufeffc\u00ad", "e\u0301 é É E\u0301", "ﬁ ① Ⅷ ｆｕｌｌ",
    "İstanbul ıI ΑΣ ς", "[MASK] [SEP]x[CLS]", "</s><pad> <s>", "▁a ▁ b", "Ġ Ċ", "##a # ##", "I'm we're 'tis ''", "!!!???...",
    "1234567890 ¼ ٣", "中文字符漢字", "한국어 ᄒ", "ไทย हिन्दी", "مرحبا", "👩‍👩‍👧 🇩🇪 😀", "\x00\x01\x7f", "\ufffd \ufffe", "a\rb\r\nc\x0bd\x0ce",
    "word" * 30, "snake_case CamelCase UPPER", "http://example.org/?a=1&b=2", "tail  ", "\u2028\u2029\u0085", "x" * 120, "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐍈",
    "a\u0323\u0307 a\u0307\u0323", "don’t “quote” – —", "£€$ ±×÷"]


def wordpiece(size):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(CORPUS * 2, trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=BERT, show_progress=False))
    return tokenizer


def bpe(size, normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS * 2, trainers.BpeTrainer(
        vocab_size=size, min_frequency=2, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return tokenizer


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace(',{"text"', ',\n{"text"') + "\n")


def added():
    """Cases of every combination of flags, of tokens that overlap, and of text without the special ones."""
    flags = [dict(zip(("single_word", "lstrip", "rstrip", "normalized"), f))
             for f in itertools.product((False, True), repeat=4)]
    rng = random.Random(1)
    out = []
    folded = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    for tokenizer in (wordpiece(120), bpe(300), bpe(300, folded)):
        for i, f in enumerate(flags):
            tokens = [AddedToken(f"<{i}>", special=bool(i % 2), **f), AddedToken(f"Fox{i}É", special=i % 3 == 0, **f)]
            (tokenizer.add_special_tokens if i % 4 == 0 else tokenizer.add_tokens)(tokens)
        tokenizer.add_tokens([AddedToken(t, normalized=True) for t in ("   ", "Grow")] + [AddedToken("gro", normalized=False)])
        tokenizer.add_special_tokens([AddedToken("[A]"), AddedToken("<3>]"), AddedToken("Ing", normalized=True)])
        tokenizer.add_tokens([AddedToken("A]b", normalized=False)])
        pieces = [f"<{i}>" for i in range(16)] + [f"Fox{i}É" for i in range(16)] + [f"fox{i}e\u0301" for i in range(16)]
        pieces += [" ", "  ", "   ", "\t", "\u3000", "a", "b", "_", "é", "1", "-", "\u0301"] * 2
        pieces += ["Grow", "gro", "growing", "[A]", "[A]b", "]", "<3>]"] * 2
        texts = ["".join(rng.choice(pieces) for _ in range(rng.randint(1, 9))) for _ in range(60)]
        cases = []
        for text in texts:
            case = {"text": text}
            for name, literal in (("ids", False), ("literal", True)):
                tokenizer.encode_special_tokens = literal
                case[name] = tokenizer.encode(text, add_special_tokens=False).ids
            tokenizer.encode_special_tokens = False
            if case["literal"] == case["ids"]:
                del case["literal"]
            cases.append(case)
        out.append({"tokenizer": json.loads(tokenizer.to_str()), "cases": cases})
    write(HERE / "added.json", out)


def small():
    directory = HERE / "small"
    directory.mkdir(exist_ok=True)
    ids = {}
    for name, tokenizer in {"wordpiece.json": wordpiece(160), "bpe.json": bpe(400)}.items():
        write(directory / name, json.loads(tokenizer.to_str()))
        ids[name] = [tokenizer.encode(line, add_special_tokens=False).ids for line in LINES]
    os.chdir(directory)  # the model holds its prefix
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 2), model_prefix="unigram", vocab_size=100, num_threads=1,
        hard_vocab_limit=False, normalization_rule_name="identity", minloglevel=2)
    (directory / "unigram.vocab").unlink()
    processor = sentencepiece.SentencePieceProcessor(model_file=str(directory / "unigram.model"))
    ids["unigram.model"] = [processor.encode(line) for line in LINES]
    write(directory / "ids.json", {"lines": LINES, "ids": ids})


added()
small()
