package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/landscape-aware/growing/data/sealed"
)

// Save writes the result of a study into its directory. It refuses a result that
// [LoadStudy] would refuse.
func (r *Study) Save(dir string) error { return save(dir, StudyResult, r) }

// Save writes the result of a stacking into its directory. It refuses a result
// that [LoadStacking] would refuse.
func (r *Stacking) Save(dir string) error { return save(dir, StackingResult, r) }

// save checks what a reader gets, in which an infinite number is null.
func save[R any, P interface {
	*R
	check() error
}](dir, name string, r P) error {
	path := filepath.Join(dir, name)
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	var read R
	if err := json.Unmarshal(text, &read); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := P(&read).check(); err != nil {
		return fmt.Errorf("the result is impossible, so %s was not written: %w", path, err)
	}
	return sealed.Write(path, r)
}

// Origin is what a result was computed from and with.
type Origin struct {
	Config  string // hash of the configuration; empty in files of earlier versions
	Backend string
}

// Origin returns what the result was computed from and with.
func (r *Study) Origin() Origin { return Origin{r.ConfigHash, r.Backend} }

// Origin returns what the result was computed from and with.
func (r *Stacking) Origin() Origin { return Origin{r.ConfigHash, r.Backend} }

// CheckConfig returns a [sealed.DamagedError] if the result is not that of the
// configuration with the hash. A result of an earlier version, which has no
// hash, may be that of any.
func (r *Study) CheckConfig(dir, hash string) error {
	return checkConfig(dir, StudyResult, r.ConfigHash, hash)
}

// CheckConfig is [Study.CheckConfig] for a stacking.
func (r *Stacking) CheckConfig(dir, hash string) error {
	return checkConfig(dir, StackingResult, r.ConfigHash, hash)
}

func checkConfig(dir, name, recorded, hash string) error {
	if recorded == "" || recorded == hash {
		return nil
	}
	return damaged(dir, name, errors.New("it is not the result of the configuration beside it"))
}
