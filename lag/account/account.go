// Package account finds out what a study read and took besides what is in its
// result: tokens, bytes of text and wall time. They are in its configuration, in
// the logs of its runs and in its prepared data, and differ between two runs of
// the same study.
package account

import (
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/aggregate"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/runs"
	"github.com/landscape-aware/growing/lag/train"
)

// Of returns the account of the study in a directory with its configuration.
// Prepared data is looked for in dataDir, or if that is empty, beside the
// directory. What cannot be found or read is left out: runs may have been removed,
// and the data may be elsewhere.
func Of(dir string, config lag.StudyConfig, dataDir string) aggregate.Account {
	var a aggregate.Account
	if cost, err := config.Cost(config.Model, 1); err == nil {
		a.TokensPerStep = cost.Tokens
	}
	if grown, err := config.Model.WithDepths(config.Growth.To...); err == nil {
		a.GrownParameters = grown.ParameterCount()
	}
	fingerprint := readRuns(&a, dir)
	if dataDir == "" {
		absolute, err := filepath.Abs(dir) // "." has no parent
		if err != nil {
			return a
		}
		dataDir = filepath.Join(filepath.Dir(absolute), runs.DataDir)
	}
	a.BytesPerToken = bytesPerToken(dataDir, fingerprint)
	return a
}

// readRuns adds up the wall times of the runs that belong to the study, and
// returns the fingerprint of their data, or "" if there are none.
func readRuns(a *aggregate.Account, dir string) (fingerprint string) {
	index, err := runs.NewIndex(dir)
	if err != nil {
		return ""
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		info, err := index.Run(e.Name())
		if err != nil || !info.Fits {
			continue // also the other files of the directory
		}
		path := filepath.Join(dir, e.Name())
		if spec, err := engine.ReadSpec(path); err == nil {
			fingerprint = spec.Data
		}
		metrics, _ := train.ReadMetrics(path) // of a damaged log, what is before the damage
		seconds, steps := 0.0, 0
		for _, m := range metrics {
			if seconds += m.Seconds; m.Event == train.EventTrain {
				steps++
			}
		}
		switch info.Kind {
		case progress.PhasePretrain:
			a.PretrainSeconds += seconds
		case progress.PhaseProbe:
			a.CandidateSeconds += seconds
			a.CandidateSteps += steps
		case progress.PhaseBranch:
			a.BranchSeconds += seconds
		case progress.PhaseControl:
			a.ControlSeconds += seconds
		}
	}
	return fingerprint
}

// bytesPerToken returns the bytes of validation text for each of its tokens, in
// the prepared data with a fingerprint. It is 0 if there is none.
func bytesPerToken(dir, fingerprint string) float64 {
	entries, err := os.ReadDir(dir)
	if err != nil || fingerprint == "" {
		return 0
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !data.IsDataset(path) {
			continue
		}
		if found, err := data.FingerprintOf(path); err != nil || found != fingerprint {
			continue
		}
		if perToken, err := data.BytesPerTokenOf(path); err == nil {
			return perToken
		}
	}
	return 0
}
