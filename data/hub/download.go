package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	huggingface "github.com/gomlx/go-huggingface/hub"
	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// parallelDownloads is the number of files to download at a time.
const parallelDownloads = 4

// blobHash matches hashes of contents: git's sha1, or the sha256 of a large file.
var blobHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// unverified is the suffix of a download whose hash is not checked yet.
const unverified = ".unverified"

// present reports whether a complete file is in the cache.
func (r *Repository) present(name string) bool {
	info, err := os.Stat(r.Path(name))
	return err == nil && info.Mode().IsRegular() && (r.files[name].size() == 0 || info.Size() == r.files[name].size())
}

// Fetch downloads the named files that are not in the cache. Progress may be
// nil.
func (r *Repository) Fetch(ctx context.Context, names []string, progress func(done, total int64)) error {
	var todo []file
	var total int64
	for _, n := range names {
		if r.present(n) {
			continue
		}
		if r.offline != nil {
			return r.missing(r.Path(n))
		}
		todo = append(todo, r.files[n])
		total += r.files[n].size()
	}
	var mu sync.Mutex
	var done int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDownloads)
	// The downloader uses our cache and token. Its own progress report, which
	// goes to the standard output, is not used.
	repo := huggingface.New(r.id).WithType(r.kind.repoType()).WithAuth(r.env.token).WithEndpoint(r.env.endpoint).WithCacheDir(r.env.cache)
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
			err := r.download(ctx, f, func(address, path string) (fresh bool, err error) {
				// The callback is not called for a file that exists.
				err = manager.LockedDownload(ctx, address, path, false, func(bytes, all int64) {
					fresh = true
					report(bytes, all)
				})
				return fresh, err
			})
			if err == nil {
				report(f.size(), 0) // the downloader reports neither the end nor files that another process downloaded
			}
			return err
		})
	}
	return group.Wait()
}

// getFile downloads an address to a path, unless the file exists. Fresh reports
// whether it is known to have downloaded anything.
type getFile func(address, path string) (fresh bool, err error)

// download downloads one file into the cache with get. The file gets its name
// there only when it is on disk and its hash is right.
func (r *Repository) download(ctx context.Context, f file, get getFile) error {
	if f.hash() == "" {
		return fmt.Errorf("%s gives no hash for %s, so a download cannot be checked", r.env.endpoint, f.Name)
	}
	blob := filepath.Join(r.dir(), "blobs", f.hash())
	if err := r.downloadBlob(ctx, f, blob, get); err != nil {
		return err
	}
	link := r.Path(f.Name)
	if err := os.MkdirAll(filepath.Dir(link), 0o777); err != nil {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(link), blob)
	if err != nil {
		return err
	}
	// Replace the link by a rename: another process may be reading the file.
	tmp := fmt.Sprintf("%s.%08x%s", link, rand.Uint32(), atomicfile.Ext)
	if os.Symlink(target, tmp) != nil {
		if err := os.Link(blob, tmp); err != nil { // on systems without symbolic links
			return err
		}
	}
	defer os.Remove(tmp) // renaming between two hard links of a file does nothing
	return os.Rename(tmp, link)
}

// downloadBlob downloads the contents of a file unless they exist. It tries twice.
func (r *Repository) downloadBlob(ctx context.Context, f file, blob string, get getFile) error {
	again, err := r.tryBlob(ctx, f, blob, get)
	if again {
		_, err = r.tryBlob(ctx, f, blob, get)
	}
	return err
}

// tryBlob tries to download the contents of a file. Again reports whether a
// second attempt may succeed, because the bad file was not downloaded by this
// call: an interrupted run left it, or another process changed it.
func (r *Repository) tryBlob(ctx context.Context, f file, blob string, get getFile) (again bool, err error) {
	if info, err := os.Stat(blob); err == nil && info.Size() == f.size() {
		return false, nil
	}
	segments := strings.Split(f.Name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	place := r.id
	if r.kind == Dataset {
		place = "datasets/" + r.id
	}
	address := fmt.Sprintf("%s/%s/resolve/%s/%s", r.env.endpoint, place, r.commit, strings.Join(segments, "/"))
	// Another process may be downloading the same file. Waiting for it cannot
	// be interrupted, so do it in a goroutine.
	type outcome struct {
		fresh bool
		err   error
	}
	result := make(chan outcome, 1)
	go func() {
		fresh, err := get(address, blob+unverified)
		result <- outcome{fresh, err}
	}()
	var o outcome
	select {
	case o = <-result:
	case <-ctx.Done():
		select {
		case <-result:
		case <-time.After(time.Second):
		}
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err := o.err; err != nil {
		advice := "run it again; complete files are kept"
		if text := err.Error(); strings.Contains(text, "bad status code 401") || strings.Contains(text, "bad status code 403") {
			advice = r.tokenAdvice()
		}
		return false, fmt.Errorf("downloading %s: %w: %s", f.Name, err, advice)
	}
	if err = verifyBlob(blob+unverified, f); err == nil {
		err = os.Rename(blob+unverified, blob)
	}
	if err == nil {
		return false, nil
	}
	if rerr := os.Remove(blob + unverified); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		return false, fmt.Errorf("downloading %s from %s: %w; removing it: %w", f.Name, address, err, rerr)
	}
	_, missing := os.Stat(blob) // nil if another process was faster
	if o.fresh && missing != nil && errors.Is(err, fs.ErrNotExist) {
		err = errors.New("the connection broke") // the downloader does not report this
	}
	return !o.fresh || missing == nil, fmt.Errorf("downloading %s from %s: %w: run it again", f.Name, address, err)
}

// verifyBlob checks the hash of a download and syncs it to the disk.
func verifyBlob(path string, f file) error {
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
		return fmt.Errorf("the %d bytes have the hash %s instead of %s", info.Size(), got, f.hash())
	}
	return file.Sync()
}
