package lag_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// TestLostEnd damages and removes what a complete training leaves. Its model is
// then not that of an earlier step, and the same call makes again what is lost.
func TestLostEnd(t *testing.T) {
	log.SetLevel(log.ErrorLevel)
	defer log.SetLevel(log.InfoLevel)
	config, o := smallTraining(t, "bert"), lag.Options{Dir: t.TempDir(), Backend: backend.Go}
	whole, err := lag.Train(t.Context(), config, o)
	if err != nil {
		t.Fatal(err)
	}
	states, _, err := train.CheckpointFiles(whole.Dir)
	if err != nil {
		t.Fatal(err)
	}
	final := states[len(states)-1]
	want, err := os.ReadFile(final)
	if err != nil {
		t.Fatal(err)
	}
	metrics := filepath.Join(whole.Dir, train.MetricsFile)
	for _, c := range []struct {
		what   string
		damage func() error
		model  bool // whether the model can still be read
	}{
		{"a truncated state", func() error { return os.Truncate(final, int64(len(want)/2)) }, false},
		{"no final state", func() error { return os.Remove(final) }, false},
		{"no state", func() error { return os.RemoveAll(filepath.Dir(final)) }, false},
		{"a truncated log", func() error { return os.Truncate(metrics, 300) }, true},
		{"no log", func() error { return os.Remove(metrics) }, true},
	} {
		if err := c.damage(); err != nil {
			t.Fatal(err)
		}
		if _, err := trained.Load(whole.Dir); (err == nil) != c.model {
			t.Errorf("%s: loading the model gives the error %v", c.what, err)
		} else if err != nil && !strings.Contains(err.Error(), "final state") {
			t.Errorf("%s: the error is %v", c.what, err)
		}
		again, err := lag.Train(t.Context(), config, o)
		if err != nil || !reflect.DeepEqual(again, whole) {
			t.Errorf("%s: the training came to %+v, before to %+v (%v)", c.what, again, whole, err)
		}
		if got, err := os.ReadFile(final); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the final state is another one (%v)", c.what, err)
		}
		if _, err := train.ReadMetrics(whole.Dir); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestClaimedMeanwhile runs a study in whose directory another one begins and
// ends. Neither result may be lost.
func TestClaimedMeanwhile(t *testing.T) {
	log.SetLevel(log.ErrorLevel)
	defer log.SetLevel(log.InfoLevel)
	config := smoke(t)
	config.Growth.Strategies = []string{"stack", "random-top"}
	other := config
	other.Growth.Lag++
	root := t.TempDir()
	dir := filepath.Join(root, "study")
	run := func(c lag.StudyConfig, o lag.Options) (*result.Study, error) {
		o.Dir, o.DataDir, o.Backend = dir, filepath.Join(root, "data"), backend.Go
		s, err := lag.Open(c, o)
		if err != nil {
			return nil, err
		}
		r, err := s.Run(t.Context())
		return r, errors.Join(err, s.Close())
	}
	begun := false
	_, err := run(config, lag.Options{Observe: func(e progress.Event) {
		if e.Phase != progress.PhaseProbe || begun {
			return
		}
		begun = true
		if _, err := run(other, lag.Options{}); err != nil {
			t.Error(err)
		}
	}})
	if err != nil || !begun {
		t.Fatal(begun, err)
	}
	if r, c, err := lag.LoadStudy(dir); err != nil || r.Lag != config.Growth.Lag || c.Growth.Lag != config.Growth.Lag {
		t.Errorf("the directory does not hold the study that ended last: %v", err)
	}
	var before result.Study
	if err := result.ReadFile(dir, result.StudyResult+".old", &before); err != nil || before.Lag != other.Growth.Lag {
		t.Errorf("the result of the other study: lag %d, %v", before.Lag, err)
	}
}
