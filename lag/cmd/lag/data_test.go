package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/interrupt"
)

// TestData prepares a dataset from a text and looks at it, as the README does.
func TestData(t *testing.T) {
	dir := t.TempDir()
	corpus := filepath.Join(dir, "corpus.txt")
	var text strings.Builder
	for i := range 200 {
		for j := range 60 {
			text.WriteString(strings.Repeat(string(rune('a'+(i*j+j)%11)), 1+(i+j)%4) + " ")
		}
		text.WriteString("\n\n")
	}
	if err := os.WriteFile(corpus, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	lag := func(want string, arguments ...string) string {
		t.Helper()
		cmd, output := lagCommand(t, append([]string{"data"}, arguments...)...)
		cmd.Dir = dir
		if err := cmd.Run(); err != nil {
			t.Fatalf("lag data %s: %v: %s", strings.Join(arguments, " "), err, output)
		}
		if !strings.Contains(output.String(), want) {
			t.Errorf("lag data %s: no %q in %s", strings.Join(arguments, " "), want, output)
		}
		return output.String()
	}
	lag("wordpiece, ", "prepare", "-corpus", corpus, "-vocab", "80", "-sentinels", "20", "-modes", "-license", "none", "-data", "sets")
	lag("validation", "stats", "-figures", "drawn", "sets")
	if _, err := os.Stat(filepath.Join(dir, "drawn", "document-lengths.png")); err != nil {
		t.Error(err)
	}
	lag("fingerprint", "verify", "sets")
	for kind, form := range usualForm {
		lag(string(kind), "show", "-objective", string(kind), "-length", "32", "sets")
		var o objective.Objective
		if err := json.Unmarshal([]byte(lag(string(kind), "show", "-objective", string(kind), "-print")), &o); err != nil || o.Form != form {
			t.Errorf("%s: form %s, %v", kind, o.Form, err)
		}
	}
	lag("page.html", "show", "-html", "page.html", "sets")
	lag("tokens", "prepare", "-corpus", corpus, "-tokenizer", sizedVocabulary(t), "-data", "own")
	lag("unigram, ", "train", "-corpus", corpus, "-kind", "unigram", "-vocab", "60", "-out", "vocabulary")

	found, err := filepath.Glob(filepath.Join(dir, "sets", "*", "train.bin"))
	if err != nil || len(found) != 1 {
		t.Fatalf("stores %q, %v", found, err)
	}
	store := strings.TrimSuffix(found[0], ".bin")
	lag("train: ", "verify", store)
	tokens, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	tokens[len(tokens)/2] ^= 1
	if err := os.WriteFile(found[0], tokens, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, output := lagCommand(t, "data", "verify", store)
	if err := cmd.Run(); err == nil || !strings.Contains(output.String(), found[0]) {
		t.Errorf("a flipped bit: %v, %s", err, output)
	}
}

// sizedVocabulary returns a vocab.txt of another size than the default.
func sizedVocabulary(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "vocab.txt")
	if err := os.WriteFile(path, []byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\naa\nb\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEncodeLines checks that each line gives a line of ids in the same order,
// for any number of workers, including empty lines and a last line without an
// end.
func TestEncodeLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vocab.txt")
	if err := os.WriteFile(file, []byte("[UNK]\n[CLS]\n[SEP]\na\nb\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var in, want strings.Builder
	for i := range 100_000 {
		n := i % 7
		in.WriteString(strings.Repeat("a ", n) + "\r\n")
		want.WriteString(strings.TrimSuffix(strings.Repeat("3 ", n), " ") + "\n")
	}
	in.WriteString("b")
	want.WriteString("4\n")
	for _, workers := range []int{1, 3} {
		cmd, output := lagCommand(t, "data", "encode", "-tokenizer", file, "-workers", strconv.Itoa(workers))
		cmd.Stdin = strings.NewReader(in.String())
		if err := cmd.Run(); err != nil || output.String() != want.String() {
			t.Errorf("%d workers: %v, %d bytes of ids, want %d", workers, err, output.Len(), want.Len())
		}
	}
	cmd, output := lagCommand(t, "data", "encode", "-special", "-tokenizer", file)
	cmd.Stdin = strings.NewReader("a\n\n")
	if err := cmd.Run(); err != nil || output.String() != "1 3 2\n1 2\n" {
		t.Errorf("special tokens: %v, %q", err, output)
	}
}

// TestEncodeAnswers checks that a typed line is answered before the next one,
// and that an interrupt does not wait for input.
func TestEncodeAnswers(t *testing.T) {
	cmd, _ := lagCommand(t, "data", "encode", "-tokenizer", sizedVocabulary(t))
	cmd.Stdout = nil
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(out)
	for range 2 {
		if _, err := in.Write([]byte("aa b\n")); err != nil {
			t.Fatal(err)
		}
		if line, err := answers.ReadString('\n'); err != nil || line != "6 7\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != interrupt.ExitInterrupt {
		t.Errorf("interrupted: %v", err)
	}
}
