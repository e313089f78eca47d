package data

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// Environment variables of a child process, which is this test binary.
const (
	childCorpus = "DATA_TEST_CORPUS" // file to prepare
	childKind   = "DATA_TEST_KIND"   // of the vocabulary
	childDir    = "DATA_TEST_DIR"
	childMoment = "DATA_TEST_MOMENT" // when to die
)

// killedDocuments is enough documents for at least 10 chunks and 32 progress reports.
const killedDocuments = 2048

func TestMain(m *testing.M) {
	if os.Getenv(atomicfile.NoSync) == "" {
		os.Setenv(atomicfile.NoSync, "1") // also of the processes that are killed, which kill no machine
	}
	if os.Getenv(childCorpus) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// child prepares data and is killed, as by kill -9, at a given moment. A moment
// is a stage and the number of a progress report in it, or a moment of
// [reached].
func child() {
	moment := os.Getenv(childMoment)
	stage, text, counted := strings.Cut(moment, "#")
	number, _ := strconv.Atoi(text)
	reached = func(now string) {
		if now == moment {
			die()
		}
	}
	limitFiles()
	encodeChunk = 1 << 14
	reports := 0
	d, err := Prepare(context.Background(), childConfig(os.Getenv(childCorpus), tokenizer.Kind(os.Getenv(childKind))), os.Getenv(childDir), func(s string, _, _ int64) {
		if counted && s == stage {
			if reports++; reports == number {
				die()
			}
		}
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	d.Close()
}

func die() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

func childConfig(corpus string, kind tokenizer.Kind) Config {
	cfg := config(corpus)
	cfg.Kind, cfg.VocabSize = kind, 400
	return cfg
}

// runChild runs this test binary as a child and returns its output.
func runChild(t *testing.T, corpus string, kind tokenizer.Kind, dir, moment string, more ...string) (output string, err error) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(append(os.Environ(), more...), childCorpus+"="+corpus, childKind+"="+string(kind), childDir+"="+dir, childMoment+"="+moment)
	out, err := c.CombinedOutput()
	return string(out), err
}

// TestKilled kills the preparation at several moments of every stage. It checks
// that the next run uses the trained vocabulary and gives the same bytes.
func TestKilled(t *testing.T) {
	t.Parallel()
	moments := map[string]bool{ // and whether the vocabulary is complete then
		StageRead + "#1": false, StageRead + "#15": false, StageRead + "#32": false,
		StageTrain + "#1": false,
		dirCorpora:        false, "directory": false, "tokenizer.json": false, fileTrained: true,
		StageEncode + "#1": true, StageEncode + "#5": true, StageEncode + "#10": true,
		"train.json": true, "validation.json": true, fileDataset: true, "naming": true, "named": true,
	}
	few := map[string]bool{StageEncode + "#5": true}
	path := corpusFile(t, killedDocuments)
	for kind, moments := range map[tokenizer.Kind]map[string]bool{tokenizer.WordPiece: moments, tokenizer.BPE: few, tokenizer.Unigram: few} {
		want := tree(t, prepare(t, childConfig(path, kind), t.TempDir()).Dir)
		for moment, trained := range moments {
			dir := t.TempDir()
			if out, err := runChild(t, path, kind, dir, moment); err == nil || out != "" {
				t.Fatalf("%s, %s: the child was not killed: %v, %s", kind, moment, err, out)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "[0-9a-f]*", fileDataset)); len(left) > 0 != (moment == "named") {
				t.Errorf("%s, %s: %v was left", kind, moment, left)
			}
			again := false
			d, err := Prepare(context.Background(), childConfig(path, kind), dir, func(stage string, _, _ int64) {
				again = again || stage == StageTrain || stage == StageRead
			})
			if err != nil {
				t.Fatalf("%s, %s: %v", kind, moment, err)
			}
			if trained && again {
				t.Errorf("%s, %s: the vocabulary was trained again", kind, moment)
			}
			if diff := cmp.Diff(want, tree(t, d.Dir)); diff != "" {
				t.Errorf("%s, %s: %s", kind, moment, diff)
			}
			d.Close()
			if left, _ := filepath.Glob(filepath.Join(dir, partialPrefix+"*")); len(left) > 0 {
				t.Errorf("%s, %s: %v is still there", kind, moment, left)
			}
		}
	}
}

// TestHalfVocabulary checks that an incomplete vocabulary is not used.
func TestHalfVocabulary(t *testing.T) {
	t.Parallel()
	path := corpusFile(t, killedDocuments)
	want := tree(t, prepare(t, childConfig(path, tokenizer.WordPiece), t.TempDir()).Dir)
	for name, damage := range map[string]func(partial string) error{
		"half": func(p string) error { return os.Truncate(filepath.Join(p, "tokenizer.json"), 1000) },
		"changed": func(p string) error {
			text, err := os.ReadFile(filepath.Join(p, "tokenizer.json"))
			return errors.Join(err, os.WriteFile(filepath.Join(p, "tokenizer.json"), []byte(strings.Replace(string(text), "grows", "growz", 1)), 0o666))
		},
		"no hash":     func(p string) error { return os.Remove(filepath.Join(p, fileTrained)) },
		"half a hash": func(p string) error { return os.Truncate(filepath.Join(p, fileTrained), 20) },
		"elsewhere": func(p string) error {
			return os.WriteFile(filepath.Join(p, fileTrained), []byte(`{"file":"../../tokenizer.json"}`), 0o666)
		},
	} {
		dir := t.TempDir()
		if out, err := runChild(t, path, tokenizer.WordPiece, dir, StageEncode+"#1"); err == nil {
			t.Fatal(out)
		}
		partials, err := filepath.Glob(filepath.Join(dir, partialPrefix+"*"))
		if err != nil || len(partials) != 1 {
			t.Fatal(partials, err)
		}
		if err := damage(partials[0]); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, tree(t, prepare(t, childConfig(path, tokenizer.WordPiece), dir).Dir)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestOtherPartial checks that preparing a dataset removes the leftovers of
// another one, except its vocabulary.
func TestOtherPartial(t *testing.T) {
	t.Parallel()
	path := corpusFile(t, killedDocuments)
	dir := t.TempDir()
	if out, err := runChild(t, path, tokenizer.WordPiece, dir, StageEncode+"#5"); err == nil {
		t.Fatal(out)
	}
	prepare(t, config(corpusFile(t, 100)), dir)
	left, err := filepath.Glob(filepath.Join(dir, partialPrefix+"*", "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("%v is left, %v; want the vocabulary and its hash", left, err)
	}
	d, err := Prepare(t.Context(), childConfig(path, tokenizer.WordPiece), dir, func(stage string, _, _ int64) {
		if stage == StageTrain {
			t.Error("the vocabulary was trained again")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}
