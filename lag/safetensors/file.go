package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is an open safetensors file, or a model in several (shards).
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

// indexSuffix ends the name of the index of a model in several files.
const indexSuffix = ".safetensors.index.json"

// Open opens a safetensors file and checks its header, or all the files of a
// model whose index (model.safetensors.index.json) is named. The error wraps
// [os.ErrNotExist] where there is none, and a [DamagedError] where the header
// is not one.
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

// DamagedError is the error of a file that is not what it should be: cut off,
// changed, or of another format.
type DamagedError struct {
	Path string
	Err  error // what is wrong with it
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is no whole safetensors file: %v; copy, download or make it again", e.Path, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// damaged is the error of a file that is not what it should be. Where the
// system could not read it, nothing is known of what it holds.
func (s *source) damaged(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return fmt.Errorf("%s cannot be read: %w", s.path, err)
	}
	return &DamagedError{s.path, err}
}

// openIndex opens the files of a model that an index names. Tensors are those
// of the index.
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
	delete(all.metadata, checksumKey) // it is that of a shard
	return all, nil
}

// readIndex returns the file of each tensor that an index names.
func readIndex(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index struct {
		Weights map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, wrongIndex(path, "%w", err)
	}
	if len(index.Weights) == 0 {
		return nil, wrongIndex(path, "its weight_map names no tensor")
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

// Shards returns the names of the files beside an index that it names, sorted.
func Shards(index string) ([]string, error) {
	weights, err := readIndex(index)
	return slices.Compact(slices.Sorted(maps.Values(weights))), err
}

// OpenModel opens the weights in a model's directory as Hugging Face lays it
// out: model.safetensors, or model.safetensors.index.json and what it names.
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

// Path is the path that was opened.
func (f *File) Path() string { return f.path }

// Names returns the names of the tensors in alphabetical order.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.entries)) }

// Metadata returns the texts that the file carries beside its tensors.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Entry returns what is known of a tensor without reading it.
func (f *File) Entry(name string) (Entry, bool) {
	e, ok := f.entries[name]
	return e, ok
}
