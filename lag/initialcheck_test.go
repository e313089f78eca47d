package lag_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/train"
)

const positions = 12 // of the imported model

// importedModel writes a model directory as lag import does, of a small BERT
// with a row of embeddings for each of rows tokens. The vocabulary has 57
// tokens, unless vocabulary is false. Then there is none.
func importedModel(t *testing.T, rows int, vocabulary bool) string {
	t.Helper()
	config := bert.New(1, 8, 2, rows, positions)
	m := &trained.Model{
		Model: model.Model{Config: config}, Snapshot: train.Snapshot{State: growth.State{Params: make(growth.Tensors)}},
		Original: map[string]json.RawMessage{"model_type": []byte(`"bert"`)},
	}
	for _, p := range config.Parameters() {
		m.Params[p.Name] = growth.Tensor{Shape: p.Shape, Data: p.Initialize(1)}
	}
	if vocabulary {
		m.Files = []string{vocabularyFile(t)}
	}
	dir := filepath.Join(t.TempDir(), "imported")
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// vocabularyFile returns a vocabulary of 57 tokens.
func vocabularyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vocab.txt")
	text := "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
	for letter := range 26 {
		text += fmt.Sprintf("%c\n##%c\n", 'a'+letter, 'a'+letter)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// trainFrom trains two steps from a model, and returns the error and whether
// the data was prepared.
func trainFrom(t *testing.T, dir string, change func(*lag.Training)) (run *trained.Model, prepared bool, err error) {
	t.Helper()
	c := smallTraining(t, "bert")
	if err := c.SetInitial(dir); err != nil {
		t.Fatal(err)
	}
	c.Schedule.Steps, c.Schedule.WarmUp, c.EvaluateEvery, c.ValidationBatches, c.BatchSize = 2, 1, 2, 1, 4
	change(&c)
	root := t.TempDir()
	o := lag.Options{Dir: filepath.Join(root, "run"), DataDir: filepath.Join(root, "data"), Backend: backend.Go}
	result, err := lag.Train(t.Context(), c, o)
	_, noData := os.Stat(o.DataDir)
	if err != nil {
		return nil, noData == nil, err
	}
	run, err = trained.Load(result.Dir)
	return run, true, err
}

// TestInitialLength: a model with a table of positions trains on shorter
// sequences, and its table keeps its size. Longer ones are refused before the
// data is prepared.
func TestInitialLength(t *testing.T) {
	dir := importedModel(t, 57, true)
	run, _, err := trainFrom(t, dir, func(c *lag.Training) { c.SetSequenceLength(positions - 4) })
	if err != nil {
		t.Fatal(err)
	}
	if got := run.Model.MaxLength(); got != positions {
		t.Errorf("%d positions, want %d", got, positions)
	}
	_, prepared, err := trainFrom(t, dir, func(c *lag.Training) { c.SetSequenceLength(positions + 4) })
	checkAdvice(t, err, advice.SequenceLength, "sequences of 16 tokens", "12 positions", dir)
	if prepared {
		t.Error("the data was prepared")
	}

	study := smoke(t)
	if err := study.SetInitial(dir); err != nil {
		t.Fatal(err)
	}
	if study.SetSequenceLength(positions - 4); study.Model.MaxLength() != positions {
		t.Errorf("the study has %d positions", study.Model.MaxLength())
	}
	if err := study.Validate(); err != nil {
		t.Error(err)
	}
	study.SetSequenceLength(positions + 4)
	checkAdvice(t, study.Validate(), advice.SequenceLength, "16 tokens")
}

// TestInitialShape: another model than the initial one is refused before the
// data is prepared.
func TestInitialShape(t *testing.T) {
	dir := importedModel(t, 57, true)
	_, prepared, err := trainFrom(t, dir, func(c *lag.Training) { c.Model.Config = c.Model.WithVocabulary(58) })
	if err == nil || !strings.Contains(err.Error(), "[58 8]") || !strings.Contains(err.Error(), "use the model of that directory") || prepared {
		t.Errorf("got error %v; prepared: %t", err, prepared)
	}
}

// TestInitialPadding: the table of embeddings may have rows beyond the
// vocabulary, as BERT's and T5's often have, but not too few.
func TestInitialPadding(t *testing.T) {
	run, _, err := trainFrom(t, importedModel(t, 64, true), func(*lag.Training) {})
	if err != nil {
		t.Fatal(err)
	}
	if got := run.Model.Vocabulary(); got != 64 {
		t.Errorf("%d rows, want 64", got)
	}
	dir := importedModel(t, 55, true)
	_, prepared, err := trainFrom(t, dir, func(*lag.Training) {})
	checkAdvice(t, err, advice.TokenizerFile, "57 tokens", "55 rows", `the last 2 tokens, from "z" on`, "resize_token_embeddings(57)")
	if prepared {
		t.Error("the data was prepared")
	}
	// The vocabulary is given by hand.
	run, _, err = trainFrom(t, importedModel(t, 64, false), func(c *lag.Training) { c.SetTokenizer(vocabularyFile(t)) })
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Files) == 0 {
		t.Error("the run has no vocabulary")
	}
}

// TestInitialVocabulary: a model that was imported without a tokenizer, or with
// one that cannot be read, gets a new vocabulary only if that is asked for.
func TestInitialVocabulary(t *testing.T) {
	dir := importedModel(t, 64, false)
	_, prepared, err := trainFrom(t, dir, func(*lag.Training) {})
	checkAdvice(t, err, advice.NewVocabulary, "without a tokenizer", dir)
	if prepared {
		t.Error("the data was prepared")
	}
	larger := importedModel(t, 500, false) // than any vocabulary of the corpus
	for _, dir := range []string{dir, larger} {
		if _, _, err := trainFrom(t, dir, func(c *lag.Training) { c.NewVocabulary = true }); err != nil {
			t.Error(err)
		}
	}
	study := smoke(t)
	if err := study.SetInitial(dir); err != nil {
		t.Fatal(err)
	}
	s, err := lag.Open(study, lag.Options{Dir: filepath.Join(t.TempDir(), "study"), Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Run(t.Context())
	checkAdvice(t, err, advice.StudyNewVocabulary, "without a tokenizer")

	if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err = trainFrom(t, dir, func(*lag.Training) {})
	checkAdvice(t, err, advice.NewVocabulary, "cannot be read", "tokenizer.json")

	lonely := smallTraining(t, "bert")
	lonely.NewVocabulary = true
	if err := lonely.Validate(); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("got error %v", err)
	}
}

// checkAdvice checks the texts of an error and that it names a field.
func checkAdvice(t *testing.T, err error, field string, want ...string) {
	t.Helper()
	e, ok := errors.AsType[*advice.Error](err)
	if !ok || !strings.Contains(strings.Join(e.Fields, " "), field) {
		t.Fatalf("got error %v, want one that names %s", err, field)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got error %v, want %q", err, text)
		}
	}
}
