package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/lag/growth"
)

const (
	checkpointFile = "state.safetensors"
	momentPrefix   = "moment."
)

// SaveCheckpoint writes a snapshot into a directory, in place of the one that
// is there: parameters under their own names, moments under moment.NAME/, one
// safetensors file with a checksum.
func SaveCheckpoint(dir string, snap Snapshot) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
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
	updates, err := json.Marshal(snap.Updates)
	if err != nil {
		return err
	}
	metadata := map[string]string{"step": strconv.Itoa(snap.Step), "updates": string(updates)}
	return writeSafetensors(filepath.Join(dir, checkpointFile), all, metadata)
}

// LoadCheckpoint reads what [SaveCheckpoint] wrote. The error wraps
// [os.ErrNotExist] where there is none; a damaged one is an error that says
// what is wrong with it.
func LoadCheckpoint(dir string) (Snapshot, error) {
	path := filepath.Join(dir, checkpointFile)
	all, metadata, err := readSafetensors(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return Snapshot{}, err
		}
		return Snapshot{}, fmt.Errorf("%w; delete the run's directory %s to train the run again", err, filepath.Dir(dir))
	}
	snap := Snapshot{State: growth.State{Params: growth.Tensors{}, Moments: map[string]growth.Tensors{}}}
	for name, t := range all {
		rest, ok := strings.CutPrefix(name, momentPrefix)
		moment, parameter, ok2 := strings.Cut(rest, "/")
		if !ok || !ok2 {
			snap.Params[name] = t
			continue
		}
		if snap.Moments[moment] == nil {
			snap.Moments[moment] = growth.Tensors{}
		}
		snap.Moments[moment][parameter] = t
	}
	if snap.Step, err = strconv.Atoi(metadata["step"]); err != nil {
		return Snapshot{}, fmt.Errorf("%s is damaged: its step is %q", path, metadata["step"])
	}
	if err := json.Unmarshal([]byte(metadata["updates"]), &snap.Updates); err != nil {
		return Snapshot{}, fmt.Errorf("%s is damaged: its update counts are unreadable: %w", path, err)
	}
	return snap, nil
}
