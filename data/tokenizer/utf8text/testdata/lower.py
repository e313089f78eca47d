"""Prints every character that Hugging Face's Lowercase normalizer changes and
what it becomes, as code points; TestLower compares the sha256 of this output.

    pip install tokenizers==0.23.3
    python lower.py | sha256sum
"""

from tokenizers import normalizers

lowercase = normalizers.Lowercase()
for c in range(0x110000):
    if 0xD800 <= c < 0xE000:
        continue
    lower = lowercase.normalize_str(chr(c))
    if lower != chr(c):
        print("%x\t%s" % (c, " ".join("%x" % ord(r) for r in lower)))
