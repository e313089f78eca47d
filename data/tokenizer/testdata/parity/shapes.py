"""Makes directories with tokenizers as checkpoints have them, with transformers, and
checks that `lag data encode` gives the ids of transformers' AutoTokenizer for lines in
several languages, or refuses a tokenizer by its name. Checks that a dataset that is prepared
with the tokenizer, and so its saved copy, gives the same ids.

    pip install -r shapes.txt
    go build -o lag ../../../../lag/cmd/lag
    python shapes.py --lag ./lag [text.txt ...]

Prints a table: each shape, what came of it, the lines that differ. Exits with 1 if any
differ, or if what must be refused was not, or what must not be was.
"""

import argparse
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"

import sentencepiece
import transformers
from tokenizers import (AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)
from transformers import AutoTokenizer

import hard

LINES = [
    "The quick brown fox jumps over the lazy dog.", "Die Größe der Häuser über Köln, GROẞ und groß.", "L'été à Paris, Ça va? NAÏVE",
    "Москва и Россия, ёлка Ёлка Й", "漢字と仮名、東京に行く", "我爱北京天安门", "한국어 한글", "مرحبا بالعالم", "हिन्दी में", "ไทย", "Ελλάδα ΣΊΣΥΦΟΣ ς",
    "iPhone NASA McDonald İstanbul ıI", "newtok covid <e1> a <e2>", "a [MASK] b <mask> c [SEP] </s> <pad> [PAD]", "<extra_id_0> x <extra_id_99> y <extra_id_1>z",
    "  two  spaces \t tab ", "", " ", "x<s>y </s>", "don't you've WE'RE 12345 3.14", "[XUNK] [XSEP]", "e\u0301 é ﬁ ① Ⅷ", "[NLU] [S2S] hello", "▁a ▁ b",
    "Covid COVID Newtok NEWTOK newtoken", "<|endoftext|> a <|endoftext|>", "a\u200bb\u00adc \u3000 wide", "😀👩‍👩‍👧 🇩🇪",
]
CORPUS = [line for line in LINES if line and "covid" not in line.lower() and "<" not in line] * 3 + ["the they them there paris Paris größe grosse hello world we are here"] * 3
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TOKEN = {"lstrip": False, "rstrip": False, "single_word": False}


class Shape:
    """A directory that is being made."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()

    def write(self, name, value):
        (self.directory / name).write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")

    def bert(self, special=BERT, size=700, unk="[UNK]", **normalizer):
        """Writes a vocab.txt and returns its tokenizer."""
        tokenizer = Tokenizer(models.WordPiece(unk_token=unk))
        tokenizer.normalizer = normalizers.BertNormalizer(**normalizer)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=size, special_tokens=special, show_progress=False))
        vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        self.size = len(vocabulary)
        self.write("vocab.txt", "".join(token + "\n" for token, _ in vocabulary))
        self.write("config.json", {"model_type": "bert"})
        return tokenizer

    def settings(self, **settings):
        self.write("tokenizer_config.json", settings)

    def saved(self, **arguments):
        """Saves what transformers loads once more, as it saves it."""
        tokenizer = AutoTokenizer.from_pretrained(self.directory, **arguments)
        for name in "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "spiece.model", "vocab.json", "merges.txt":
            (self.directory / name).unlink(missing_ok=True)
        tokenizer.save_pretrained(self.directory)
        return tokenizer

    def pieces(self, name="spiece.model", model="t5", **options):
        prefix = str(self.directory / "m")
        options = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1, "vocab_size": 450, "hard_vocab_limit": False, "pad_piece": "<pad>",
                   **options}
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_prefix=prefix, minloglevel=2, character_coverage=1.0, **options)
        os.rename(prefix + ".model", self.directory / name)
        os.remove(prefix + ".vocab")
        self.size = sentencepiece.SentencePieceProcessor(model_file=str(self.directory / name)).get_piece_size()
        self.write("config.json", {"model_type": model})

    def pairs(self, special, model_type="gpt2"):
        """Writes a vocab.json and a merges.txt."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
            vocab_size=700, special_tokens=special, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
        tokenizer.model.save(str(self.directory))
        self.size = tokenizer.get_vocab_size()
        self.write("config.json", {"model_type": model_type})
        return tokenizer


SHAPES = {}


def shape(function):
    SHAPES[function.__name__.replace("_", " ")] = function
    return function


REFUSED = {}  # name of a shape: what the error must say


def refused(says):
    def mark(function):
        shape(function)
        REFUSED[function.__name__.replace("_", " ")] = says
        return function
    return mark


