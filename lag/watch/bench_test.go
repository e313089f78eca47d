package watch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// manySeeds is the number of seeds of the benchmark's study, which has as many
// candidates times the strategies.
const manySeeds = 600

// manyRuns writes a study with the outcomes of the study that is done under many
// seeds, each with its candidates, and returns its directory and the number of runs.
func manyRuns(b *testing.B) (dir string, n int) {
	from, err := done()
	if err != nil {
		b.Fatal(err)
	}
	dir = filepath.Join(b.TempDir(), "study")
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	var config lag.StudyConfig
	_, err = result.ReadConfig(from, result.StudyConfig, &config)
	must(err)
	config.Growth.Seeds = nil
	for seed := range int64(manySeeds) {
		config.Growth.Seeds = append(config.Growth.Seeds, seed+1)
	}
	must(os.MkdirAll(dir, 0o777))
	must(sealed.Write(filepath.Join(dir, result.StudyConfig), config))
	w := New(from)
	must(w.Refresh(b.Context()))
	for w.reading() {
		must(w.Refresh(b.Context()))
	}
	for name, r := range w.runs {
		path := filepath.Join(from, name)
		if r.info.Kind == progress.PhasePretrain {
			must(os.CopyFS(filepath.Join(dir, name), os.DirFS(path)))
			n++
		}
		if r.info.Kind != progress.PhaseProbe || r.info.Seed != 1 {
			continue
		}
		spec, err := engine.ReadSpec(path)
		must(err)
		outcome, err := train.ReadOutcome(path)
		must(err)
		for seed := range int64(manySeeds) {
			spec.Seed = seed + 1
			address, err := spec.Address()
			must(err)
			to := filepath.Join(dir, address)
			text, err := json.MarshalIndent(spec, "", "  ")
			must(err)
			must(os.Mkdir(to, 0o777))
			must(os.WriteFile(filepath.Join(to, train.ConfigFile), text, 0o666))
			must(sealed.Write(filepath.Join(to, train.OutcomeFile), outcome))
			n++
		}
	}
	return dir, n
}

// BenchmarkOpen reads a study of thousands of runs that have ended.
func BenchmarkOpen(b *testing.B) {
	dir, n := manyRuns(b)
	for b.Loop() {
		s, err := Look(b.Context(), dir)
		if err != nil || s.Done != n {
			b.Fatalf("%d of %d runs done, %v", s.Done, n, err)
		}
	}
	b.ReportMetric(float64(n), "runs")
}

// BenchmarkRefresh looks at the same study again, where nothing is new.
func BenchmarkRefresh(b *testing.B) {
	dir, n := manyRuns(b)
	w := New(dir)
	for {
		if err := w.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
		if !w.reading() {
			break
		}
	}
	then := time.Now().Add(relist - time.Second)
	w.now = func() time.Time { return then }
	version := w.State(0).Version
	for b.Loop() {
		if err := w.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
		if s := w.State(version); len(s.Runs) != 0 || s.Done != n {
			b.Fatalf("%d runs are sent, %d done", len(s.Runs), s.Done)
		}
	}
	b.ReportMetric(float64(n), "runs")
}
