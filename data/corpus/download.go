package corpus

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gomlx/go-huggingface/hub"
	"golang.org/x/sync/errgroup"
)

// parallelDownloads is how many files come at a time.
const parallelDownloads = 4

// blobHash matches the hashes of contents: git's sha1, or the sha256 of a large
// file.
var blobHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// unverified ends the name of a download whose hash was not compared yet.
const unverified = ".unverified"

// present tells whether a file is in the cache, whole.
func (r *hubRepository) present(name string) bool {
	info, err := os.Stat(r.path(name))
	return err == nil && info.Mode().IsRegular() && (r.files[name].size() == 0 || info.Size() == r.files[name].size())
}

func (r *hubRepository) fetch(ctx context.Context, names []string, progress func(done, total int64)) error {
	var todo []hubFile
	var total int64
	for _, n := range names {
		if r.present(n) {
			continue
		}
		if r.offline != nil {
			return r.missing(r.path(n))
		}
		todo = append(todo, r.files[n])
		total += r.files[n].size()
	}
	var mu sync.Mutex
	var done int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDownloads)
	// It keeps to the environment's cache and token; its own progress goes to the
	// standard output, and is not used.
	repo := hub.New(r.id).WithType(hub.RepoTypeDataset).WithAuth(r.env.token).WithEndpoint(r.env.endpoint).WithCacheDir(r.env.cache)
	manager := repo.GetDownloadManager()
	for _, f := range todo {
		group.Go(func() error {
			var before int64
			report := func(bytes, _ int64) {
				mu.Lock()
				defer mu.Unlock()
				done += bytes - before
				if before = bytes; progress != nil {
					progress(done, total)
				}
			}
			err := r.download(ctx, f, func(address, path string) error {
				return manager.LockedDownload(ctx, address, path, false, report)
			})
			if err == nil {
				report(f.size(), 0) // it does not report the end, nor a file that another process brought
			}
			return err
		})
	}
	return group.Wait()
}

// download brings one file into the cache with get. The file gets its name there
// when it is on disk and its hash is right.
func (r *hubRepository) download(ctx context.Context, f hubFile, get func(address, path string) error) error {
	if f.hash() == "" {
		return fmt.Errorf("%s gives no hash for %s, so that a download could not be checked", r.env.endpoint, f.Name)
	}
	blob := filepath.Join(r.dir(), "blobs", f.hash())
	if info, err := os.Stat(blob); err != nil || info.Size() != f.size() {
		if err := r.downloadBlob(ctx, f, blob, get); err != nil {
			return err
		}
	}
	link := r.path(f.Name)
	if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(link), blob)
	if err != nil {
		return err
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if os.Symlink(target, link) == nil {
		return nil
	}
	return os.Link(blob, link) // where there are no symbolic links
}

func (r *hubRepository) downloadBlob(ctx context.Context, f hubFile, blob string, get func(address, path string) error) error {
	segments := strings.Split(f.Name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	address := fmt.Sprintf("%s/datasets/%s/resolve/%s/%s", r.env.endpoint, r.id, r.commit, strings.Join(segments, "/"))
	// Another process may be at the same file, and waiting for it cannot be
	// interrupted.
	result := make(chan error, 1)
	go func() { result <- get(address, blob+unverified) }()
	var err error
	select {
	case err = <-result:
	case <-ctx.Done():
		select {
		case <-result:
		case <-time.After(time.Second):
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		advice := "run it again; files that are complete are kept"
		if text := err.Error(); strings.Contains(text, "bad status code 401") || strings.Contains(text, "bad status code 403") {
			advice = r.tokenAdvice()
		}
		return fmt.Errorf("downloading %s: %w: %s", f.Name, err, advice)
	}
	if err := verifyBlob(blob+unverified, f); err != nil {
		return errors.Join(fmt.Errorf("downloading %s from %s: %w: run it again", f.Name, address, err), os.Remove(blob+unverified))
	}
	return os.Rename(blob+unverified, blob)
}

// verifyBlob compares a download with its hash, and sees that it is on disk.
func verifyBlob(path string, f hubFile) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var h hash.Hash = sha256.New()
	if f.LFS == nil || f.LFS.SHA256 == "" {
		h = sha1.New() // as git does
		fmt.Fprintf(h, "blob %d\x00", info.Size())
	}
	if _, err := io.Copy(h, file); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.hash() {
		return fmt.Errorf("%d bytes came, with the hash %s instead of %s", info.Size(), got, f.hash())
	}
	return file.Sync()
}
