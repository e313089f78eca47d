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
)

// Ext ends the name of a file in the making.
const Ext = ".tmp"

// File is a file in the making. It is written through a buffer.
type File struct {
	path   string
	file   *os.File
	buf    *bufio.Writer
	err    error // the first that was met; it stays
	closed bool  // flushed, synced and closed
	done   bool  // renamed, or given up
}

var (
	errFinished = errors.New("it is finished already")
	errGivenUp  = errors.New("it was given up")
)

// Create begins the file that will be at path. It is written in the same
// directory, under a name of its own, with the permissions that the process's
// umask leaves to new files.
func Create(path string) (*File, error) {
	for {
		// os.CreateTemp would keep others from reading it.
		f, err := os.OpenFile(fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), Ext), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("writing %s: its directory does not take files: %w", path, err)
		}
		return &File{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<16)}, nil
	}
}

// Name returns the path at which the file will appear.
func (f *File) Name() string { return f.path }

// TempName returns the path at which the contents are until then.
func (f *File) TempName() string { return f.file.Name() }

// Write implements [io.Writer]. After an error, and after [File.Finish], nothing
// more can be written.
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

// Finish brings the contents to the disk and closes the file, which keeps its
// temporary name. Files that belong together are all finished before the first
// is committed. It returns the first error of the file, whenever that was.
func (f *File) Finish() error {
	if f.closed {
		return f.err
	}
	f.closed = true
	f.fail(f.buf.Flush())
	if f.err == nil {
		f.fail(f.file.Sync())
	}
	f.fail(f.file.Close()) // a network file system reports here that it was full
	return f.err
}

// Commit gives the file its name, in place of the file that has it. After an
// error, such as one of [File.Finish] before, the file is given up.
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

// Abort gives the file up and removes what there is of it. After
// [File.Commit] it does nothing, so that it can be deferred.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.fail(errGivenUp)
	if !f.closed {
		f.closed = true
		f.file.Close()
	}
	os.Remove(f.file.Name())
}

// Leftovers returns the files that killed processes left on the way to path.
// They are of no use, unless another process is writing path now.
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

// fail keeps the first error.
func (f *File) fail(err error) {
	if err != nil && f.err == nil {
		f.err = fmt.Errorf("writing %s: %w", f.path, err)
	}
}

// Write makes a file of what write gives. After an error there is nothing new.
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

// WriteBytes makes a file of the given contents.
func WriteBytes(path string, contents []byte) error {
	return Write(path, func(w io.Writer) error { _, err := w.Write(contents); return err })
}

// WriteJSON makes a file of a value as indented JSON.
func WriteJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return WriteBytes(path, append(text, '\n'))
}

// SyncDir makes the renames in a directory last.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
