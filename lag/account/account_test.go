package account_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/account"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/train"
)

// TestOf runs a small study and finds its tokens, bytes and times; then without
// its data and its runs, only what the configuration says.
func TestOf(t *testing.T) {
	config, err := lag.Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	corpus := filepath.Join(root, "corpus.txt")
	var text strings.Builder
	for i := range 6000 {
		text.WriteString(string(rune('a'+i*i%17)) + string(rune('a'+i%13)) + " ")
		if i%20 == 19 {
			text.WriteString("\n\n")
		}
	}
	if err := os.WriteFile(corpus, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	config.Data.Corpus.Source = corpus
	config.SetVocabSize(48)
	config.SetSequenceLength(8)
	config.BatchSize = 4
	config.Pretrain.Schedule.Steps, config.Pretrain.EvaluateEvery = 10, 5
	if err := config.SetModel("hidden", "4"); err != nil {
		t.Fatal(err)
	}
	config.Growth.Seeds = []int64{1, 2}
	o := lag.Options{Dir: filepath.Join(root, "study"), DataDir: filepath.Join(root, ".lag-data"), Backend: backend.Go}
	s, err := lag.Open(config, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dataset, err := s.Dataset(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stats, err := data.Stats(t.Context(), dataset, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := account.Of(o.Dir, config, "")
	if want := config.BatchSize * config.Objective.SequenceLength(); a.TokensPerStep != want {
		t.Errorf("%d tokens a step, want %d", a.TokensPerStep, want)
	}
	if want := stats.Validation.BytesPerToken; a.BytesPerToken != want || want == 0 {
		t.Errorf("%v bytes a token, want %v", a.BytesPerToken, want)
	}
	if want := len(r.Strategies) * r.Steps; a.CandidateSteps != want || a.CandidateSeconds <= 0 || a.PretrainSeconds <= 0 {
		t.Errorf("%d steps of candidates, want %d: %+v", a.CandidateSteps, want, a)
	}
	if a.GrownParameters <= r.Source.Parameters {
		t.Errorf("a grown model has %d parameters, the source %d", a.GrownParameters, r.Source.Parameters)
	}
	if err := os.Rename(o.DataDir, filepath.Join(root, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if moved := account.Of(o.Dir, config, filepath.Join(root, "elsewhere")); moved != a {
		t.Errorf("with the data elsewhere: %+v, want %+v", moved, a)
	}
	lost := account.Of(o.Dir, config, "")
	if lost.BytesPerToken != 0 || !math.IsNaN(lost.BitsPerByte(3)) || lost.CandidateSteps != a.CandidateSteps {
		t.Errorf("without the data: %+v", lost)
	}
	want := aggregate.Account{TokensPerStep: a.TokensPerStep, GrownParameters: a.GrownParameters}
	if none := account.Of(filepath.Join(root, "nothing"), config, ""); none != want {
		t.Errorf("without a directory: %+v, want %+v", none, want)
	}
}

// TestSettings: the items say what the configuration has.
func TestSettings(t *testing.T) {
	config, err := lag.Preset("quick")
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, item := range account.Settings(config) {
		all += item.What + ": " + item.Text + "\n"
	}
	for _, want := range []string{"corpus go", "512 tokens", "5% held out", "64 sequences of 32 tokens", "objective mlm", "linear with a peak of 0.004 and 10 steps of warm-up", "copy"} {
		if !strings.Contains(all, want) {
			t.Errorf("the settings lack %q:\n%s", want, all)
		}
	}
}

// TestSettingsOfFinals: if the final loss is a mean of several evaluations, an item
// says whether the learning rate falls between them.
func TestSettingsOfFinals(t *testing.T) {
	for kind, want := range map[train.ScheduleKind]string{
		train.Constant: "constant, so that their mean has less noise than one of them",
		train.Linear:   "the earlier evaluations are of a worse model, so the mean is biased",
	} {
		config, err := lag.Preset("quick")
		if err != nil {
			t.Fatal(err)
		}
		config.Growth.Schedule = train.Schedule{Kind: kind, Peak: 1e-3, Steps: config.Growth.Schedule.Steps}
		of := func() (text string) {
			for _, item := range account.Settings(config) {
				if item.What == "learning rate between the last evaluations" {
					text = item.Text
				}
			}
			return text
		}
		if text := of(); text != "" {
			t.Errorf("%s: the last evaluation alone is said to be %q", kind, text)
		}
		config.Growth.FinalEvaluations = 2
		if text := of(); !strings.HasSuffix(text, want) {
			t.Errorf("%s: got %q, want %q", kind, text, want)
		}
	}
}
