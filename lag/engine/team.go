package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/train"
)

// TeamFile is a file in the directory of a study or a stacking that workers have
// joined. It says what they have in common.
const TeamFile = "workers.json"

// team is what the results of a study or a stacking depend on besides its
// configuration, and what all its workers must have in common.
type team struct {
	Backend string `json:"backend"`
	Cores   int    `json:"cores"`             // that each may use
	Devices int    `json:"devices,omitempty"` // that train together in each; 0 means 1
}

// UnmarshalJSON reads a team. Unknown and missing fields are errors.
func (t *team) UnmarshalJSON(text []byte) error {
	type fields team
	var read fields
	if err := strictjson.Decode(sealed.Strip(text), &read); err != nil {
		return err
	}
	*t = team(read)
	return nil
}

// JoinTeam makes this process one of the workers in the session's directory, whose
// lock the caller holds. The first one determines the backend, how many devices train
// together and, for XLA on the CPU, the number of cores of all, unless runs that are
// there do. Another backend or number is an error.
func (s *Session) JoinTeam() error {
	s.Crowd(rand.Uint64())
	mine := s.team()
	path := filepath.Join(s.options.Dir, TeamFile)
	var first team
	switch err := sealed.Read(path, &first); {
	case err == nil:
		return mine.joins(first, path)
	case sealed.IsDamaged(err), sealed.IsOtherVersion(err):
		log.Warn("what the workers have in common cannot be read; it is written again", "error", err)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := errors.Join(s.checkOwnDevices(), s.checkCores(mine)); err != nil {
		return err
	}
	return sealed.Write(path, mine)
}

// joins returns an error if a worker cannot join those of the team in a file.
func (mine team) joins(first team, path string) error {
	switch {
	case mine.Backend != first.Backend:
		return fmt.Errorf("the workers of this directory compute with the backend %s, and this one with %s; give all the same, or remove %s to begin with another", first.Backend, mine.Backend, path)
	case max(1, mine.Devices) != max(1, first.Devices):
		return devicesError(first.Devices, mine.Devices, "in the workers of this directory", "remove "+path+" and the runs beside it to begin with another number")
	case mine.Backend == backend.CPU && mine.Cores != first.Cores:
		return coresError(first.Cores, mine.Cores, "the workers of this directory began", "remove "+path+" and the runs beside it to begin with another number")
	}
	return nil
}

// coresError returns the error of a worker with another number of cores.
func coresError(first, mine int, who, other string) error {
	return fmt.Errorf("%s with %s, and this process may use %d: XLA splits sums by the number of cores, so the last digits of the results depend on it; give this one %s, as by taskset or by what starts it, or %s",
		who, plain.Count(first, "core"), mine, plain.Count(first, "core"), other)
}

// checkCores returns an error if runs in the directory were trained with the same
// backend and another number of cores.
func (s *Session) checkCores(mine team) error {
	if mine.Backend != backend.CPU {
		return nil // the results of other engines do not depend on it
	}
	there, err := trainedIn(s.options.Dir, func(e environment) bool { return e.Backend == s.environment.Backend })
	if err != nil {
		return err
	}
	for _, run := range there {
		if run.cores != mine.Cores {
			return coresError(run.cores, mine.Cores, "the run "+run.name+" was trained", "join with another directory")
		}
	}
	return nil
}

// coresOf is a run, and the number of cores with which it was trained.
type coresOf struct {
	name  string
	cores int
}

// trainedIn returns the runs in a directory that were trained in an environment, in
// the order of their names. What was pretrained counts only while nothing grows from
// it or it is incomplete: processes that one process has started share its cores
// afterwards.
func trainedIn(dir string, with func(environment) bool) ([]coresOf, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var pretrained, others []coresOf
	grows := false
	for _, e := range entries {
		dir := filepath.Join(dir, e.Name())
		spec, err := ReadSpec(dir)
		if err != nil {
			continue // not a run, or one that will be trained again
		}
		var env environment
		text, err := os.ReadFile(filepath.Join(dir, train.EnvironmentFile))
		if err != nil || strictjson.Unmarshal(text, &env) != nil || !with(env) {
			continue
		}
		grows = grows || spec.Kind != progress.PhasePretrain
		run := coresOf{e.Name(), env.CPUs}
		_, incomplete := train.ReadOutcome(dir)
		if spec.Kind == progress.PhasePretrain && incomplete == nil {
			pretrained = append(pretrained, run)
		} else {
			others = append(others, run)
		}
	}
	if !grows {
		others = append(others, pretrained...)
	}
	return others, nil
}

// CoresIn returns the number of cores with which workers must go on with what is in
// a directory, or 0 if results do not depend on it so far: XLA on the CPU has
// trained nothing there.
func CoresIn(dir string) (int, error) {
	var first team
	if sealed.Read(filepath.Join(dir, TeamFile), &first) == nil && first.Backend == backend.CPU {
		return first.Cores, nil
	}
	there, err := trainedIn(dir, func(e environment) bool { return strings.HasPrefix(e.Backend, backend.CPU) })
	if err != nil || len(there) == 0 {
		return 0, err
	}
	return there[0].cores, nil
}

// WarnOfTeam warns if workers have joined in the directory and this process, which
// has not, has another number of cores or devices.
func (s *Session) WarnOfTeam() {
	var first team
	if sealed.Read(filepath.Join(s.options.Dir, TeamFile), &first) != nil {
		return // nobody has joined, or the next who does will say that it is damaged
	}
	if mine := s.backend.Together(); mine != max(1, first.Devices) {
		log.Warn("in the workers of this directory another number of devices train together; what this process trains may differ in its last digits from what they would", "their devices", max(1, first.Devices), "devices", mine)
	}
	if mine := cores.Usable(); s.backend.Kind == backend.CPU && first.Backend == backend.CPU && mine != first.Cores {
		log.Warn("the workers of this directory have another number of cores; what this process trains may differ in its last digits from what they would", "their cores", first.Cores, "cores", mine)
	}
}
