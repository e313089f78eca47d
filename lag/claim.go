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
// Where that held one that computes something else, its result is set aside, so
// that it is not taken for this one's; its runs stay.
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

// setAside renames a result, if there is one.
func setAside(path string) error {
	aside := path + ".old"
	for i := 2; exists(aside); i++ {
		aside = fmt.Sprintf("%s.old%d", path, i)
	}
	err := os.Rename(path, aside)
	if err == nil {
		log.Warn("this directory held a study of another configuration; its result is set aside, its runs are kept; give each a name of its own to keep both", "result", aside)
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

// save writes result.json, and returns what it says: where another process has
// written one meanwhile, and did what failed in this one, that is kept. found is
// what was there when the study began.
func save(dir string, r *result.Study, found [sha256.Size]byte) (*result.Study, error) {
	if len(r.Failures) > 0 && sumOf(dir, result.StudyResult) != found {
		if other, err := result.LoadStudy(dir); err == nil && len(other.Failures) < len(r.Failures) {
			return other, nil
		}
	}
	return r, atomicfile.WriteJSON(filepath.Join(dir, result.StudyResult), r)
}

// sumOf is the hash of a file's contents, zero where it cannot be read.
func sumOf(dir, name string) (sum [sha256.Size]byte) {
	if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
		sum = sha256.Sum256(text)
	}
	return sum
}
