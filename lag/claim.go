package lag

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// configuration is the configuration of something that has a result.
type configuration interface {
	StudyConfig | Stacking
	Hash() (string, error)
	files() (config, result string)           // names of the files of the configuration and the result
	origin(dir string) (result.Origin, error) // reads the result
}

// Hash returns the hash of what the configuration computes, which its result
// records. Name, checkpoints and states that are kept do not affect it, controls
// do not affect what the result says about strategies, and what the final losses are
// means of is repeated in the result.
func (c StudyConfig) Hash() (string, error) {
	c.Name, c.CheckpointEvery, c.Keep, c.Growth.Controls, c.Growth.FinalEvaluations = "", 0, "", nil, 0
	return hashOf(c)
}

func (c StudyConfig) files() (config, res string) { return result.StudyConfig, result.StudyResult }

func (c StudyConfig) origin(dir string) (o result.Origin, err error) {
	r, err := result.LoadStudy(dir)
	if err == nil {
		o = r.Origin()
	}
	return o, err
}

// Hash returns the hash of what the configuration computes, which its result
// records. Name, checkpoints and states that are kept do not affect it.
func (c Stacking) Hash() (string, error) {
	c.Name, c.CheckpointEvery, c.Keep = "", 0, ""
	return hashOf(c)
}

func (c Stacking) files() (config, res string) { return result.StackingConfig, result.StackingResult }

func (c Stacking) origin(dir string) (o result.Origin, err error) {
	r, err := result.LoadStacking(dir)
	if err == nil {
		o = r.Origin()
	}
	return o, err
}

// hashOf returns the hash of a value's JSON.
func hashOf(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// waitQuietly is far longer than a process needs to compare and replace files.
const waitQuietly = 2 * time.Second

// lockDir locks the directory of a study or a stacking while files in it are
// compared and replaced. It makes the directory: another process that began the
// same may have failed and removed it while it was empty.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := dirlock.Wait(ctx, dir, dirlock.Telling(dir, waitQuietly, func(h dirlock.Holder) {
		log.Info("another process has locked the directory; waiting for it", "dir", dir, "held by", h)
	}))
	if err != nil {
		return nil, err
	}
	return func() { lock.Unlock() }, nil
}

// claim writes the configuration of a study or a stacking into its directory,
// and returns the configuration's hash. If the directory holds the result of
// another configuration or backend, claim renames that result, so that nobody
// takes it for the new one. It also renames a damaged result. The runs stay, and
// the result is made again from them.
func claim[C configuration](ctx context.Context, dir string, config C, backend string) (hash string, err error) {
	if hash, err = config.Hash(); err != nil {
		return "", err
	}
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := checkKind(dir, config); err != nil {
		return "", err
	}
	configName, resultName := config.files()
	path := filepath.Join(dir, configName)
	before, err := claimedBefore[C](path, hash)
	if err != nil {
		return "", err
	}
	if err := clearResult(dir, resultName, config, before, result.Origin{Config: hash, Backend: backend}); err != nil {
		return "", err
	}
	return hash, sealed.Write(path, config)
}

// takeOver is [claim] for workers of an engine, whose backend is not known yet.
func takeOver[C configuration](ctx context.Context, dir string, config C) error {
	_, err := claim(ctx, dir, config, "")
	return err
}

// checkKind returns an error if a directory holds a stacking and the configuration is
// that of a study, or the reverse: their files would replace each other's.
func checkKind[C configuration](dir string, config C) error {
	mine, other := "study", "stacking"
	if _, ok := any(config).(Stacking); ok {
		mine, other = other, mine
	}
	file := map[string]string{"study": result.StudyConfig, "stacking": result.StackingConfig}[other]
	if exists(filepath.Join(dir, file)) {
		return fmt.Errorf("the directory %s holds a %s, so no %s can be there; use another name or directory", dir, other, mine)
	}
	return nil
}

// claimedBefore returns the hash of the configuration at path, or "" if it is
// not known for certain. It renames a configuration that somebody has edited, if
// its hash is not the one that is wanted.
func claimedBefore[C configuration](path, wanted string) (hash string, err error) {
	var before C
	switch changed, err := sealed.ReadEdited(path, &before); {
	case errors.Is(err, os.ErrNotExist):
		return "", nil
	case sealed.IsDamaged(err):
		log.Warn("the configuration in the directory is damaged; it is written again", "error", err)
		return "", nil
	case sealed.IsOtherVersion(err):
		return "", setConfigAside(path)
	case err != nil:
		return "", err
	case changed:
		return "", keepEdited(path, before, wanted)
	}
	return before.Hash()
}

