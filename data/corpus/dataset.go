package corpus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/hub"
)

// readmeFile contains a dataset's card.
const readmeFile = "README.md"

// repository gives access to the files of a dataset.
type repository interface {
	// names returns the relative paths of all files, with slashes.
	names() []string

	// fetch downloads files that are not on this machine yet.
	fetch(ctx context.Context, names []string, progress func(done, total int64)) error

	// path returns the path of a file, which exists after fetch.
	path(name string) string

	// stamp returns a line that changes whenever the contents of a file may
	// have changed.
	stamp(name string) (string, error)

	// origin describes for people where the files come from.
	origin() string
}

// dataset is the source for one split of a dataset.
type dataset struct {
	repo  repository
	info  Info
	files []string
	field string
}

func openDataset(ctx context.Context, spec Spec) (Source, error) {
	var repo repository
	var err error
	if dir, local := spec.directory(); local {
		repo, err = openDirectory(dir)
	} else {
		repo, err = openHub(ctx, dir, spec.Revision)
	}
	if err != nil {
		return nil, err
	}
	c, err := readCard(ctx, repo)
	if err != nil {
		return nil, fmt.Errorf("corpus: the dataset %s: %w", spec.Source, err)
	}
	chosen, err := choose(repo.names(), c, spec.Config, spec.Split)
	if err != nil {
		return nil, fmt.Errorf("corpus: the dataset %s (%s): %w", spec.Source, repo.origin(), err)
	}
	f, _, err := formatOf(chosen[0])
	if err != nil {
		return nil, err
	}
	if f == textFormat && spec.Field != "" {
		return nil, fmt.Errorf("corpus: the dataset %s is plain text, which has no field %q: leave the field out", spec.Source, spec.Field)
	}
	d := &dataset{repo: repo, files: chosen, field: spec.field()}
	d.info = Info{Name: spec.String(), License: c.license(), Origin: repo.origin()}
	if d.info.License == "" {
		d.info.License = spec.License
	}
	if d.info.License == "" {
		d.info.License = "unknown: the dataset's card names none"
	}
	return d, nil
}

// readCard reads a repository's README.md, if it has one.
func readCard(ctx context.Context, repo repository) (card, error) {
	if !slices.Contains(repo.names(), readmeFile) {
		return card{}, nil
	}
	if err := repo.fetch(ctx, []string{readmeFile}, nil); err != nil {
		return card{}, err
	}
	text, err := os.ReadFile(repo.path(readmeFile))
	if err != nil {
		return card{}, err
	}
	return parseCard(text)
}

func (d *dataset) Info() Info { return d.info }

func (d *dataset) Fetch(ctx context.Context, progress func(done, total int64)) error {
	if err := d.repo.fetch(ctx, d.files, progress); err != nil {
		return fmt.Errorf("corpus: the dataset %s: %w", d.info.Name, err)
	}
	return nil
}

func (d *dataset) Stamp(context.Context) (string, error) {
	return stampFiles(fmt.Sprintf("dataset %q", d.field), d.files, d.repo.stamp)
}

func (d *dataset) Documents(ctx context.Context) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		if err := d.Fetch(ctx, nil); err != nil {
			yield(Document{}, err)
			return
		}
		readFiles(ctx, d.info.Name, d.files, d.repo.path, d.field, yield)
	}
}

// directory is a repository in a directory.
type directory struct {
	root  string
	files []string
}

func openDirectory(root string) (*directory, error) {
	if rest, ok := strings.CutPrefix(root, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("corpus: %s: %w", root, err)
		}
		root = filepath.Join(home, rest)
	}
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("corpus: %s is a file: name a file without %q", root, HubPrefix)
	}
	names, err := hub.Walk(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("corpus: there is no directory %s: name one with the layout of a dataset (config/split-00000-of-00001.parquet, or .jsonl), or a dataset of the Hub as %sowner/name", root, HubPrefix)
	}
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	return &directory{root, names}, nil
}

func (d *directory) names() []string         { return d.files }
func (d *directory) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }
func (d *directory) origin() string          { return "the directory " + d.root }

func (d *directory) fetch(context.Context, []string, func(done, total int64)) error { return nil }

func (d *directory) stamp(name string) (string, error) { return stampFile(d.path(name)) }

// hubDataset is a repository of the Hub.
type hubDataset struct{ *hub.Repository }

func openHub(ctx context.Context, id, revision string) (repository, error) {
	r, err := hub.Open(ctx, hub.Dataset, id, revision)
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	return hubDataset{r}, nil
}

func (h hubDataset) names() []string         { return h.Names() }
func (h hubDataset) path(name string) string { return h.Path(name) }
func (h hubDataset) origin() string          { return h.Origin() }

func (h hubDataset) fetch(ctx context.Context, names []string, progress func(done, total int64)) error {
	return h.Fetch(ctx, names, progress)
}

func (h hubDataset) stamp(name string) (string, error) {
	if hash := h.Hash(name); hash != "" {
		return fmt.Sprintf("\n%q %s", name, hash), nil // independent of the path, and known before the download
	}
	return stampFile(h.Path(name))
}
