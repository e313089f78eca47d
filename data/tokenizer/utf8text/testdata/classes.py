"""Prints the characters that Hugging Face's StripAccents removes and those at
which its Punctuation cuts; TestClasses compares the sha256 of this output.

    pip install tokenizers==0.23.3
    python classes.py | sha256sum
"""

from tokenizers import normalizers, pre_tokenizers

strip, punctuation = normalizers.StripAccents(), pre_tokenizers.Punctuation()
for c in [*range(0xD800), *range(0xE000, 0x110000)]:
    text = "a" + chr(c) + "b"
    if strip.normalize_str(text) == "ab":
        print("accent %x" % c)
    if len(punctuation.pre_tokenize_str(text)) > 1:
        print("punctuation %x" % c)
