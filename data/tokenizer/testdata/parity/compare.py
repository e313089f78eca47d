"""Compares `lag data encode` with Hugging Face tokenizers and SentencePiece, line
by line, and `lag data train` with Hugging Face's trainers, token by token, and with
SentencePiece's, by the bits a character of held-out text.

    pip install -r requirements.txt
    go build -o lag ../../../../lag/cmd/lag

    # Tokenizers trained by the references on the text itself; 2 MB of it, and hard input.
    python compare.py --lag ./lag --train --hard --bytes 2000000 text.txt

    # Given tokenizers (tokenizer.json, vocab.txt, *.model) on 20 MB, special tokens too.
    python compare.py --lag ./lag --tokenizer tokenizer.json --tokenizer spiece.model --bytes 20000000 text.txt.zst

    # The training of vocabularies on 10 MB.
    python compare.py --lag ./lag --vocabularies wordpiece,bpe,unigram --vocab 8192 --bytes 10000000 text.txt

Prints the lines compared and differing, the first few of these with both ids, and
throughputs; exits with 1 if anything differs. Both sides have as many processors
as --threads says, 1 by default. Two minutes for 2 MB with --train and --hard.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import hard

SHOWN = 3  # differing lines that are printed


def read_lines(paths, limit):
    """Lines of the files, as bytes without their ends, of `limit` bytes at most."""
    data = b""
    for path in paths:
        if path.suffix == ".zst":
            with subprocess.Popen(["zstd", "-dc", path], stdout=subprocess.PIPE) as p:
                data += p.stdout.read(limit - len(data))
                p.kill()
        else:
            with open(path, "rb") as f:
                data += f.read(limit - len(data))
    # The last line may have been cut, maybe within a character.
    return data.split(b"\n")[:-1] if len(data) == limit else data.removesuffix(b"\n").split(b"\n")


def lag_encode(lag, tokenizer, lines, special):
    """Ids of each line, as text, and the seconds it took, the start included."""
    command = [lag, "data", "encode", "-workers", os.environ["GOMAXPROCS"], "-tokenizer", tokenizer]
    command += ["-special"] if special else []
    start = time.perf_counter()
    done = subprocess.run(command, input=b"".join(line + b"\n" for line in lines), stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - start
    ids = done.stdout.decode().split("\n")
    assert ids.pop() == "" and len(ids) == len(lines), f"{len(lines)} lines were given, {len(ids)} came back"
    return ids, seconds


def compare_encoding(lag, tokenizer, reference, name, lines, special):
    """Compares all lines with one tokenizer; returns the number that differ."""
    ours, seconds = lag_encode(lag, tokenizer, lines, special)
    start = time.perf_counter()
    theirs = reference.encode(lines)
    reference_seconds = time.perf_counter() - start
    differing = [i for i, ids in enumerate(theirs) if ours[i] != " ".join(map(str, ids))]
    for i in differing[:SHOWN]:
        show(reference, i, lines[i], theirs[i], [int(t) for t in ours[i].split()])
    megabytes = sum(len(line) + 1 for line in lines) / 1e6
    print(f"{tokenizer}{' -special' if special else ''}: {name}: {len(lines)} lines compared, {len(differing)} differ; "
          f"{megabytes:.1f} MB: reference {megabytes / reference_seconds:.2f} MB/s, lag {megabytes / seconds:.2f} MB/s "
          f"with its start and output", flush=True)
    return len(differing)


def show(reference, number, line, theirs, ours):
    at = next((k for k, (a, b) in enumerate(zip(theirs, ours)) if a != b), min(len(theirs), len(ours)))
    print(f"  line {number}, {len(line)} bytes: {line[:100]!r}: {len(theirs)} and {len(ours)} ids, different from the {at}th on")
    for who, ids in ("reference", theirs), ("lag", ours):
        print(f"    {who:9}: {ids[at:at + 8]} {[reference.token(i) for i in ids[at:at + 8]]}")


def lag_train(lag, kind, size, texts, directory):
    """Trains a vocabulary with lag; returns its directory and the seconds it took, the start included."""
    corpus = directory / "corpus.jsonl"
    corpus.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    out = directory / kind
    start = time.perf_counter()
    subprocess.run([lag, "data", "train", "-kind", kind, "-vocab", str(size), "-corpus", corpus, "-out", out]
                   + (["-alphabet", "1000"] if kind == "wordpiece" else []), check=True, stdout=subprocess.DEVNULL)
    return out, time.perf_counter() - start


def compare_unigram(lag, size, texts, threads, directory, references):
    """Trains a unigram vocabulary with both on five lines of six; returns whether
    lag's is worse by more than 1% on the others."""
    held_out, texts = texts[5::6], [t for i, t in enumerate(texts) if i % 6 != 5]
    out, seconds = lag_train(lag, "unigram", size, texts, directory)
    start = time.perf_counter()
    reference = references.train_unigram(texts, size, threads, directory)
    reference_seconds = time.perf_counter() - start
    ours, theirs = (references.bits_per_character(m, held_out) for m in (out / "tokenizer.model", reference))
    print(f"unigram vocabulary of {size}: {sum(map(len, held_out)) / 1e6:.1f} M characters of other text: reference {theirs:.4f} bits a "
          f"character, lag {ours:.4f} ({100 * (ours / theirs - 1):+.2f}%); reference {reference_seconds:.1f} s, "
          f"lag {seconds:.1f} s with its start", flush=True)
    return ours > 1.01 * theirs


