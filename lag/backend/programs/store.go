package programs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Env is the environment variable with the directory of compiled programs, or
// with [Off].
const Env = "LAG_PROGRAMS"

// Off is the value of [Env] with which no programs are kept.
const Off = "off"

// Limit is the size in bytes that all kept programs may have together.
const Limit = 2 << 30

// A Key is the hash of all that a compiled program depends on.
type Key [sha256.Size]byte

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// A Store is a directory of compiled programs. Goroutines and processes may use
// one directory at the same time.
type Store struct {
	dir   string
	limit int64 // bytes
}

// Dir returns the directory in which this user's programs are kept, or "" if
// [Env] says that none are.
func Dir() (string, error) {
	switch dir := os.Getenv(Env); dir {
	case "":
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		return filepath.Join(cache, "lag", "programs"), nil
	case Off:
		return "", nil
	default:
		return filepath.Abs(dir)
	}
}

// Open opens the store in a directory, which it creates if necessary. The
// programs in it have at most limit bytes together.
func Open(dir string, limit int64) (*Store, error) {
	// Nobody else can write to a new directory, whatever the umask says.
	err := os.MkdirAll(filepath.Dir(dir), 0o777)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("the directory for compiled programs cannot be made: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory; set %s to another, or to %s", dir, Env, Off)
	}
	if err := trusted(info); err != nil {
		return nil, fmt.Errorf("compiled programs in %s are not used: %w; set %s to another directory, or to %s", dir, err, Env, Off)
	}
	return &Store{dir, limit}, nil
}

// Parts of a store's files.
const (
	magic      = "lag program 1\n"
	ext        = ".program"
	unfinished = ".tmp"
)

// ours matches the names of a store's files.
var ours = regexp.MustCompile(`^[0-9a-f]{64}\.program(\.lock|\.[0-9a-f]{8}\.tmp)?$`)

// A RefusedError says why a stored program was not read. The file is removed.
type RefusedError struct {
	Path string
	Why  error
}

// Error implements error.
func (e *RefusedError) Error() string { return fmt.Sprintf("compiled program %s: %v", e.Path, e.Why) }

// Unwrap returns why the program was not read.
func (e *RefusedError) Unwrap() error { return e.Why }

var errDamaged = errors.New("the file is damaged")

func (s *Store) path(k Key) string { return filepath.Join(s.dir, k.String()+ext) }

// unkept is how long an empty program says that this one cannot be kept. Then it
// is tried again.
const unkept = 7 * 24 * time.Hour

// Load returns a program, see [Store.Save]. The error is [fs.ErrNotExist] if
// there is none, and a [RefusedError] if there was a file that cannot be trusted.
func (s *Store) Load(k Key) ([]byte, error) {
	path := s.path(k)
	program, saved, err := s.read(path, k)
	if err == nil && len(program) == 0 {
		if time.Since(saved) > unkept {
			return nil, fs.ErrNotExist
		}
		return nil, nil
	}
	if err == nil {
		now := time.Now()
		_ = os.Chtimes(path, now, now) // it is the last used; if that is lost, it goes earlier
		return program, nil
	}
	for _, passing := range []error{fs.ErrNotExist, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO} {
		if errors.Is(err, passing) {
			return nil, err
		}
	}
	return nil, &RefusedError{path, errors.Join(err, os.Remove(path))}
}

// read returns the program in a file, and when the file was changed or used last.
func (s *Store) read(path string, k Key) (program []byte, used time.Time, err error) {
	f, err := os.OpenFile(path, readOnly, 0)
	if err != nil {
		return nil, used, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, used, err
	}
	if !info.Mode().IsRegular() {
		return nil, used, errors.New("it is not a file")
	}
	if err := trusted(info); err != nil {
		return nil, used, err
	}
	data, err := io.ReadAll(io.LimitReader(f, s.limit+overhead))
	if err != nil {
		return nil, used, err
	}
	head, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok || len(head) < 2*sha256.Size || !bytes.Equal(head[:sha256.Size], k[:]) {
		return nil, used, errDamaged
	}
	program = head[2*sha256.Size:]
	if sum := checksum(k, program); !bytes.Equal(head[sha256.Size:2*sha256.Size], sum[:]) {
		return nil, used, errDamaged
	}
	return program, info.ModTime(), nil
}

// overhead is what a file has beside its program, in bytes.
const overhead = int64(len(magic) + 2*sha256.Size)

// checksum returns the checksum of a program and of the key that it is kept for.
func checksum(k Key, program []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(k[:])
	h.Write(program)
	return [sha256.Size]byte(h.Sum(nil))
}

// Save keeps a program, and removes others if all are too large together. An
// empty program says, for a week, that this one cannot be kept.
func (s *Store) Save(k Key, program []byte) error {
	if size := int64(len(program)) + overhead; size > s.limit {
		return fmt.Errorf("a compiled program of %d bytes is larger than all may be together, which is %d bytes", size, s.limit)
	}
	sum := checksum(k, program)
	// Not synced: a crash of the machine may leave a damaged file, which is compiled again.
	path := s.path(k)
	tmp := fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), unfinished)
	err := os.WriteFile(tmp, slices.Concat([]byte(magic), k[:], sum[:], program), 0o600)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keeping a compiled program: %w", err), remove(tmp))
	}
	return s.sweep(path)
}

// Remove removes a program.
func (s *Store) Remove(k Key) error { return remove(s.path(k)) }

// A kept file is one of a store's programs.
type kept struct {
	path string
	size int64
	used time.Time
}

// list returns the programs, those that were not used for longest first. It
// removes what killed processes left.
func (s *Store) list() ([]kept, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // another process removed it
		}
		path, name := filepath.Join(s.dir, e.Name()), e.Name()
		switch {
		case !ours.MatchString(name): // the user's directory may have other files
		case strings.HasSuffix(name, ext):
			all = append(all, kept{path, info.Size(), info.ModTime()})
		case time.Since(info.ModTime()) > 24*time.Hour:
			_ = os.Remove(path)
		}
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path)) })
	return all, nil
}

// sweep removes the programs that were not used for longest, except one, until
// the rest is small enough.
func (s *Store) sweep(except string) error {
	all, err := s.list()
	if err != nil {
		return err
	}
	var total int64
	for _, f := range all {
		total += f.size
	}
	for _, f := range all {
		if total <= s.limit {
			break
		}
		if f.path == except {
			continue
		}
		if err := remove(f.path); err != nil {
			return err
		}
		total -= f.size
	}
	return nil
}

// Size returns the number of kept programs and their size in bytes.
func (s *Store) Size() (programs int, bytes int64, err error) {
	all, err := s.list()
	for _, f := range all {
		bytes += f.size
	}
	return len(all), bytes, err
}

// remove removes a file, which another process may have removed already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
