package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/verified"
)

// blobHash matches hashes of contents: git's sha1, or the sha256 of a large file.
var blobHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// sumOf returns the checksum that a blob with a name must have.
func sumOf(hash string) verified.Sum {
	if len(hash) == 64 {
		return verified.SHA256(hash)
	}
	return verified.GitBlob(hash)
}

// linked returns the hash of the blob that a link in a snapshot names, or "" if
// it is not such a link.
func linked(path string) string {
	target, err := os.Readlink(path)
	if err != nil || filepath.Base(filepath.Dir(target)) != "blobs" || !blobHash.MatchString(filepath.Base(target)) {
		return ""
	}
	return filepath.Base(target)
}

// hashOf returns the hash that a file must have: that of the list, or else that
// of the blob that it is a link to, or "".
func (r *Repository) hashOf(name string) string {
	if hash := r.files[name].hash(); hash != "" {
		return hash
	}
	return linked(r.Path(name))
}

// present reports whether a complete file is in the cache. Damage says why a
// file that is there cannot be used.
func (r *Repository) present(ctx context.Context, name string) (ok bool, damage error, err error) {
	path, promised := r.Path(name), r.files[name].size()
	info, err := os.Stat(path)
	switch {
	case err != nil || !info.Mode().IsRegular():
		return false, nil, nil
	case promised != 0 && info.Size() != promised:
		return false, fmt.Errorf("it has %d bytes instead of %d", info.Size(), promised), nil
	}
	hash := r.hashOf(name)
	if hash == "" {
		return true, nil, nil
	}
	err = checkFile(ctx, path, sumOf(hash))
	if errors.Is(err, verified.ErrDiffers) {
		return false, err, nil
	}
	return err == nil, nil, err
}

// checkFile checks the contents of a file, unless this machine has done so before.
func checkFile(ctx context.Context, path string, sum verified.Sum) error {
	return verified.User().File(path, sum, func() error { return sum.CheckFile(ctx, path) })
}

// announced is the number of bytes from which it is said that files in the cache
// are read to check them. Less takes no noticeable time. Tests make it smaller.
var announced int64 = 64 << 20

// announce says that files in the cache have to be read, if they are large.
func (r *Repository) announce(names []string) {
	memory := verified.User()
	var files int
	var unknown int64
	for _, n := range names {
		info, err := os.Stat(r.Path(n))
		if hash := r.hashOf(n); err == nil && hash != "" && !memory.Known(r.Path(n), sumOf(hash)) {
			files, unknown = files+1, unknown+info.Size()
		}
	}
	if unknown >= announced {
		log.Info("files in the Hugging Face cache are compared with their checksums, the first time on this machine",
			string(r.kind), r.id, "files", files, "bytes", unknown)
	}
}

// listFact says that a list of files in the cache is what the Hub sent.
func (r *Repository) listFact(commit string, answer []byte) string {
	return fmt.Sprintf("list %q\n%s\n", r.infoPath(commit), verified.Of(answer))
}

// renew asks for the list of files where the one from the cache may be damaged,
// which may be why some of the named files seem to be absent.
func (r *Repository) renew(ctx context.Context, names []string) error {
	answer, err := r.ask(ctx)
	if err == nil {
		err = r.remember(answer)
	}
	if err != nil {
		return err
	}
	r.unsure = false
	for _, n := range names {
		if _, ok := r.files[n]; !ok {
			return fmt.Errorf("the list of the files of the %s %s in the Hugging Face cache was damaged: it named %s, which does not exist; the list is right now: start again", r.kind, r.id, n)
		}
	}
	return nil
}

// fits returns an error if the list of files contradicts the snapshot.
func (r *Repository) fits() error {
	names, err := Walk(r.snapshot())
	if err != nil {
		return nil // nothing was downloaded yet
	}
	for _, n := range names {
		f, ok := r.files[n]
		if !ok {
			return fmt.Errorf("it lacks the file %s", n)
		}
		hash := linked(r.Path(n))
		if hash == "" {
			continue
		}
		if f.hash() != "" && hash != f.hash() {
			return fmt.Errorf("it gives %s for %s, which has %s", f.hash(), n, hash)
		}
		// Either can be wrong. The hash in the link tells whether the file is.
		if info, err := os.Stat(r.Path(n)); err == nil && f.size() != 0 && info.Size() != f.size() {
			return fmt.Errorf("it gives %d bytes for %s, which has %d", f.size(), n, info.Size())
		}
	}
	return nil
}
