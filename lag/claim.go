package lag

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/lag/result"
)

// claim writes the configuration of a study or a stacking into its directory.
// If the directory holds a configuration that computes something else, claim
// renames its result, so that nobody takes it for the result of the new one.
// The runs stay. computes removes the fields that do not affect the result.
func claim[C any](dir, file, resultFile string, config C, computes func(C) C) error {
	path := filepath.Join(dir, file)
	if text, err := os.ReadFile(path); err == nil {
		var before C
		if err := json.Unmarshal(text, &before); err != nil || !reflect.DeepEqual(computes(before), computes(config)) {
			if err := setAside(filepath.Join(dir, resultFile)); err != nil {
				return err
			}
		}
	}
	return atomicfile.WriteJSON(path, config)
}

// setAside renames the result at path, if it exists.
func setAside(path string) error {
	aside := path + ".old"
	for i := 2; exists(aside); i++ {
		aside = fmt.Sprintf("%s.old%d", path, i)
	}
	err := os.Rename(path, aside)
	if err == nil {
		log.Warn("this directory held a study with another configuration; its result was renamed, its runs are kept; use different names to keep both", "result", aside)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// save writes result.json and returns the result in it. If another process has
// written a result with fewer failures since this study began, save keeps and
// returns that one. found is the hash of result.json when the study began.
func save(dir string, r *result.Study, found [sha256.Size]byte) (*result.Study, error) {
	if len(r.Failures) > 0 && fileHash(dir, result.StudyResult) != found {
		if other, err := result.LoadStudy(dir); err == nil && len(other.Failures) < len(r.Failures) {
			return other, nil
		}
	}
	return r, atomicfile.WriteJSON(filepath.Join(dir, result.StudyResult), r)
}

// fileHash returns the hash of a file's contents, or zero if the file cannot be
// read.
func fileHash(dir, name string) (sum [sha256.Size]byte) {
	if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
		sum = sha256.Sum256(text)
	}
	return sum
}
