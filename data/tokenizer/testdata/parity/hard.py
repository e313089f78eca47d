"""Lines that tokenizers get wrong: they hold no newline, but everything else."""

import functools
import random

SPACES = "\t\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u180e\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = "\0\x01\x7f\xad\u200b\u200c\u200d\u200e\u2060\ufeff\ufe0f\ufffd\uffff\U000e0001\U0010ffff"
CONTRACTIONS = "'s 'S 't 'T 're 'RE 'rE 've 'VE 'm 'M 'll 'LL 'lL 'd 'D 'ſ 'x ''s ' '' ’s 'rex 'r 'l 'v".split(" ")
TEXTS = """
cafe\u0301 e\u0323\u0301 \u1e69 s\u0323\u0307 s\u0307\u0323 \u212b \u2126 \ufb01 \uff21 \u00bd \u2460 \u33a5 \u0958 \u0344 \u1100\u1161\u11a8 \uac00
👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪🇫🇷 ☺️ ✈︎ 😀😀😀 a😀b 1️⃣
漢字かな交じり文。中文没有空格。한국어 텍스트 ไทยไม่มีช่องว่าง हिन्दी पाठ عربى نص עברית ქართული Ελληνικά ΣΊΣΥΦΟΣ ԱԲԳ ｱｲｳ ＡＢＣ１２３
İstanbul ISTANBUL ıi ẞß ŉ ǰ ǅ ǈ ᾈ Å ﬃ ﷺ ㍿ ½² Ⅳ ٣٤ १२
[CLS] a [SEP] [MASK]s [UNK] [PAD]<|endoftext|> <s></s><unk><pad> ▁ ▁▁a Ġthe ##ing <0x41> <extra_id_0>
don't DON'T we'll it's o'clock rock'n'roll 'tis 12,345.67 1234567 3.14e-10 x=y+1; a--b ... !!! $5 50% #1 @me a_b http://a.b/c?d=e
""".strip().split("\n")
INVALID = """ff c0af e280 e28080 f09f98 f09f9861 eda080 eda080edb080 f4908080 f5808080 c2 c261 80bf80 61ff62ff63 fefeffff
e2e2e28282ac f0f09f9880 efbbbf61 20ff20 e0a0 ed9fbf f48fbfbf f0808080""".split()


@functools.cache
def lines():
    out = [text.encode() for text in made()]
    for sequence in map(bytes.fromhex, INVALID):
        out += [sequence, b"x " + sequence + b" y"]
    rng = random.Random(8)
    for _ in range(2000):
        out.append(bytes(rng.choice([rng.randrange(11, 256), rng.randrange(128, 256), 32]) for _ in range(rng.randint(1, 20))))
    assert not any(b"\n" in line for line in out)
    return out


def made():
    yield from ["", " ", "  ", "a", "\ufeffa", "a\r", "\r\r a"]
    yield from TEXTS
    for c in SPACES + INVISIBLE:
        for form in ["a%sb", "%s", "%s%s", "a %s b", "a%s b", "%s a", " %s", "a%s", "1%s2", "'%ss", " %s %s ", "A%sA"]:
            yield form.replace("%s", c)
    for c in CONTRACTIONS:
        for before in ["", "I", "it ", "1", "!", "\t"]:
            for after in ["", " b", "b", "1"]:
                yield before + c + after
    for n in [1, 2, 3, 4, 5, 7, 13, 14, 29, 30, 31, 32, 33, 60, 63, 64, 65, 99, 100, 101, 200, 256, 257, 1000]:
        for unit in ["ab", "a", "é", "-", " ", "\t", "\r", "1", "٣", "漢", "щ", "Щщ", "😀", "xyzq", "\u0301", "\u0344", "\u1100", "- "]:
            yield unit * n
            yield f"a{unit * n}b"
            yield f" {unit * n} \u0301x"
        yield "o" + "\u0323\u0301" * n + "\u0345\u0301\u0323" * n
    yield "превысокомногорассмотрительствующий" * 4

    rng = random.Random(7)
    letters = [chr(c) for c in [*range(1, 10), *range(11, 128)]]
    letters += list("éßñčżĀſKİı’“”…–—€™ªº²³¼½٠١۲०१ⅣⅫ①㊿가나다ㄱㅏあアｱﾞ漢字龥ࠀ\u0301\u0300\u0323\u0345\u0344\u200d\ufe0f\xa0\u3000\u2028\x85😀👍🏽🇩▁\u0958\u0915\u093c\u1100\u1161\u11a8")
    letters += ["'s", "'LL", " ", "  ", "1", "12", "1234", "the", "The", "ABC", "aBc", "</s>", "[SEP]"]
    for _ in range(6000):
        yield "".join(rng.choice(letters) for _ in range(rng.randint(1, 30)))

    # Every character of the planes that hold any, within words and with accents.
    planes = [*range(1, 10), *range(11, 0xD800), *range(0xE000, 0x34000), *range(0xE0000, 0xE0200)]
    for i in range(0, len(planes), 64):
        part = [chr(c) for c in planes[i:i + 64]]
        yield " ".join(f"a{c}1" for c in part)
        if i % 256 == 0:
            yield "".join(f"A{c}b e{c}\u0301" for c in part)

    yield "a" * 1_000_000
    yield "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(1_000_000))
    yield " " * 300_000 + "x"
    yield "漢字" * 50_000
