package lag

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// claims is what a directory of a study or a stacking is claimed for.
type claims[C, R any] struct {
	dir          string
	config       C
	file, result string    // names of the files of the configuration and the result
	computes     func(C) C // removes the fields that do not affect the result
	backend      string
	load         func(dir string) (R, error) // reads the result
	backendOf    func(R) string
	matches      func(R, C) error // says why a result cannot be that of a configuration
}

// claim writes the configuration of a study or a stacking into its directory.
// If the directory holds the result of another configuration or backend, claim
// renames that result, so that nobody takes it for the new one. It also renames
// a damaged result. The runs stay, and the result is made again from them.
func (c claims[C, R]) claim() error {
	var before C
	path, other := filepath.Join(c.dir, c.file), ""
	err := sealed.Read(path, &before)
	unknown := err != nil // which configuration the result has
	switch {
	case sealed.IsDamaged(err):
		log.Warn("the configuration in the directory is damaged; it is written again", "error", err)
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	case !reflect.DeepEqual(c.computes(before), c.computes(c.config)):
		other = "this directory held a study with another configuration"
	}
	result := filepath.Join(c.dir, c.result)
	switch r, err := c.load(c.dir); {
	case other != "": // whether it can be read or not
	case sealed.IsDamaged(err):
		log.Warn("the result in the directory is damaged; it is set aside and made again", "error", err, "result", result+damagedExt)
		if err := os.Rename(result, result+damagedExt); err != nil {
			return err
		}
	case err != nil: // there is none
	case c.backendOf(r) != c.backend:
		other = fmt.Sprintf("this directory held a study computed with the backend %s, and now it is %s", c.backendOf(r), c.backend)
	case unknown && c.matches(r, c.config) != nil:
		other = "this directory held the result of another configuration"
	}
	if other != "" {
		if err := setAside(result, other); err != nil {
			return err
		}
	}
	return sealed.Write(path, c.config)
}

// damagedExt is the suffix of damaged files that were set aside.
const damagedExt = ".damaged"

// setAside renames the result at path, if it exists.
func setAside(path, why string) error {
	aside := path + ".old"
	for i := 2; exists(aside); i++ {
		aside = fmt.Sprintf("%s.old%d", path, i)
	}
	err := os.Rename(path, aside)
	if err == nil {
		log.Warn(why+"; its result was renamed, its runs are kept; use different names to keep both", "result", aside)
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
	return r, sealed.Write(filepath.Join(dir, result.StudyResult), r)
}

// fileHash returns the hash of a file's contents, or zero if the file cannot be
// read.
func fileHash(dir, name string) (sum [sha256.Size]byte) {
	if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
		sum = sha256.Sum256(text)
	}
	return sum
}
