"""Makes the models and cases of this folder.

    pip install sentencepiece==0.2.3 tokenizers==0.23.3 protobuf
    python make.py

The text is this program's own and the repository's README and CONTRIBUTING.
"""

import base64
import io
import json
import pathlib
import random

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
root = here / "../../../.."
text = [l for n in ("README.md", "CONTRIBUTING.md") for l in (root / n).read_text().split("\n")]
text += ["Привет мир", "naïve café", "日本語 のテキスト"] * 5

RULES = "41 30A\tC5\n65 301\tE9\nFF21\t41\n9\t20\n2581\t20\n7\t\nFFFD\t20\nAD\t61 20 62\nA0\t20\n"
tsv = here / "rules.tsv"
tsv.write_text(RULES)

MODELS = {
    "plain": dict(vocab_size=300, normalization_rule_tsv=str(tsv)),
    "bytes": dict(vocab_size=700, normalization_rule_name="identity", byte_fallback=True, pad_id=3,
                  user_defined_symbols=["<sep>", "the", "é"], control_symbols=["<a>"], unk_surface="?"),
    "loose": dict(vocab_size=300, normalization_rule_name="identity", remove_extra_whitespaces=False,
                  add_dummy_prefix=False, allow_whitespace_only_pieces=True),
    "across": dict(vocab_size=300, normalization_rule_tsv=str(tsv), split_by_whitespace=False,
                   user_defined_symbols=["of a", "▁x"]),
    "suffix": dict(vocab_size=300, normalization_rule_tsv=str(tsv), treat_whitespace_as_suffix=True),
}

random.seed(7)
lines = ["", " ", "  a  b ", "\ta\tb", "a\0b", "e\u0301te\u0301 A\u030a", "Ａ\u00a0\u00adx", "\u00ad \u00ad", "▁ ▁▁x a▁b▁",
         "the theatre of a of▁a <sep><sep> <a> </s> <unk>", "☃☃ ☃ a☃", "日本語日本語", "\ufeffа" * 3, "\x07 \x07x",
         "x" * 300, "👍🏽👨‍👩‍👧", "Приветмир" * 20]
for _ in range(60):
    l = random.choice(text)[:80]
    for _ in range(random.randrange(4)):
        i = random.randrange(len(l) + 1)
        l = l[:i] + random.choice([" ", "  ", "\t", "☃", "é", "e\u0301", "▁", "the", "\u00ad", "я", "<sep>"]) + l[i:]
    lines.append(l)
lines += ["o" + "\u0323\u0301" * 40, "e" + "\u0301" * 31 + "x", "``Àb'' c,d. (É\u0898\u0301)! don't", "\u1cf2a\u0903 \u166d. ¿a?"]
raw = [l.encode() for l in lines] + [b"\xff", b"a\xc3 b\xe2\x82", b"\xed\xa0\x80x\xf4\x90\x80\x80"]

cases = {}
for name, options in MODELS.items():
    out = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=iter(text), model_writer=out, num_threads=1, minloglevel=2, **options)
    m = pb.ModelProto.FromString(out.getvalue())
    m.trainer_spec.ClearField("input")
    m.normalizer_spec.ClearField("normalization_rule_tsv")
    (here / (name + ".model")).write_bytes(m.SerializeToString(deterministic=True))
    sp = spm.SentencePieceProcessor(model_proto=m.SerializeToString())
    rows = []
    for b in raw:
        ids = sp.encode(b, out_type=int)
        rows.append({"text": base64.b64encode(b).decode(), "ids": ids, "decoded": sp.decode(ids)})
    decode = []
    for _ in range(40):
        tokens = [sp.id_to_piece(random.randrange(sp.get_piece_size())) for _ in range(8)]
        tokens[random.randrange(8)] = random.choice(["▁", "zz▁q", "▁▁", "<0xE2>", "</s>"])
        decode.append({"tokens": tokens, "text": sp.decode_pieces(tokens)})
    cases[name] = {"encode": rows, "decode": decode}
tsv.unlink()

MS = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
SPACES = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
SHAPES = {
    "t5": ("plain", [], {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, MS]}, MS),
    "spaces": ("plain", [SPACES, {"type": "Strip", "strip_left": True, "strip_right": True}], MS, MS),
    "whole": ("bytes", [{"type": "Nmt"}, {"type": "NFKC"}, {"type": "Lowercase"}], dict(MS, prepend_scheme="first", split=False),
              {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                                                {"type": "ByteFallback"}, {"type": "Fuse"},
                                                {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}),
    "albert": ("plain", [{"type": "Replace", "pattern": {"String": "``"}, "content": '"'}, {"type": "NFKD"}, {"type": "StripAccents"},
                         {"type": "Lowercase"}],
               {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}, MS]}, MS),
    "punctuation": ("bytes", [{"type": "NFC"}], {"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Isolated"}, MS]}, MS),
    "bare": ("loose", [{"type": "Prepend", "prepend": "▁"}], dict(MS, prepend_scheme="never"), None),
}
for name, (model, norm, pre, dec) in SHAPES.items():
    m = pb.ModelProto.FromString((here / (model + ".model")).read_bytes())
    if m.normalizer_spec.precompiled_charsmap:
        charsmap = [{"type": "Precompiled", "precompiled_charsmap": base64.b64encode(m.normalizer_spec.precompiled_charsmap).decode()}]
        norm = norm + charsmap if name == "albert" else charsmap + norm
    j = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
         "normalizer": norm[0] if len(norm) == 1 else {"type": "Sequence", "normalizers": norm},
         "pre_tokenizer": pre, "post_processor": None, "decoder": dec,
         "model": {"type": "Unigram", "unk_id": [i for i, p in enumerate(m.pieces) if p.type == 2][0],
                   "vocab": [[p.piece, p.score] for p in m.pieces], "byte_fallback": m.trainer_spec.byte_fallback}}
    s = json.dumps(j, ensure_ascii=False)
    (here / (name + ".json")).write_text(s)
    t = Tokenizer.from_str(s)
    cases[name] = {
        "encode": [{"text": base64.b64encode(l.encode()).decode(), "ids": (ids := t.encode(l).ids),
                    "decoded": t.decode(ids, skip_special_tokens=False)} for l in lines],
        "decode": [],
    }
(here / "cases.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")) + "\n")