def compare_vocabulary(lag, kind, size, texts, directory, train_like):
    """Trains a vocabulary with both; returns the number of tokens and merges that differ."""
    out, seconds = lag_train(lag, kind, size, texts, directory)
    ours = json.loads((out / "tokenizer.json").read_text())
    start = time.perf_counter()
    theirs = train_like(ours, texts)
    reference_seconds = time.perf_counter() - start

    def entries(model):
        # A hash map gives Hugging Face's continuing characters random ids, which
        # are given to it here; all ids can then be compared.
        return {f"{t}={i}" for t, i in model["vocab"].items()} | {f"{a} {b}" for a, b in map(tuple, model.get("merges", []))}

    a, b = entries(theirs["model"]), entries(ours["model"])
    order = theirs["model"].get("merges") == ours["model"].get("merges")
    print(f"{kind} vocabulary of {size}: {len(a)} tokens and merges, {len(a ^ b)} differ"
          f"{'' if order or a != b else ', and the order of merges'}; reference {reference_seconds:.1f} s, "
          f"lag {seconds:.1f} s with its start", flush=True)
    for entry in sorted(a ^ b)[:20]:
        print(f"  only {'the reference' if entry in a else 'lag'}: {entry}")
    return len(a ^ b) + (not order)


def main():
    p = argparse.ArgumentParser(description="Compares lag's tokenizers with the reference implementations.")
    p.add_argument("--lag", required=True, help="the lag binary")
    p.add_argument("--tokenizer", action="append", default=[], help="a tokenizer.json, a vocab.txt or a .model")
    p.add_argument("--train", action="store_true", help="train tokenizers of all kinds with the references, on the text")
    p.add_argument("--kinds", default="", help="only these kinds, separated by commas: " + "wordpiece, vocab.txt, "
                   "bpe, bpe-space, bpe-gpt4, bpe-gpt4o, bpe-qwen2, bpe-nfkd, unigram, unigram-bytes, unigram-identity")
    p.add_argument("--vocabularies", default="", help="compare the training of these: wordpiece,bpe,unigram")
    p.add_argument("--vocab", type=int, default=4096, help="tokens in what is trained")
    p.add_argument("--hard", action="store_true", help="compare hard input also")
    p.add_argument("--bytes", type=int, default=2_000_000, help="bytes of the text that are used")
    p.add_argument("--threads", type=int, default=1, help="processors of each side")
    p.add_argument("text", nargs="*", type=pathlib.Path, help="files of text, a line each; .zst through zstd")
    args = p.parse_args()
    lag = os.path.abspath(args.lag)
    os.environ["GOMAXPROCS"] = os.environ["RAYON_NUM_THREADS"] = str(args.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = str(args.threads > 1).lower()
    if not args.text and (args.train or args.vocabularies or not args.hard):
        p.error("no text was given")
    lines = read_lines(args.text, args.bytes)
    import references  # after the environment is set, which Hugging Face's tokenizers read

    differing = 0
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        tokenizers = list(args.tokenizer)
        if args.train:
            for kind in args.kinds.split(",") if args.kinds else references.KINDS:
                tokenizers.append(references.train(kind, lines, args.vocab, directory))
        for tokenizer in tokenizers:
            for special in (False, True) if references.has_special(tokenizer) else (False,):
                reference = references.load(tokenizer, special)
                if lines:
                    differing += compare_encoding(lag, tokenizer, reference, "text", lines, special)
                if args.hard:
                    differing += compare_encoding(lag, tokenizer, reference, "hard input", hard.lines(), special)
        texts = [line.decode("utf-8", "replace") for line in lines if line.strip()]
        for kind in filter(None, args.vocabularies.split(",")):
            if kind == "unigram":
                differing += compare_unigram(lag, args.vocab, texts, args.threads, directory, references)
            else:
                differing += compare_vocabulary(lag, kind, args.vocab, texts, directory, references.train_like)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
