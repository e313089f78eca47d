"""Makes beside.json: small directories of tokenizers with settings beside the
vocabulary, and the ids that transformers' AutoTokenizer gives there for some lines.

    pip install -r parity/shapes.txt
    python beside.py

parity/shapes.py compares more kinds of directories on more lines.
"""

import base64
import json
import os
import pathlib
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import sentencepiece
import transformers
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = "paris Paris größe grosse große über uber Über ##ß ##e a b c é e 漢 字 漢字 the The covid Москва москва".split()
LINES = ["Die Größe Über Große", "Москва Paris paris", "漢字 é É", "newtok covid <e1> a Newtok", "a [MASK] b <mask> c [SEP]", "", "the The"]
T5_LINES = ["a b <extra_id_0> c", "  two  b\tc ", "</s> a <pad> newtok", "<extra_id_99>b", "[NLU] a"]
FLAGS = {"lstrip": False, "rstrip": False, "single_word": False}


def bert(settings, special=BERT, words=WORDS, config={"model_type": "bert"}, **files):
    files = {name.replace("__", "."): value for name, value in files.items()}
    directory = {"vocab.txt": "".join(t + "\n" for t in [*special, *words]), "config.json": config, **files}
    return directory | ({} if settings is None else {"tokenizer_config.json": settings})


def tokenizer_json(**normalizer):
    vocabulary = {t: i for i, t in enumerate([*BERT, *WORDS])}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": i, "content": t, "normalized": False, "special": True, **FLAGS} for i, t in enumerate(BERT)],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": False, **normalizer},
            "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": None, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary}}


def pieces():
    """A vocabulary of T5, in base64."""
    with tempfile.TemporaryDirectory() as directory:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["a b c two b a c ab ca"] * 9), model_prefix=f"{directory}/m", vocab_size=14, minloglevel=2, hard_vocab_limit=False,
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_name="identity")
        return {"base64": base64.b64encode(pathlib.Path(f"{directory}/m.model").read_bytes()).decode()}


def t5(settings, **files):
    files = {name.replace("__", "."): value for name, value in files.items()}
    directory = {"spiece.model": PIECES, "config.json": {"model_type": "t5"}, **files}
    return directory | ({} if settings is None else {"tokenizer_config.json": settings})


def pairs(settings, special, model):
    byte = {b: chr(b) for b in [*range(33, 127), *range(161, 173), *range(174, 256)]}
    more = [b for b in range(256) if b not in byte]
    byte |= {b: chr(256 + i) for i, b in enumerate(more)}
    tokens = [*special, *(byte[b] for b in range(256)), "th", "the", "Ġa", "Ġthe"]
    return {"vocab.json": {t: i for i, t in enumerate(tokens)}, "merges.txt": "#version: 0.2\nt h\nth e\nĠ a\nĠ the\n", "config.json": {"model_type": model},
            "tokenizer_config.json": settings}


PIECES = pieces()
N = len(BERT) + len(WORDS)
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
CASES = {
    "uncased": bert({"do_lower_case": True}),
    "silent": bert({"tokenizer_class": "BertTokenizer"}),
    "cased": bert({"do_lower_case": False}),
    "German": bert({"do_lower_case": True, "strip_accents": False, "tokenizer_class": "BertTokenizerFast"}),
    "cased without accents": bert({"do_lower_case": False, "strip_accents": True}),
    "accents as case": bert({"do_lower_case": False, "strip_accents": None}),
    "Chinese together": bert({"do_lower_case": False, "tokenize_chinese_chars": False}),
    "never split": bert({"do_lower_case": False, "do_basic_tokenize": True, "never_split": ["[MASK]"]}),
    "added": bert({"do_lower_case": True}, added_tokens__json={"<e1>": N + 1, "newtok": N}, special_tokens_map__json={"additional_special_tokens": ["<e1>"]}),
    "decoder": bert({"do_lower_case": False, "added_tokens_decoder": {
        str(N): {"content": "newtok", "normalized": True, "special": False, **FLAGS}, str(N + 1): {"content": "<e1>", "special": True, **FLAGS, "lstrip": True}}},
        added_tokens__json={"not read": 99}),
    "renamed": bert({"do_lower_case": False, "pad_token": "[P]", "unk_token": "[U]", "cls_token": "[C]", "sep_token": "[S]", "mask_token": "[M]"},
                    ["[P]", "[U]", "[C]", "[S]", "[M]"]),
    "map": bert({}, ["<pad>", "<unk>", "<s>", "</s>", "<mask>"], special_tokens_map__json={
        "pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>",
        "mask_token": {"content": "<mask>", "normalized": False, **FLAGS, "lstrip": True}}),
    "without mask": bert({"do_lower_case": True}, BERT[:4]),
    "json against settings": bert({"do_lower_case": True}, tokenizer__json=tokenizer_json(lowercase=False)),
    "json against silence": bert({"tokenizer_class": "BertTokenizer"}, tokenizer__json=tokenizer_json(lowercase=False)),
    "json of any class": bert({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True, "pad_token": "[PAD]"},
                              tokenizer__json=tokenizer_json(lowercase=False)),
    "T5 alone": t5(None),
    "T5": t5({"tokenizer_class": "T5Tokenizer", "extra_ids": 100, "additional_special_tokens": [f"<extra_id_{i}>" for i in range(100)]}),
    "T5 with 3": t5({"tokenizer_class": "T5Tokenizer", "extra_ids": 3}),
    "T5 without": t5({"tokenizer_class": "T5Tokenizer", "extra_ids": 0}),
    "T5 with modes": t5({"tokenizer_class": "T5TokenizerFast"}, added_tokens__json={"[NLU]": 113, "newtok": 114}),
    "GPT-2": pairs({"tokenizer_class": "GPT2Tokenizer"}, ["<|endoftext|>"], "gpt2"),
    "GPT-2 with a space": pairs({"add_prefix_space": True}, ["<|endoftext|>"], "gpt2"),
    "RoBERTa": pairs({"tokenizer_class": "RobertaTokenizer"}, ROBERTA, "roberta"),
}


def main():
    out = []
    for name, files in CASES.items():
        with tempfile.TemporaryDirectory() as directory:
            for file, value in files.items():
                path = pathlib.Path(directory, file)
                if isinstance(value, dict) and "base64" in value:
                    path.write_bytes(base64.b64decode(value["base64"]))
                else:
                    path.write_text(value if isinstance(value, str) else json.dumps(value))
            tokenizer = AutoTokenizer.from_pretrained(directory)
            lines = T5_LINES if "spiece.model" in files else LINES
            out.append({"name": name, "files": files, "size": len(tokenizer), "pad": tokenizer.pad_token_id if tokenizer.pad_token_id is not None else -1,
                        "lines": lines, "ids": [tokenizer.encode(t, add_special_tokens=False) for t in lines],
                        "around": [tokenizer.encode(t) for t in lines[:1]]})
    text = json.dumps({"transformers": transformers.__version__, "cases": out}, ensure_ascii=False)
    (HERE / "beside.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