@shape
def bert_uncased_vocab_txt(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer", model_max_length=512)


@shape
def bert_cased_vocab_txt(s):
    s.bert(lowercase=False)
    s.settings(do_lower_case=False, tokenizer_class="BertTokenizer")


@shape
def bert_cased_without_class(s):
    s.bert(lowercase=False)
    s.settings(do_lower_case=False, model_max_length=512)


@shape
def bert_settings_silent(s):
    s.bert(lowercase=False)
    s.settings(tokenizer_class="BertTokenizerFast")


@shape
def bert_as_saved(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True)
    s.saved()


@shape
def bert_cased_as_saved(s):
    s.bert(lowercase=False)
    s.settings(do_lower_case=False)
    s.saved()


@shape
def bert_saved_beside_vocab_txt(s):
    s.bert(lowercase=False)
    vocabulary = (s.directory / "vocab.txt").read_text()
    s.settings(do_lower_case=False)
    s.saved()
    s.write("vocab.txt", vocabulary)


@shape
def bert_added_tokens_json(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer")
    s.write("added_tokens.json", {"newtok": s.size, "covid": s.size + 1, "<e1>": s.size + 2})
    s.write("special_tokens_map.json", {"additional_special_tokens": ["<e1>"], "mask_token": "[MASK]"})


@shape
def bert_added_tokens_decoder(s):
    s.bert(lowercase=False)
    s.settings(do_lower_case=False, tokenizer_class="BertTokenizer", added_tokens_decoder={
        **{str(i): {"content": t, "normalized": False, "special": True, **TOKEN} for i, t in enumerate(BERT)},
        str(s.size): {"content": "newtok", "normalized": True, "special": False, **TOKEN},
        str(s.size + 1): {"content": "covid", "normalized": True, "special": False, **TOKEN, "single_word": True},
        str(s.size + 2): {"content": "<e1>", "normalized": False, "special": True, **TOKEN, "lstrip": True}})


@shape
def bert_added_and_saved(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True)
    tokenizer = AutoTokenizer.from_pretrained(s.directory)
    tokenizer.add_tokens(["newtok", "Covid"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<e1>", "<e2>"]})
    (s.directory / "vocab.txt").unlink()
    tokenizer.save_pretrained(s.directory)


@shape
def bert_special_tokens_renamed(s):
    s.bert(["[XPAD]", "[XUNK]", "[XCLS]", "[XSEP]", "[XMASK]"], unk="[XUNK]", lowercase=True)
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer", pad_token="[XPAD]", unk_token="[XUNK]", cls_token="[XCLS]", sep_token="[XSEP]",
               mask_token="[XMASK]")


@shape
def bert_special_tokens_map(s):
    s.bert(["<pad>", "<unk>", "<s>", "</s>", "<mask>"], unk="<unk>", lowercase=True)
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer")
    s.write("special_tokens_map.json", {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>",
                                        "mask_token": {"content": "<mask>", "normalized": False, **TOKEN, "lstrip": True}})


@shape
def bert_without_mask(s):
    s.bert(BERT[:4], lowercase=True)
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer")


@shape
def bert_german_uncased(s):
    s.bert(lowercase=True, strip_accents=False)
    s.settings(do_lower_case=True, strip_accents=False, tokenizer_class="BertTokenizer")


@shape
def bert_cased_without_accents(s):
    s.bert(lowercase=False, strip_accents=True)
    s.settings(do_lower_case=False, strip_accents=True, tokenizer_class="BertTokenizer")


@shape
def bert_chinese(s):
    s.bert(lowercase=False)
    s.settings(do_lower_case=False, tokenize_chinese_chars=True, tokenizer_class="BertTokenizer")


@shape
def bert_characters_together(s):
    s.bert(lowercase=True, handle_chinese_chars=False)
    s.settings(do_lower_case=True, tokenize_chinese_chars=False, tokenizer_class="BertTokenizer")


@shape
def bert_multilingual_cased(s):
    s.bert(size=1500, lowercase=False)
    s.settings(do_lower_case=False, model_max_length=512)


@shape
def tokenizer_json_against_settings(s):
    s.bert(lowercase=False).save(str(s.directory / "tokenizer.json"))
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer")


@shape
def tokenizer_json_of_any_class(s):
    t = s.bert(lowercase=False)
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.save(str(s.directory / "tokenizer.json"))
    (s.directory / "vocab.txt").unlink()
    s.settings(tokenizer_class="PreTrainedTokenizerFast", pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")


@shape
def tokenizer_json_without_added_tokens(s):
    s.bert(["pad", *BERT[1:]], lowercase=False).save(str(s.directory / "tokenizer.json"))
    (s.directory / "vocab.txt").unlink()
    tokenizer = json.loads((s.directory / "tokenizer.json").read_text(encoding="utf-8"))
    s.write("tokenizer.json", tokenizer | {"added_tokens": []})
    s.settings(tokenizer_class="PreTrainedTokenizerFast", pad_token="pad")


@shape
def distilbert(s):
    s.bert(lowercase=True)
    s.write("config.json", {"model_type": "distilbert"})
    s.settings(do_lower_case=True, tokenizer_class="DistilBertTokenizer")


@refused("BertJapaneseTokenizer")
def bert_japanese(s):
    s.bert(lowercase=False)
    s.settings(do_lower_case=False, tokenizer_class="BertJapaneseTokenizer", word_tokenizer_type="mecab", subword_tokenizer_type="wordpiece")


@refused("BertJapaneseTokenizer")
def bert_japanese_by_its_model(s):
    s.bert(lowercase=False)
    s.write("config.json", {"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"})
    s.settings(do_lower_case=False)


@refused("do_basic_tokenize")
def bert_not_basic(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True, do_basic_tokenize=False, tokenizer_class="BertTokenizer")


@refused("never_split")
def bert_never_split(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True, never_split=["covid"], tokenizer_class="BertTokenizer")


@refused("added token")
def bert_added_with_other_ids(s):
    s.bert(lowercase=True)
    s.settings(do_lower_case=True, tokenizer_class="BertTokenizer")
    s.write("added_tokens.json", {"newtok": s.size + 7})


@shape
def t5_spiece_only(s):
    s.pieces()


@shape
def t5_spiece_with_settings(s):
    s.pieces()
    s.settings(tokenizer_class="T5Tokenizer", extra_ids=100, eos_token="</s>", unk_token="<unk>", pad_token="<pad>", model_max_length=512,
               additional_special_tokens=[f"<extra_id_{i}>" for i in range(100)])


@shape
def t5_other_number_of_sentinels(s):
    s.pieces()
    s.settings(tokenizer_class="T5Tokenizer", extra_ids=8)


@shape
def t5_without_sentinels(s):
    s.pieces()
    s.settings(tokenizer_class="T5Tokenizer", extra_ids=0)


@shape
def t5_with_added_tokens(s):
    s.pieces()
    s.settings(tokenizer_class="T5Tokenizer", extra_ids=100)
    s.write("added_tokens.json", {"newtok": s.size + 100, "<e1>": s.size + 101})


@shape
def t5_as_saved(s):
    s.pieces()
    s.saved()


@shape
def t5_saved_with_modes(s):
    s.pieces()
    tokenizer = AutoTokenizer.from_pretrained(s.directory)
    tokenizer.add_tokens([AddedToken(t, special=True) for t in ("[NLU]", "[NLG]", "[S2S]")])
    (s.directory / "spiece.model").unlink()
    tokenizer.save_pretrained(s.directory)


@shape
def mt5_with_bytes_in_the_vocabulary(s):
    s.pieces(model="mt5", normalization_rule_name="nfkc", user_defined_symbols=["<0x00>", "covid"])
    s.settings(tokenizer_class="T5Tokenizer", extra_ids=0, additional_special_tokens=None)


@shape
def gpt2_pairs(s):
    s.pairs(["<|endoftext|>"])
    s.settings(tokenizer_class="GPT2Tokenizer", model_max_length=1024)


@shape
def gpt2_pairs_alone(s):
    s.pairs(["<|endoftext|>"])


@shape
def gpt2_with_a_space(s):
    s.pairs(["<|endoftext|>"])
    s.settings(tokenizer_class="GPT2Tokenizer", add_prefix_space=True)


@shape
def gpt2_as_saved(s):
    s.pairs(["<|endoftext|>"])
    s.settings(tokenizer_class="GPT2Tokenizer", add_prefix_space=True)
    s.saved()


@shape
def gpt2_json_against_settings(s):
    s.pairs(["<|endoftext|>"]).save(str(s.directory / "tokenizer.json"))
    s.settings(tokenizer_class="GPT2Tokenizer", add_prefix_space=True)


@shape
def roberta_pairs(s):
    s.pairs(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "roberta")
    s.settings(tokenizer_class="RobertaTokenizer", mask_token={"__type": "AddedToken", "content": "<mask>", "normalized": True, **TOKEN, "lstrip": True})


@shape
def roberta_as_saved(s):
    s.pairs(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "roberta")
    s.saved()


@refused("ByT5Tokenizer")
def byt5(s):
    s.write("config.json", {"model_type": "t5"})
    s.settings(tokenizer_class="ByT5Tokenizer", extra_ids=125)


@refused("BPE")
def llama_sentencepiece(s):
    s.pieces("tokenizer.model", "llama", model_type="bpe")


@refused("LlamaTokenizer")
def llama_unigram(s):
    s.pieces("tokenizer.model", "llama")
    s.settings(tokenizer_class="LlamaTokenizer")


@refused("CLIPTokenizer")
def clip_pairs(s):
    s.pairs(["<|endoftext|>"], "clip")
    s.settings(tokenizer_class="CLIPTokenizer")


@refused("WordLevel")
def word_level(s):
    t = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    t.pre_tokenizer = pre_tokenizers.Whitespace()
    t.save(str(s.directory / "tokenizer.json"))
    s.settings(tokenizer_class="PreTrainedTokenizerFast", unk_token="[UNK]")


def encode(lag, directory, lines, special):
    """The ids of each line by lag; its error if there is one."""
    command = [lag, "data", "encode", "-tokenizer", str(directory)] + (["-special"] if special else [])
    done = subprocess.run(command, input="".join(line + "\n" for line in lines).encode(), capture_output=True)
    if done.returncode:
        return None, done.stderr.decode().strip().splitlines()[-1]
    ids = [[int(t) for t in line.split()] for line in done.stdout.decode().split("\n")[:-1]]
    assert len(ids) == len(lines), f"{len(lines)} lines were given, {len(ids)} came back"
    return ids, None


def prepare(lag, directory, text, made):
    """Prepares a dataset with the tokenizer in a directory, and opens it again. Returns
    its directory, and the error if there is one."""
    names = ["tokenizer.json", "spiece.model", "tokenizer.model", "vocab.txt", "vocab.json"]  # as lag looks for them
    file = next(directory / name for name in names if (directory / name).exists())
    command = [lag, "data", "prepare", "-corpus", str(text), "-validation-fraction", "0.3", "-tokenizer", str(file), "-data", str(made)]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True)
        if done.returncode:
            return None, done.stderr.decode().strip().splitlines()[-1]
    return next(line.split()[-1] for line in done.stdout.decode().splitlines() if line.startswith("dataset")), None


def compare(lag, directory, lines, verbose, text):
    """Returns what came of a directory, and whether it is right."""
    name = directory.name
    says, error = REFUSED.get(name), None
    differing, tokenizer = 0, None
    for special in False, True:
        ours, error = encode(lag, directory, lines, special)
        if error:
            break
        if says:
            continue
        with tempfile.TemporaryDirectory() as made:
            saved, error = prepare(lag, directory, text, made)
            if error:
                return f"no dataset: {error}", False
            if encode(lag, saved, lines, special) != (ours, None):
                return f"the saved tokenizer gives other ids{' with special tokens' if special else ''}", False
        tokenizer = tokenizer or AutoTokenizer.from_pretrained(directory)
        for line, got, want in zip(lines, ours, tokenizer(lines, add_special_tokens=special)["input_ids"]):
            if got != want:
                differing += 1
                if differing <= 3 or verbose:
                    print(f"  {name}: {line[:60]!r}{' with special tokens' if special else ''}: transformers {want[:16]}, lag {got[:16]}")
    if error:
        return f"refused: {error}", says is not None and says in error
    if says:
        return "read, but must be refused", False
    return f"{differing} of {2 * len(lines)} lines differ", differing == 0


def main():
    p = argparse.ArgumentParser(description="Compares lag's tokenizers with transformers' for directories as checkpoints have them.")
    p.add_argument("--lag", required=True, help="the lag binary")
    p.add_argument("--keep", help="directory for what is made")
    p.add_argument("--only", help="only shapes whose names hold this")
    p.add_argument("--verbose", action="store_true", help="print every line that differs")
    p.add_argument("text", nargs="*", type=pathlib.Path, help="more lines, at most 2000 of each file")
    args = p.parse_args()
    logging.disable(logging.WARNING)
    lines = LINES + [t for t in (line.decode("utf-8", "replace") for line in hard.lines()) if "\n" not in t and "\r" not in t and len(t) < 2000][::9]
    for path in args.text:
        lines += [line for line in path.read_text(encoding="utf-8", errors="replace").split("\n")[:2000] if "\r" not in line]
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(args.keep or temporary)
        text = pathlib.Path(temporary, "corpus of shapes.txt")
        text.write_text("\n\n".join(CORPUS * 5), encoding="utf-8")
        print(f"transformers {transformers.__version__}, {len(SHAPES)} shapes, {len(lines)} lines", flush=True)
        for name, make in SHAPES.items():
            if args.only and args.only not in name:
                continue
            s = Shape(root / name)
            make(s)
            result, right = compare(os.path.abspath(args.lag), s.directory, lines, args.verbose, text)
            wrong += not right
            print(f"{'ok   ' if right else 'WRONG'} {name}: {result}", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
