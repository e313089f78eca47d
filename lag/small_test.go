package lag_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/result"
)

// shared is a directory for what several tests read.
var shared string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	var err error
	if shared, err = os.MkdirTemp("", "lag-test-*"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(shared)
	return m.Run()
}

// corpusFile is a small text of 200 documents.
var corpusFile = sync.OnceValue(func() string {
	words := strings.Fields("growing a small model into a large one by adding layers is cheaper than training the large one from scratch " +
		"but there are many ways to add them and the loss at the start does not tell which of them is best in the end")
	var b strings.Builder
	for i := range 200 {
		for j := range 60 {
			b.WriteString(words[(i*i+j*j*(i+3)+7*j)%len(words)] + " ")
		}
		b.WriteString("\n\n")
	}
	path := filepath.Join(shared, "corpus.txt")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		panic(err) // nothing of this package can be tested
	}
	return path
})

// smoke is a study that takes a quarter of a second on the pure-Go backend.
func smoke(t *testing.T) lag.StudyConfig {
	t.Helper()
	config, err := smokeConfig()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func smokeConfig() (lag.StudyConfig, error) {
	config, err := lag.Preset("smoke")
	if err != nil {
		return config, err
	}
	config.Data.Corpus.Source = corpusFile()
	config.SetVocabSize(64)
	config.SetSequenceLength(8)
	config.BatchSize = 4
	config.Pretrain.Schedule.Steps, config.Pretrain.EvaluateEvery = 10, 5
	return config, config.SetModel("hidden", "4")
}

// smokeStudy is the study smoke in a directory of its own, run once.
var smokeStudy = sync.OnceValues(func() (dir string, err error) {
	dir = filepath.Join(shared, "smoke", "study")
	config, err := smokeConfig()
	if err != nil {
		return dir, err
	}
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		return dir, err
	}
	defer s.Close()
	_, err = s.Run(context.Background())
	return dir, err
})

// doneStudy returns a copy of the directory of the study smoke, which is
// complete, with its data beside it, and its result.
func doneStudy(t *testing.T) (dir string, study *result.Study) {
	t.Helper()
	whole, err := smokeStudy()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Dir(whole))); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(root, filepath.Base(whole))
	if study, err = result.LoadStudy(dir); err != nil {
		t.Fatal(err)
	}
	return dir, study
}
