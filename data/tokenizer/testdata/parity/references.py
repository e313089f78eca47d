"""The reference tokenizers: loaded from files, and trained."""

import json
import math
import pathlib

import sentencepiece
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

# Patterns of GPT-4 (and Llama 3), Qwen 2 and GPT-4o as their tokenizer.json files have them.
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s+(?!\S)|\s+")
QWEN2 = GPT4.replace("{1,3}", "")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")

BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
END = "<|endoftext|>"


class HuggingFace:
    """A tokenizer.json or vocab.txt, run by Hugging Face tokenizers."""

    def __init__(self, path, special):
        self.special = special
        self.tokenizer = bert_of(path) if path.endswith(".txt") else Tokenizer.from_file(path)
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()

    def encode(self, lines):
        texts = [line.decode("utf-8", "replace") for line in lines]
        out = []
        for i in range(0, len(texts), 1000):
            batch = self.tokenizer.encode_batch_fast(texts[i:i + 1000], add_special_tokens=self.special)
            out += [e.ids for e in batch]
        return out

    def token(self, i):
        return self.tokenizer.id_to_token(i)


class SentencePiece:
    """A .model, run by SentencePiece, which is given the bytes as they are."""

    def __init__(self, path):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=path)

    def encode(self, lines):
        return [self.processor.encode(line) for line in lines]

    def token(self, i):
        return self.processor.id_to_piece(i)


def load(path, special):
    path = str(path)
    return SentencePiece(path) if path.endswith(".model") else HuggingFace(path, special)


def has_special(path):
    """Whether the file says which special tokens are put around a text."""
    path = str(path)
    if path.endswith(".json"):
        return json.loads(pathlib.Path(path).read_text())["post_processor"] is not None
    return path.endswith(".txt")


def bert_of(path):
    """BERT's tokenizer of a vocab.txt."""
    tokenizer = Tokenizer(models.WordPiece.from_file(path, unk_token="[UNK]"))
    tokenizer.add_special_tokens([t for t in BERT if tokenizer.token_to_id(t) is not None])
    return as_bert(tokenizer)


def as_bert(tokenizer):
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    if tokenizer.token_to_id("[CLS]") is not None:
        tokenizer.post_processor = processors.BertProcessing(
            ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]")))
    return tokenizer


def byte_level(prefix=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=prefix)


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


BPE = {  # name: normalizer, pre-tokenizer
    "bpe": (None, byte_level()),
    "bpe-space": (None, byte_level(True)),
    "bpe-gpt4": (None, split(GPT4)),
    "bpe-gpt4o": (None, split(GPT4O)),
    "bpe-added": (normalizers.NFC(), byte_level()),
    "bpe-qwen2": (normalizers.NFC(), split(QWEN2)),
    "bpe-nfkd": (normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()]),
                 pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])),
}
PIECES = {  # name: options of SentencePiece's trainer
    "unigram": {},
    "unigram-bytes": {"byte_fallback": True, "split_digits": True},
    "unigram-identity": {"normalization_rule_name": "identity", "remove_extra_whitespaces": False},
}
KINDS = ["wordpiece", "vocab.txt", *BPE, *PIECES]


def train(kind, lines, size, directory):
    """Trains a tokenizer of a kind on the lines, and returns its file."""
    texts = [line.decode("utf-8", "replace") for line in lines]
    if kind in PIECES:
        prefix = directory / kind
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([t for t in texts if t]), model_prefix=str(prefix), vocab_size=size, num_threads=1,
            hard_vocab_limit=False, input_sentence_size=20000, shuffle_input_sentence=True, minloglevel=2, **PIECES[kind])
        return f"{prefix}.model"
    if kind in BPE:
        tokenizer = Tokenizer(models.BPE())
        normalizer, tokenizer.pre_tokenizer = BPE[kind]
        if normalizer is not None:
            tokenizer.normalizer = normalizer
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(texts, bpe_trainer(size, [END]))
        if kind == "bpe-added":  # as GPT-NeoX has spaces, with tokens of other flags
            tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(8, 1, -1)])
            tokenizer.add_tokens([
                AddedToken("the", single_word=True), AddedToken("ing", normalized=False), AddedToken("é"),
                AddedToken("\u2014", lstrip=True, rstrip=True)])
        if kind == "bpe-gpt4":  # as Llama 3 puts its <|begin_of_text|>
            tokenizer.post_processor = processors.TemplateProcessing(
                single=f"{END} $A", special_tokens=[(END, tokenizer.token_to_id(END))])
    else:
        tokenizer = as_bert(Tokenizer(models.WordPiece(unk_token="[UNK]")))
        tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=BERT, limit_alphabet=1000, show_progress=False))
        as_bert(tokenizer)
    if kind == "vocab.txt":
        return tokenizer.model.save(str(directory))[0]
    path = directory / f"{kind}.json"
    tokenizer.save(str(path))
    return str(path)


def bpe_trainer(size, special, least=2):
    return trainers.BpeTrainer(
        vocab_size=size, min_frequency=least, special_tokens=special, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))


def train_like(ours, texts):
    """Trains the vocabulary of a tokenizer.json anew; returns its tokenizer.json."""
    tokenizer = Tokenizer.from_str(json.dumps(ours))
    vocabulary = sorted(ours["model"]["vocab"].items(), key=lambda item: item[1])
    special = [t["content"] for t in ours["added_tokens"] if t["content"] in ours["model"]["vocab"]]
    if ours["model"]["type"] == "BPE":
        trainer = bpe_trainer(len(vocabulary), special)
    else:
        # Single characters are given as special tokens, in our order: Hugging
        # Face gives those with ## ids in the random order of a hash map, and
        # ties are broken by ids.
        characters = [t for t, _ in vocabulary if len(t) == 1 or len(t) == 3 and t.startswith("##")]
        trainer = trainers.WordPieceTrainer(
            vocab_size=len(vocabulary), min_frequency=2, special_tokens=special + characters, limit_alphabet=0,
            show_progress=False)
    tokenizer.model = type(tokenizer.model)()
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())


def train_unigram(texts, size, threads, directory):
    """Trains SentencePiece's unigram vocabulary with its defaults; returns its file."""
    prefix = directory / "reference"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_prefix=str(prefix), vocab_size=size, num_threads=threads, minloglevel=2)
    return f"{prefix}.model"


def bits_per_character(path, lines):
    """-log2 of the probability of the best segmentation by a .model, for each character.

    An unknown character counts as SentencePiece's Viterbi counts it: as 10 nats
    less likely than the least likely piece.
    """
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    size, unknown = processor.get_piece_size(), processor.unk_id()
    scores = [processor.get_score(i) for i in range(size)]
    ordinary = [i for i in range(size) if not (processor.is_control(i) or processor.is_unknown(i) or processor.is_byte(i))]
    scores[unknown] = min(scores[i] for i in ordinary) - 10
    nats = characters = 0
    for line in lines:
        for piece in processor.encode(line, out_type="proto").pieces:
            nats -= scores[piece.id]
            characters += len(piece.piece)
    mass = sum(math.exp(scores[i]) for i in ordinary)
    assert mass < 1.01, f"{path}: the probabilities add up to {mass}"
    return nats / math.log(2) / characters
