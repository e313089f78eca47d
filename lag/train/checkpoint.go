package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// Checkpoints determines when a run saves its state and which saved states it
// keeps. A run always saves its state at its end and when it is interrupted.
type Checkpoints struct {
	Every  int   // number of steps between checkpoints; 0 means none
	Keep   int   // number of newest checkpoints to keep; 0 means 2, so that one is left if the newest is damaged
	KeepAt []int // further steps at which to save; these states are never removed
}

// defaultKeep is the default of [Checkpoints].Keep.
const defaultKeep = 2

// validate returns an error if a setting is invalid.
func (c Checkpoints) validate() error {
	if c.Every < 0 || c.Keep < 0 {
		return fmt.Errorf("checkpoints every %s, keeping %d, are impossible; neither number may be negative", plain.Count(c.Every, "step"), c.Keep)
	}
	return nil
}

// due reports whether to save the state after the given number of steps.
func (c Checkpoints) due(step int) bool {
	return c.Every > 0 && step > 0 && step%c.Every == 0 || slices.Contains(c.KeepAt, step)
}

// surplus returns those of the steps, in ascending order, whose states to remove.
func (c Checkpoints) surplus(steps []int) []int {
	keep := c.Keep
	if keep == 0 {
		keep = defaultKeep
	}
	var surplus []int
	for i, step := range steps {
		if i < len(steps)-keep && !slices.Contains(c.KeepAt, step) {
			surplus = append(surplus, step)
		}
	}
	return surplus
}

const (
	checkpointFormat = 1            // version of the file format
	checkpointKey    = "checkpoint" // key of our JSON in the metadata
	momentPrefix     = "moment."
)

// checkpointHeader is the part of a checkpoint that is not a tensor. It needs
// neither the state of dropout's random numbers nor the position in the data,
// because both follow from the run's seed and the step.
type checkpointHeader struct {
	Format    int            `json:"format"`
	Step      int            `json:"step"`
	Optimizer string         `json:"optimizer,omitempty"`
	Updates   map[string]int `json:"updates"`
	Run       string         `json:"run,omitempty"` // address of the run, if the state belongs to one
}

// CheckpointDir returns the directory of the checkpoints of a run, given the run's
// directory.
func CheckpointDir(run string) string { return filepath.Join(run, "checkpoint") }

// checkpointPath returns the file of the state after the given number of steps.
func checkpointPath(dir string, step int) string {
	return filepath.Join(dir, fmt.Sprintf("step-%08d.safetensors", step))
}

var checkpointName = regexp.MustCompile(`^step-(\d{8,})\.safetensors$`)

// checkpointSteps returns the steps of the checkpoints in a directory, in
// ascending order. The directory need not exist.
func checkpointSteps(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var steps []int
	for _, e := range entries {
		if m := checkpointName.FindStringSubmatch(e.Name()); m != nil {
			if step, err := strconv.Atoi(m[1]); err == nil {
				steps = append(steps, step)
			}
		}
	}
	slices.Sort(steps)
	return steps, nil
}

// SaveCheckpoint writes a snapshot into a directory of checkpoints, as a
// safetensors file that is named after the step: parameters under their own
// names, moments under moment.NAME/PARAMETER, the rest as JSON in the header.
// The file appears when it is complete and synced to the disk. Other files in
// the directory stay.
func SaveCheckpoint(dir string, snap Snapshot) error {
	if _, err := os.Stat(dir); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := atomicfile.SyncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	all := make(growth.Tensors, 3*len(snap.Params))
	for name, t := range snap.Params {
		all[name] = t
	}
	for moment, of := range snap.Moments {
		for name, t := range of {
			all[momentPrefix+moment+"/"+name] = t
		}
	}
	header, err := json.Marshal(checkpointHeader{checkpointFormat, snap.Step, snap.Optimizer, snap.Updates, addressOf(filepath.Dir(dir))})
	if err != nil {
		return err
	}
	return safetensors.Write(checkpointPath(dir, snap.Step), all, map[string]string{"format": "pt", checkpointKey: string(header)})
}

// LoadCheckpoint reads the newest checkpoint in a directory. If it is damaged,
// LoadCheckpoint logs a warning and reads the previous one. The error wraps
// [os.ErrNotExist] if there is no checkpoint.
func LoadCheckpoint(dir string) (Snapshot, error) {
	snap, refused, _, err := loadNewest(dir, math.MaxInt)
	switch {
	case err != nil:
		return Snapshot{}, err
	case snap != nil:
		return *snap, nil
	case len(refused) > 0:
		return Snapshot{}, fmt.Errorf("no checkpoint of the %d in %s can be used, for all are damaged; copy them again", len(refused), dir)
	}
	return Snapshot{}, fmt.Errorf("there is no checkpoint in %s: %w", dir, os.ErrNotExist)
}

// misnamedError says that a checkpoint, which is whole, holds the state of
// another step than its name says.
type misnamedError struct{ step int }

func (e *misnamedError) Error() string {
	return fmt.Sprintf("it holds the state after %s", plain.Count(e.step, "step"))
}

