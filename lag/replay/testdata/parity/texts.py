"""Lines of several languages, and tokenizers of transformers trained on them."""

import json
import pathlib

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertTokenizerFast, PreTrainedTokenizerFast

LINES = [
    "The quick brown fox jumps over the lazy dog, doesn't it? It's 3.14!",
    "  Two  spaces,\ta tab, and a very-long-hyphenated_word ",
    "Größere Modelle wachsen aus kleineren; Straße, Äpfel, ÜBER, ẞ.",
    "Les modèles plus profonds coûtent très cher: l'été, où, ça, ŒUVRE.",
    "El niño comió una manzana. ¿Cuántas? ¡Muchísimas!",
    "Mô hình lớn hơn được phát triển từ mô hình nhỏ hơn.",
    "Модели растут, когда добавляют слои. ЁЖ и ёж.",
    "Τα μοντέλα μεγαλώνουν. ΟΔΟΣ, οδός.",
    "İstanbul'da ılık bir gün; IĞDIR ığdır.",
    "模型从较小的模型成长起来。深度增加了。",
    "小さなモデルから大きなモデルを育てる。カタカナ、ひらがな、漢字。",
    "작은 모델에서 큰 모델로 성장합니다.",
    "نماذج أكبر تنمو من نماذج أصغر. قِطَّة",
    "मॉडल बढ़ते हैं। छोटा मॉडल।",
    "โมเดลขนาดใหญ่เติบโตจากโมเดลขนาดเล็ก",
    "Emoji 🙂🚀, a ZWJ 👩‍💻, a flag 🇪🇺 and a soft\u00adhyphen, a no-break\u00a0space.",
    "[MASK] and [SEP] in a text, <extra_id_0> and </s> too, [unused1].",
    "xqzj ∑∞≠ unknown signs 𝔘𝔫𝔦 ﬁne ①②",
    "LAG wachsen: added tokens, LAGwachsen and lag.",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def wordpiece(lower, size=420, **kwargs):
    """The tokens of a WordPiece vocabulary."""
    t = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=lower, **kwargs)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(LINES[:-2], trainers.WordPieceTrainer(vocab_size=size, min_frequency=1, special_tokens=SPECIAL, show_progress=False))
    vocabulary = t.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)


def vocab_txt(directory, tokens, settings=None, added=None):
    """Writes a vocab.txt, and what old checkpoints have beside it."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "vocab.txt").write_text("".join(token + "\n" for token in tokens), encoding="utf-8")
    if settings is not None:
        (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"} | settings))
    if added:
        (directory / "added_tokens.json").write_text(json.dumps({token: len(tokens) + i for i, token in enumerate(added)}))


def bert(directory, lower, **kwargs):
    """A tokenizer of BERT as transformers has it, not saved yet. The directory is for
    its vocab.txt."""
    normal = {k: v for k, v in kwargs.items() if k == "strip_accents"}
    if "tokenize_chinese_chars" in kwargs:
        normal["handle_chinese_chars"] = kwargs["tokenize_chinese_chars"]
    vocab_txt(directory, wordpiece(lower, **normal), {"do_lower_case": lower} | kwargs)
    return BertTokenizerFast.from_pretrained(directory)


def t5(sentinels=100):
    """A unigram tokenizer like T5's, with its sentinels."""
    t = tokenizers.Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    t.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    special = ["<pad>", "</s>", "<unk>"]
    t.train_from_iterator(LINES[:-2], trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False))
    t.add_special_tokens([f"<extra_id_{i}>" for i in reversed(range(sentinels))])
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=t, pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
                                   additional_special_tokens=[f"<extra_id_{i}>" for i in range(sentinels)])


def encode(tokenizer):
    """Ids of every line, without and with special tokens."""
    return [[tokenizer(line, add_special_tokens=special)["input_ids"] for line in LINES] for special in (False, True)]
