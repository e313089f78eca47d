package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/train"
)

// checkDevices returns an error if the devices that train together cannot share
// batches of a size, each divided into micro-batches, evenly.
func (s *Session) checkDevices(batch, parts int) error {
	n := s.backend.Together()
	switch {
	case batch%(n*parts) == 0:
		return nil
	case parts == 1:
		return advice.Errorf(advice.BatchSize, "%s cannot share a batch of %s evenly; give a batch size that is a multiple of %d, or fewer devices",
			plain.Count(n, "device"), plain.Count(batch, "sequence"), n)
	}
	return &advice.Error{Fields: []string{advice.BatchSize, advice.MicroBatches}, Err: fmt.Errorf("%s cannot share each of %d micro-batches of a batch of %s evenly; give a batch size that is a multiple of %d, or fewer devices",
		plain.Count(n, "device"), parts, plain.Count(batch, "sequence"), n*parts)}
}

// team returns what this process has in common with others.
func (s *Session) team() team {
	t := team{Backend: s.backend.Kind, Cores: cores.Usable()}
	if n := s.backend.Together(); n > 1 {
		t.Devices = n
	}
	return t
}

// devicesError returns the error of a worker in which another number of devices
// train together.
func devicesError(first, mine int, who, other string) error {
	first, mine = max(1, first), max(1, mine)
	return fmt.Errorf("%s %s trained each model together, and in this process it is %d: the order of sums depends on the number, and so do the last digits of the results; give this one %s, or %s",
		who, plain.Count(first, "device"), mine, plain.Count(first, "device"), other)
}

// checkOwnDevices returns an error if runs in the directory were trained with the
// same kind of backend and another number of devices together.
func (s *Session) checkOwnDevices() error {
	entries, err := os.ReadDir(s.options.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(s.options.Dir, e.Name())
		spec, err := ReadSpec(dir)
		if err != nil || spec.Backend != s.backend.Kind {
			continue // not a run, or one that other workers train
		}
		var env environment
		text, err := os.ReadFile(filepath.Join(dir, train.EnvironmentFile))
		if err != nil || strictjson.Unmarshal(text, &env) != nil {
			continue
		}
		if max(1, env.Devices) != s.backend.Together() {
			return devicesError(env.Devices, s.backend.Together(), "for the run "+e.Name(), "join with another directory")
		}
	}
	return nil
}