// loadNewest returns the newest checkpoint of a step up to last that is not
// damaged, or nil if there is none, the errors of newer, damaged ones, and the
// paths of checkpoints of later steps, which it does not read.
func loadNewest(dir string, last int) (snap *Snapshot, refused []*safetensors.DamagedError, later []string, err error) {
	steps, err := checkpointSteps(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, step := range slices.Backward(steps) {
		if step > last {
			later = append(later, checkpointPath(dir, step))
			continue
		}
		snap, err := loadCheckpoint(dir, step)
		if err == nil {
			return &snap, refused, later, nil
		}
		damaged, ok := errors.AsType[*safetensors.DamagedError](err)
		if !ok {
			// Do not wrap err: os.ErrNotExist would mean that there are no checkpoints.
			return nil, nil, nil, fmt.Errorf("the checkpoint after %s cannot be used: %v", plain.Count(step, "step"), err)
		}
		log.Warn("this checkpoint is refused; the one before it is used if there is one", "error", err)
		refused = append(refused, damaged)
	}
	return nil, refused, later, nil
}

// loadNamed is [loadNewest] for those who hold the run's lock. Whole checkpoints
// with the name of another step get their own, and count. It returns the paths
// of damaged ones.
func loadNamed(dir string, last int) (snap *Snapshot, refused, later []string, err error) {
	for {
		snap, damaged, later, err := loadNewest(dir, last)
		renamed, refused := false, []string(nil)
		for _, d := range damaged {
			ok, renameErr := rename(dir, d)
			renamed, err = renamed || ok, errors.Join(err, renameErr)
			refused = append(refused, d.Path)
		}
		if err != nil || !renamed {
			return snap, refused, later, err
		}
	}
}

// rename gives a whole checkpoint with the name of another step its own name.
// ok is false if it is damaged, or its name is taken.
func rename(dir string, damaged *safetensors.DamagedError) (ok bool, err error) {
	misnamed, ok := errors.AsType[*misnamedError](damaged)
	if !ok {
		return false, nil
	}
	own := checkpointPath(dir, misnamed.step)
	if _, err := os.Lstat(own); !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	log.Warn("a checkpoint has the name of another step and gets its own", "before", damaged.Path, "now", own)
	return true, os.Rename(damaged.Path, own)
}

// isDamaged reports whether the contents of a checkpoint are damaged. Other
// errors, such as missing permissions, may be temporary, so the file is kept.
func isDamaged(err error) bool {
	var damaged *safetensors.DamagedError
	return errors.As(err, &damaged)
}

// loadCheckpoint reads the checkpoint after the given number of steps.
func loadCheckpoint(dir string, step int) (Snapshot, error) {
	path := checkpointPath(dir, step)
	file, err := safetensors.Open(path)
	if err != nil {
		return Snapshot{}, err
	}
	defer file.Close()
	if err := file.Verify(); err != nil {
		return Snapshot{}, err
	}
	var header checkpointHeader
	if err := strictjson.Unmarshal([]byte(file.Metadata()[checkpointKey]), &header); err != nil {
		return Snapshot{}, &safetensors.DamagedError{Path: path, Err: fmt.Errorf("it is no checkpoint: what it says of itself is unreadable: %w", err)}
	}
	if header.Format != checkpointFormat {
		return Snapshot{}, fmt.Errorf("%s has format %d where this version reads %d; use the version that wrote it", path, header.Format, checkpointFormat)
	}
	if address := addressOf(filepath.Dir(dir)); header.Run != "" && address != "" && header.Run != address {
		return Snapshot{}, &safetensors.DamagedError{Path: path, Err: fmt.Errorf("it holds a state of the run %s", header.Run)}
	}
	if header.Step != step {
		return Snapshot{}, &safetensors.DamagedError{Path: path, Err: &misnamedError{header.Step}}
	}
	all, err := file.ReadAll()
	if err != nil {
		return Snapshot{}, err
	}
	snap := Snapshot{State: growth.State{Params: growth.Tensors{}, Moments: map[string]growth.Tensors{}},
		Step: step, Optimizer: header.Optimizer, Updates: header.Updates}
	for name, t := range all {
		rest, isMoment := strings.CutPrefix(name, momentPrefix)
		moment, parameter, named := strings.Cut(rest, "/")
		if !isMoment || !named {
			snap.Params[name] = t
			continue
		}
		if snap.Moments[moment] == nil {
			snap.Moments[moment] = growth.Tensors{}
		}
		snap.Moments[moment][parameter] = t
	}
	return snap, nil
}

// setAside renames files that are damaged, or that belong to a lost part of the
// run, so that they no longer count but can be examined.
func setAside(paths []string) error {
	var errs []error
	for _, path := range paths {
		_, err := sealed.SetAside(path)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// prune removes checkpoints that need not be kept.
func (c Checkpoints) prune(dir string) error {
	steps, err := checkpointSteps(dir)
	if err != nil {
		return err
	}
	for _, step := range c.surplus(steps) {
		if err := os.Remove(checkpointPath(dir, step)); err != nil {
			return err
		}
	}
	return nil
}

// removeLeftovers removes incomplete files of killed processes. The caller must
// hold the run's lock.
func removeLeftovers(run string) error {
	for _, dir := range []string{run, CheckpointDir(run)} {
		if err := atomicfile.RemoveLeftovers(dir, ""); err != nil {
			return err
		}
	}
	return nil
}
