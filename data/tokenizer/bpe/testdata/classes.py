"""Prints the characters that Hugging Face's regular expressions take for members
of general categories, scripts and so on, and those that Digits cuts, as ranges of
code points; TestClasses compares the sha256 of this output.

    pip install tokenizers==0.23.3
    python classes.py | sha256sum
"""

from tokenizers import Regex, pre_tokenizers

PROPERTIES = ("L Lu Ll Lt Lm Lo M Mn Mc N Nd Nl No P S Han Hiragana Katakana Hangul Latin Cyrillic Arabic Thai "
              "Greek Hebrew").split()
everything = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def ranges(characters):
    out = []
    for c in sorted(map(ord, characters)):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return " ".join("%x-%x" % (a, b) for a, b in out)


def matched(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    return {c for piece, _ in split.pre_tokenize_str(everything) for c in piece}


for name in PROPERTIES:
    print(name, ranges(matched(r"\p{%s}" % name)))
for pattern in [r"\s", r"\d", r".", "(?i:s)", "(?i:k)", "(?i:[a-z])"]:
    print(pattern, ranges(matched(pattern)))
digits = pre_tokenizers.Digits(individual_digits=True)
pieces = digits.pre_tokenize_str("".join(c + "a" for c in everything if c != "a"))
print("Digits", ranges(p for p, _ in pieces if len(p) == 1 and p != "a"))
