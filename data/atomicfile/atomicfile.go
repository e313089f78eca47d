package atomicfile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// NoSync is the environment variable that, set to 1, leaves it to the operating
// system when files reach the disk. What a process has written still outlives it,
// but not a crash of the machine. Tests set it: they write thousands of files, and
// would wait for the disk more than half of their time.
const NoSync = "LAG_NO_SYNC"

var noSync = sync.OnceValue(func() bool { return os.Getenv(NoSync) == "1" })

// Ext is the suffix of a file that is not committed yet.
const Ext = ".tmp"

// File is a file that is not committed yet. Writes to it are buffered.
type File struct {
	path   string
	file   *os.File
	buf    *bufio.Writer
	err    error // the first error; later ones are dropped
	closed bool  // flushed, synced and closed
	done   bool  // committed or aborted
}

var (
	errFinished = errors.New("it is already finished")
	errAborted  = errors.New("it was aborted")
)

// Create starts writing the file at path. Until [File.Commit] the data is in
// the same directory under a temporary name, with the permissions that the
// process's umask leaves to new files.
func Create(path string) (*File, error) {
	for {
		// Not os.CreateTemp, which makes the file unreadable to other users.
		f, err := os.OpenFile(fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), Ext), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("writing %s: cannot create a file in its directory: %w", path, err)
		}
		return &File{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<16)}, nil
	}
}

// Name returns the path that Commit gives the file.
func (f *File) Name() string { return f.path }

// TempName returns the path of the data before Commit.
func (f *File) TempName() string { return f.file.Name() }

// Write implements [io.Writer]. It fails after [File.Finish] and after any
// earlier error.
func (f *File) Write(p []byte) (int, error) {
	if f.closed && f.err == nil {
		f.fail(errFinished)
	}
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.buf.Write(p)
	f.fail(err)
	return n, f.err
}

// Finish flushes the data to the disk and closes the file, which keeps its
// temporary name. To write several files that belong together, finish all of
// them before committing the first. Finish returns the first error of the file,
// including those of earlier calls.
func (f *File) Finish() error {
	if f.closed {
		return f.err
	}
	f.closed = true
	f.fail(f.buf.Flush())
	if f.err == nil {
		f.fail(Sync(f.file))
	}
	f.fail(f.file.Close()) // on a network file system, a full disk shows only here
	return f.err
}

// Commit renames the file to its final name and replaces any file that has it.
// If there was an error, also an earlier one, Commit aborts the file and
// returns the error.
func (f *File) Commit() error {
	if f.Finish() == nil && !f.done {
		f.fail(os.Rename(f.file.Name(), f.path))
	}
	if f.err != nil {
		f.Abort()
		return f.err
	}
	f.done = true
	return SyncDir(filepath.Dir(f.path))
}

// Abort closes the file and removes it. After [File.Commit] it does nothing, so
// it can be deferred.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.fail(errAborted)
	if !f.closed {
		f.closed = true
		f.file.Close()
	}
	os.Remove(f.file.Name())
}

// Leftovers returns the temporary files of path that killed processes left
// behind. They may be removed, unless another process is writing path now.
func Leftovers(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+".") && strings.HasSuffix(e.Name(), Ext) {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return found, nil
}

// RemoveLeftovers removes the temporary files in a directory whose names begin with a
// prefix: what killed processes left behind. The directory need not exist. Others must
// not be writing such files there, unless they may fail for it; those who remove them
// at the same time are in nobody's way.
func RemoveLeftovers(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasPrefix(e.Name(), prefix) || !strings.HasSuffix(e.Name(), Ext) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing what an interrupted process left: %w", err)
		}
	}
	return nil
}

// fail records err if it is the first error.
func (f *File) fail(err error) {
	if err != nil && f.err == nil {
		f.err = fmt.Errorf("writing %s: %w", f.path, err)
	}
}

// Write creates the file at path with what write writes. After an error the
// file at path is unchanged.
func Write(path string, write func(io.Writer) error) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := write(f); err != nil {
		return err
	}
	return f.Commit()
}

// WriteBytes writes contents to the file at path.
func WriteBytes(path string, contents []byte) error {
	return Write(path, func(w io.Writer) error { _, err := w.Write(contents); return err })
}

// WriteJSON writes a value to the file at path as indented JSON.
func WriteJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return WriteBytes(path, append(text, '\n'))
}

// SyncDir flushes a directory to the disk, so that renames in it survive a crash.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return Sync(d)
}

// Sync flushes an open file or directory to the disk, unless [NoSync] is set.
func Sync(f *os.File) error {
	if noSync() {
		return nil
	}
	return f.Sync()
}
