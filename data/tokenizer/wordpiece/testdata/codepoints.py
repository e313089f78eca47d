"""Prints how Hugging Face tokenizers splits 'a' + c + 'b' for every character c:
the code point, and the words' code points, words separated by |. Made with
tokenizers 0.23.3; TestEveryCodePoint compares the sha256 of this output.

    python codepoints.py > codepoints.tsv
"""

from tokenizers import normalizers, pre_tokenizers

normalizer = normalizers.BertNormalizer()
splitter = pre_tokenizers.BertPreTokenizer()
for c in range(1, 0x110000):
    if 0xD800 <= c < 0xE000:
        continue
    text = normalizer.normalize_str("a" + chr(c) + "b")
    words = [w for w, _ in splitter.pre_tokenize_str(text)]
    print("%x\t%s" % (c, "|".join(" ".join("%x" % ord(r) for r in w) for w in words)))
