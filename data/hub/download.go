package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/log"
	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/verified"
)

// parallelDownloads is the number of files to download at a time.
const parallelDownloads = 4

// unverified is the suffix of a download whose hash is not checked yet.
const unverified = ".unverified"

// Fetch downloads the named files that are not in the cache, and those that are
// damaged there. Files with a known hash are compared with it, once on each
// machine as long as they do not change; see package verified. Progress may be
// nil.
func (r *Repository) Fetch(ctx context.Context, names []string, progress func(done, total int64)) error {
	r.announce(names)
	todo, total, err := r.absent(ctx, names)
	if err == nil && len(todo) > 0 && r.unsure {
		if err = r.renew(ctx, names); err == nil {
			todo, total, err = r.absent(ctx, names)
		}
	}
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var done int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDownloads)
	for _, f := range todo {
		group.Go(func() error {
			var before int64
			report := func(bytes int64) {
				mu.Lock()
				defer mu.Unlock()
				done += bytes - before
				if before = bytes; progress != nil {
					progress(done, total)
				}
			}
			err := r.download(ctx, f, report)
			if err == nil {
				report(f.size()) // also if another process downloaded it
			}
			return err
		})
	}
	return group.Wait()
}

// absent returns which of the named files have to be downloaded, and their size.
func (r *Repository) absent(ctx context.Context, names []string) (todo []file, total int64, err error) {
	var mu sync.Mutex
	need := make(map[string]bool)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(parallelDownloads)
	for _, n := range names {
		group.Go(func() error {
			ok, damage, err := r.present(groupCtx, n)
			switch {
			case err != nil && ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				return fmt.Errorf("checking %s: %w", r.Path(n), err)
			case ok:
				return nil
			case r.offline != nil && damage != nil:
				return fmt.Errorf("the file %s in the Hugging Face cache is damaged (%w), and it cannot be downloaded again because %w: make the connection possible, or copy the file again from a machine that has it", r.Path(n), damage, r.offline)
			case r.offline != nil:
				return r.missing(r.Path(n))
			}
			if damage != nil {
				log.Warn("a file in the Hugging Face cache is damaged; it is downloaded again", "file", r.Path(n), "err", damage)
			}
			mu.Lock()
			defer mu.Unlock()
			need[n] = true
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	for _, n := range names {
		if need[n] {
			todo = append(todo, r.files[n])
			total += r.files[n].size()
		}
	}
	return todo, total, nil
}

// download downloads one file into the cache. The file gets its name there only
// when it is on disk and its hash is right.
func (r *Repository) download(ctx context.Context, f file, report func(bytes int64)) error {
	if f.hash() == "" {
		return fmt.Errorf("%s gives no hash for %s, so a download cannot be checked", r.env.endpoint, f.Name)
	}
	blob := filepath.Join(r.dir(), "blobs", f.hash())
	if err := r.downloadBlob(ctx, f, blob, report); err != nil {
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

// downloadBlob downloads the contents of a file unless they exist.
func (r *Repository) downloadBlob(ctx context.Context, f file, blob string, report func(bytes int64)) error {
	if err := os.MkdirAll(filepath.Dir(blob), 0o777); err != nil {
		return fmt.Errorf("writing to the Hugging Face cache: %w: set HF_HOME to a writable directory", err)
	}
	unlock, err := r.lockBlob(ctx, f.hash())
	if err != nil {
		return err
	}
	defer unlock()
	err = checkFile(ctx, blob, sumOf(f.hash()))
	if err == nil || !errors.Is(err, verified.ErrDiffers) && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	address := r.address(f.Name)
	part := blob + unverified
	err = r.downloadTo(ctx, part, f, report)
	if err == nil {
		err = verifyBlob(ctx, part, f)
	}
	if err == nil {
		err = os.Rename(part, blob)
	}
	if err == nil {
		os.Remove(part + ".part") // the first versions could leave it, and it does no harm
		return nil
	}
	if rerr := os.Remove(part); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = fmt.Errorf("%w; removing it: %w", err, rerr)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	advice := "run it again; complete files are kept"
	var status *statusError
	if errors.As(err, &status) && (status.code == http.StatusUnauthorized || status.code == http.StatusForbidden) {
		advice = r.tokenAdvice()
	}
	return fmt.Errorf("downloading %s from %s: %w: %s", f.Name, address, err, advice)
}

// lockBlob locks a blob against other downloads, at the place that Hugging
// Face's programs use for it.
func (r *Repository) lockBlob(ctx context.Context, hash string) (unlock func() error, err error) {
	path := filepath.Join(r.env.cache, ".locks", filepath.Base(r.dir()), hash+".lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, fmt.Errorf("writing to the Hugging Face cache: %w: set HF_HOME to a writable directory", err)
	}
	lock := flock.New(path)
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return lock.Close, nil
}

// address returns the address of a file.
func (r *Repository) address(name string) string {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	place := r.id
	if r.kind == Dataset {
		place = "datasets/" + r.id
	}
	return fmt.Sprintf("%s/%s/resolve/%s/%s", r.env.endpoint, place, r.commit, strings.Join(segments, "/"))
}

// downloadTo downloads a file to a path, replacing what is there.
func (r *Repository) downloadTo(ctx context.Context, path string, f file, report func(bytes int64)) (err error) {
	limit := f.size()
	if limit == 0 {
		limit = maxUnpromised
	}
	response, err := r.request(ctx, r.address(f.Name), limit)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return readStatus(response)
	}
	// A part that another process still writes keeps its own contents.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, &counted{response.Body, 0, report})
	return err
}

// counted reports the number of bytes read so far.
type counted struct {
	io.Reader
	bytes  int64
	report func(bytes int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes += int64(n)
	c.report(c.bytes)
	return n, err
}

// verifyBlob checks the hash of a download and syncs it to the disk.
func verifyBlob(ctx context.Context, path string, f file) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := sumOf(f.hash()).Check(ctx, file, info.Size(), nil); err != nil {
		return err
	}
	return file.Sync()
}