// keepEdited renames a configuration that was changed after it was written,
// unless it computes what is wanted.
func keepEdited[C configuration](path string, edited C, wanted string) error {
	hash, err := edited.Hash()
	if err != nil || hash == wanted {
		return err
	}
	aside, err := setAside(path)
	if aside != "" {
		log.Warn("the configuration in the directory was changed after it was written, and this is another one; the changed one was renamed; to use it, name its file as the configuration", "file", aside)
	}
	return err
}

// clearResult renames a result that is damaged or has another origin than the
// one that is wanted. before is the hash of the configuration that was beside it,
// or "". A backend that is not known yet, "", is no other one.
func clearResult[C configuration](dir, name string, config C, before string, want result.Origin) error {
	path, why := filepath.Join(dir, name), ""
	switch found, err := config.origin(dir); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case sealed.IsDamaged(err):
		aside, setErr := sealed.SetAside(path)
		log.Warn("the result in the directory is damaged; it is set aside and made again", "error", err, "result", aside)
		return setErr
	case sealed.IsOtherVersion(err):
		why = "the result in this directory is not one of this version"
	case err != nil:
		return err
	case want.Backend != "" && found.Backend != want.Backend:
		why = fmt.Sprintf("this directory held a result computed with the backend %s, and now it is %s", found.Backend, want.Backend)
	case found.Config == "" && before == "":
		why = "this directory held the result of an earlier version, and it cannot be known of which configuration"
	case found.Config == "" && before != want.Config, found.Config != "" && found.Config != want.Config:
		why = "this directory held the result of another configuration"
	default:
		return nil
	}
	aside, err := setAside(path)
	if aside != "" {
		log.Warn(why+"; that result was renamed, its runs are kept; use different names to keep both", "result", aside)
	}
	return err
}

// setConfigAside renames a configuration of another version.
func setConfigAside(path string) error {
	aside, err := setAside(path)
	if aside != "" {
		log.Warn("the configuration in the directory is not one of this version; it was renamed", "now", aside)
	}
	return err
}

// setAside renames the file at path to a name that no file has yet, which it
// returns. If there is no such file, setAside returns "".
func setAside(path string) (aside string, err error) {
	if aside, err = sealed.OldName(path); err != nil {
		return "", err
	}
	switch err := os.Rename(path, aside); {
	case errors.Is(err, os.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	}
	return aside, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// savable is a result.
type savable interface {
	Save(dir string) error
	Failed() int
}

// save writes a result and returns the result in the file. If another process
// has written one with fewer failures since this study or stacking began, save
// keeps and returns that one. found is the hash of the file at name when it
// began.
func save[R savable](ctx context.Context, dir, name string, r R, load func(dir string) (R, error), found [sha256.Size]byte) (R, error) {
	unlock, err := lockDir(ctx, dir)
	if err != nil {
		return r, err
	}
	defer unlock()
	if r.Failed() > 0 && fileHash(dir, name) != found {
		if other, err := load(dir); err == nil && other.Failed() < r.Failed() {
			return other, nil
		}
	}
	return r, r.Save(dir)
}

// fileHash returns the hash of a file's contents, or zero if the file cannot be
// read.
func fileHash(dir, name string) (sum [sha256.Size]byte) {
	if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
		sum = sha256.Sum256(text)
	}
	return sum
}

// loadable is a result that can be compared with the configuration beside it.
type loadable interface {
	Origin() result.Origin
	CheckConfig(dir, hash string) error
}

// loadBoth reads a configuration and the result beside it, which must be its own.
func loadBoth[C configuration, R loadable](dir string, load func(dir string) (R, error)) (r R, config C, err error) {
	configName, resultName := config.files()
	changed, err := result.ReadConfig(dir, configName, &config)
	if err != nil {
		return r, config, err
	}
	if r, err = load(dir); err != nil {
		return r, config, err
	}
	hash, err := config.Hash()
	if err == nil {
		err = r.CheckConfig(dir, hash)
	}
	if err != nil {
		return r, config, err
	}
	if changed {
		log.Warn("the configuration was changed after it was written, on purpose or by damage; it is used as it is", "file", filepath.Join(dir, configName))
	}
	if r.Origin().Config == "" {
		log.Warn("the result is from an earlier version; it cannot be checked that it is the one of the configuration beside it", "file", filepath.Join(dir, resultName))
	}
	return r, config, nil
}
