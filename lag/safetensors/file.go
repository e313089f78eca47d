package safetensors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/filetype"
	"github.com/landscape-aware/growing/data/strictjson"
)

// File is an open safetensors file, or an open model in several files (shards).
type File struct {
	path     string
	sources  []*source
	entries  map[string]Entry
	metadata map[string]string
}

// source is one file on disk.
type source struct {
	path string
	r    io.ReaderAt
	size int64
}

// Ints is a tensor of integers, row-major. A scalar has no axes.
type Ints struct {
	Shape []int
	Data  []int32
}

// indexSuffix is the suffix of the index of a model in several files.
const indexSuffix = ".safetensors.index.json"

// Open opens a safetensors file and checks its header. Given the index of a
// model (model.safetensors.index.json), it opens all files of the model. The
// error wraps [os.ErrNotExist] if a file does not exist, and [DamagedError] if
// a header is invalid.
func Open(path string) (*File, error) {
	if strings.HasSuffix(path, indexSuffix) {
		return openIndex(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file; name a safetensors file", path)
	}
	var file *File
	if err == nil {
		file, err = newFile(path, f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return file, nil
}

func newFile(path string, r io.ReaderAt, size int64) (*File, error) {
	from := &source{path, r, size}
	text, err := readHeader(r, size)
	if err != nil {
		if other := filetype.At(r).Err(); other != nil {
			err = other
		}
		return nil, from.damaged(err)
	}
	f := &File{path: path, sources: []*source{from}}
	if f.entries, f.metadata, err = parseHeader(text, size-8-int64(len(text))); err != nil {
		return nil, from.damaged(err)
	}
	for name, e := range f.entries {
		e.from = from
		f.entries[name] = e
	}
	return f, nil
}

// DamagedError is the error of a file that is truncated, changed, or of another
// format.
type DamagedError struct {
	Path string
	Err  error // what is wrong with the file
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is not a complete safetensors file: %v; copy, download or create it again", e.Path, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// damaged returns the error of a damaged file. If the system could not read the
// file, the result is not a [DamagedError].
func (s *source) damaged(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return fmt.Errorf("%s cannot be read: %w", s.path, err)
	}
	return &DamagedError{s.path, err}
}

// openIndex opens the files of a model. Only the tensors in the index are
// visible.
func openIndex(path string) (file *File, err error) {
	index, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	all := &File{path: path, entries: make(map[string]Entry), metadata: make(map[string]string)}
	defer func() {
		if err != nil {
			all.Close()
		}
	}()
	shards := make(map[string]*File)
	for _, name := range slices.Sorted(maps.Keys(index)) {
		shard := index[name]
		if shards[shard] == nil {
			f, err := Open(filepath.Join(filepath.Dir(path), shard))
			if err != nil {
				return nil, wrongIndex(path, "%w", err)
			}
			shards[shard] = f
			all.sources = append(all.sources, f.sources...)
			maps.Copy(all.metadata, f.metadata)
		}
		e, ok := shards[shard].entries[name]
		if !ok {
			return nil, wrongIndex(path, "tensor %.200q is not in %s", name, shard)
		}
		all.entries[name] = e
	}
	delete(all.metadata, checksumKey) // it belongs to a shard
	return all, nil
}

// readIndex reads an index. It returns the file name of each tensor.
func readIndex(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index struct {
		Weights map[string]string `json:"weight_map"`
	}
	if err := strictjson.Unmarshal(text, &index); err != nil {
		return nil, wrongIndex(path, "%w", err)
	}
	if len(index.Weights) == 0 {
		return nil, wrongIndex(path, "its weight_map has no tensors")
	}
	for _, name := range slices.Sorted(maps.Keys(index.Weights)) {
		if shard := index.Weights[name]; shard != filepath.Base(shard) || !strings.HasSuffix(shard, ".safetensors") {
			return nil, wrongIndex(path, "tensor %.200q should be in %.200q, which is not the name of a safetensors file beside the index", name, shard)
		}
	}
	return index.Weights, nil
}

func wrongIndex(path, format string, args ...any) error {
	return fmt.Errorf("the index %s of a model: %w; copy or download the model again", path, fmt.Errorf(format, args...))
}

// Shards returns the sorted names of the files in an index. They are in the same
// directory as the index.
func Shards(index string) ([]string, error) {
	weights, err := readIndex(index)
	return slices.Compact(slices.Sorted(maps.Values(weights))), err
}

// OpenModel opens the weights in a model's directory with Hugging Face's
// layout: model.safetensors, or model.safetensors.index.json and its files.
func OpenModel(dir string) (*File, error) {
	for _, name := range []string{"model.safetensors", "model" + indexSuffix} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			return Open(path)
		}
	}
	return nil, fmt.Errorf("there is no model.safetensors in %s: %w; name the directory of a model in safetensors format", dir, os.ErrNotExist)
}

// Close closes the files.
func (f *File) Close() error {
	var errs []error
	for _, s := range f.sources {
		if c, ok := s.r.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Path returns the path given to [Open].
func (f *File) Path() string { return f.path }

// Names returns the names of the tensors in alphabetical order.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.entries)) }

// Metadata returns the metadata of the file.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Entry returns the description of a tensor, and whether there is such a tensor.
func (f *File) Entry(name string) (Entry, bool) {
	e, ok := f.entries[name]
	return e, ok
}
