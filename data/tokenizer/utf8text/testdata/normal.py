"""Prints what Hugging Face's normalizers make of every character between others,
and of many combining characters in a row, as code points; TestNormalize compares
the sha256 of this output.

    pip install tokenizers==0.23.3
    python normal.py | sha256sum
"""

from tokenizers import normalizers

for name in ["NFC", "NFD", "NFKC", "NFKD"]:
    normalizer = getattr(normalizers, name)()
    for c in [*range(0x80, 0xD800), *range(0xE000, 0x34000), *range(0xE0000, 0xE0200)]:  # no others are assigned
        text = "e\u0345" + chr(c) + "\u0301" + chr(c) + "\u0323"
        normal = normalizer.normalize_str(text)
        if normal != text:
            print("%s %x %s" % (name, c, " ".join("%x" % ord(r) for r in normal)))
    for marks in ["\u0301\u0323\u031b\u0345", "\u0323\u031b\u0345", "\u031b\u0345", "\u0345", "\u0f73", "\uff9e\u0f81", "\u0898\u0301"]:
        for n in range(70):
            text = "o" + marks * n + "\u0344\u3099"
            print("%s %s" % (name, " ".join("%x" % ord(r) for r in normalizer.normalize_str(text))))
