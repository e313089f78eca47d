package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/charmbracelet/log"
	huggingface "github.com/gomlx/go-huggingface/hub"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/verified"
)

// Kind is the kind of a repository.
type Kind string

const (
	Dataset Kind = "dataset"
	Model   Kind = "model"
)

// idPattern matches the names of repositories: owner/name, or only a name for
// the oldest ones.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?$`)

// ValidID reports whether id can be the name of a repository.
func ValidID(id string) bool {
	return idPattern.MatchString(id) && !strings.Contains(id, "..") && !strings.Contains(id, "--")
}

// Prefix is the prefix of repository names in user input: hf:owner/name.
const Prefix = "hf:"

// Repository is a dataset or a model of the Hugging Face Hub at one commit. Its
// files are in the cache that Hugging Face's programs share:
//
//	<cache>/<kind>s--owner--name/refs/<revision>         the commit
//	                         info/<commit>           the Hub's list of files
//	                         blobs/<hash>            contents
//	                         snapshots/<commit>/...  links to the contents
//
// Of the package go-huggingface only the layout is used: its hub.Repo deletes its
// list before it asks for a new one, so it does not work offline; it cannot be
// canceled there; it fails for datasets with several licences; and it follows
// redirects and writes what is sent without end. Its package datasets ignores
// HF_ENDPOINT.
type Repository struct {
	env      environment
	kind     Kind
	id       string
	revision string
	commit   string
	files    map[string]file // by name; without sizes and hashes if the list did not come from the Hub
	ordered  []string
	offline  error // why nothing can be downloaded; nil if it can
	unsure   bool  // whether the list came from the cache and may be damaged; see renew
}

// file is an entry of the Hub's list of files.
type file struct {
	Name string               `json:"rfilename"`
	Size int64                `json:"size"`
	Blob string               `json:"blobId"` // git's hash of the contents, or of the LFS pointer
	LFS  *huggingface.LFSInfo `json:"lfs"`    // only for large files
}

// hash returns the name of the file's blob in the cache, "" if it is not known.
func (f file) hash() string {
	if f.LFS != nil && f.LFS.SHA256 != "" {
		return f.LFS.SHA256
	}
	return f.Blob
}

// size returns the size of the contents, 0 if it is not known.
func (f file) size() int64 {
	if f.LFS != nil && f.LFS.Size > 0 {
		return f.LFS.Size
	}
	return f.Size
}

// environment holds the settings from the environment variables, see
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables.
type environment struct {
	endpoint, token, cache string
	offline                bool
}

func readEnvironment() (environment, error) {
	e := environment{endpoint: strings.TrimSuffix(os.Getenv("HF_ENDPOINT"), "/"), token: os.Getenv("HF_TOKEN"), cache: os.Getenv("HF_HUB_CACHE")}
	if e.endpoint == "" {
		e.endpoint = "https://huggingface.co"
	}
	switch strings.ToUpper(os.Getenv("HF_HUB_OFFLINE")) {
	case "1", "ON", "YES", "TRUE":
		e.offline = true
	}
	if e.cache == "" {
		home := os.Getenv("HF_HOME")
		if home == "" {
			base := os.Getenv("XDG_CACHE_HOME")
			if base == "" {
				user, err := os.UserHomeDir()
				if err != nil {
					return e, fmt.Errorf("finding the Hugging Face cache: %w: set HF_HOME", err)
				}
				base = filepath.Join(user, ".cache")
			}
			home = filepath.Join(base, "huggingface")
		}
		e.cache = filepath.Join(home, "hub")
	}
	return e, nil
}

// commitHash matches a commit. Unlike a branch or tag, it never changes its meaning.
var commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// Open lists the files of a repository. It uses the cached list if the Hub
// cannot be reached, or if the revision is a commit whose list is cached. The
// revision is a branch, tag or commit; empty means main.
func Open(ctx context.Context, kind Kind, id, revision string) (*Repository, error) {
	env, err := readEnvironment()
	if err != nil {
		return nil, err
	}
	if revision == "" {
		revision = "main"
	}
	r := &Repository{env: env, kind: kind, id: id, revision: revision}
	if env.offline {
		r.offline = errors.New("HF_HUB_OFFLINE is set")
		if err := r.openCache(); err != nil {
			return nil, err
		}
		return r, nil
	}
	if commitHash.MatchString(revision) {
		if sent, err := r.readList(revision); err == nil && (sent || r.fits() == nil) {
			r.unsure = !sent
			return r, nil
		}
	}
	answer, err := r.ask(ctx)
	var network *url.Error
	if errors.As(err, &network) && ctx.Err() == nil {
		r.offline = fmt.Errorf("%s cannot be reached (%w)", env.endpoint, network.Err)
		if err := r.openCache(); err != nil {
			return nil, err
		}
		log.Warn("the Hugging Face Hub cannot be reached; the cached copy is used", string(kind), id, "commit", r.commit, "err", network.Err)
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if err := r.remember(answer); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Repository) dir() string {
	return filepath.Join(r.env.cache, string(r.kind.repoType())+huggingface.RepoIdSeparator+strings.ReplaceAll(r.id, "/", huggingface.RepoIdSeparator))
}

func (r *Repository) snapshot() string { return filepath.Join(r.dir(), "snapshots", r.commit) }

func (r *Repository) infoPath(commit string) string {
	return filepath.Join(r.dir(), "info", commit)
}

func (r *Repository) refPath() string {
	return filepath.Join(r.dir(), "refs", filepath.FromSlash(r.revision))
}

// ask requests the list of files from the Hub.
func (r *Repository) ask(ctx context.Context) ([]byte, error) {
	address := fmt.Sprintf("%s/api/%s/%s/revision/%s?blobs=true", r.env.endpoint, r.kind.repoType(), r.id, url.PathEscape(r.revision))
	response, err := r.request(ctx, address, maxList)
	if err != nil {
		return nil, fmt.Errorf("asking for the %s %s: %w", r.kind, r.id, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("%s does not let you read the %s %s (%s): %s", r.env.endpoint, r.kind, r.id, response.Status, r.tokenAdvice())
	case http.StatusNotFound:
		return nil, fmt.Errorf("there is no %s %s with a revision %s at %s: check the name, or %s", r.kind, r.id, r.revision, r.env.endpoint, r.tokenAdvice())
	default:
		return nil, fmt.Errorf("%s answers %s when asked for the %s %s: try again later", r.env.endpoint, response.Status, r.kind, r.id)
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s for the %s %s: %w", r.env.endpoint, r.kind, r.id, err)
	}
	return answer, nil
}

// tokenAdvice tells the user what to do about a repository that may not be read.
func (r *Repository) tokenAdvice() string {
	if r.env.token == "" {
		return "set HF_TOKEN to a token of an account that may read it"
	}
	return "the token in HF_TOKEN is wrong or its account may not read it"
}

// remember caches the Hub's list for use offline.
func (r *Repository) remember(answer []byte) error {
	if err := r.parse(answer); err != nil {
		return fmt.Errorf("parsing the answer of %s for the %s %s: %w", r.env.endpoint, r.kind, r.id, err)
	}
	for path, contents := range map[string][]byte{r.infoPath(r.commit): answer, r.refPath(): []byte(r.commit)} {
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = atomicfile.WriteBytes(path, contents)
		}
		if err != nil {
			return fmt.Errorf("writing to the Hugging Face cache: %w: set HF_HOME to a writable directory", err)
		}
	}
	verified.User().Remember(r.listFact(r.commit, answer))
	return nil
}

// parse parses the Hub's list of files.
func (r *Repository) parse(answer []byte) error {
	var list struct {
		Commit string `json:"sha"`
		Files  []file `json:"siblings"`
	}
	if err := strictjson.Unmarshal(answer, &list); err != nil {
		return err
	}
	if !commitHash.MatchString(list.Commit) {
		return fmt.Errorf("%q is not a commit", list.Commit)
	}
	r.commit, r.files, r.ordered = list.Commit, make(map[string]file), nil
	for _, f := range list.Files {
		if !cleanName(f.Name) || f.size() < 0 || f.hash() != "" && !blobHash.MatchString(f.hash()) {
			return fmt.Errorf("it lists a file %q of %d bytes with the hash %q", f.Name, f.size(), f.hash())
		}
		r.files[f.Name] = f
		r.ordered = append(r.ordered, f.Name)
	}
	return nil
}

// readList reads the cached list of a commit. Sent reports whether it is known
// to be what the Hub sent.
func (r *Repository) readList(commit string) (sent bool, err error) {
	answer, err := os.ReadFile(r.infoPath(commit))
	if err != nil {
		return false, err
	}
	if err := r.parse(answer); err != nil {
		return false, err
	}
	if r.commit != commit {
		return false, fmt.Errorf("it belongs to the commit %s", r.commit)
	}
	return verified.User().Knows(r.listFact(commit, answer)), nil
}

// openCache opens the cached repository. If another program filled the cache,
// there is no list, and a list may be damaged: then the existing files count as
// all files.
func (r *Repository) openCache() error {
	commit := r.revision
	if !commitHash.MatchString(commit) {
		text, err := os.ReadFile(r.refPath())
		if err != nil {
			return r.missing(r.refPath())
		}
		if commit = strings.TrimSpace(string(text)); !commitHash.MatchString(commit) {
			return fmt.Errorf("%s should hold a commit, but says %q: remove it", r.refPath(), commit)
		}
	}
	if sent, err := r.readList(commit); err == nil && (sent || r.fits() == nil) {
		return nil
	}
	r.commit, r.files = commit, make(map[string]file)
	names, err := Walk(r.snapshot())
	if err != nil {
		return r.missing(r.snapshot())
	}
	for _, n := range names {
		r.files[n] = file{Name: n}
	}
	r.ordered = names
	return nil
}

// missing returns the error for a file that is not in the cache and cannot be downloaded.
func (r *Repository) missing(path string) error {
	local := "that directory"
	if r.kind == Dataset {
		local = "that as " + Prefix + "/path/to/it"
	}
	return fmt.Errorf("the %s %s is needed, and there is no %s; it cannot be downloaded because %w: make the connection possible, or copy the cache of a machine that has it (its %s) to %s, or the %s's files to a directory and name %s",
		r.kind, r.id, path, r.offline, filepath.Base(r.dir()), r.env.cache, r.kind, local)
}

// Names returns the names of all files, with slashes, in the Hub's order.
func (r *Repository) Names() []string { return r.ordered }

// Commit returns the commit of the files.
func (r *Repository) Commit() string { return r.commit }

// Path returns the path of a file, which exists after [Repository.Fetch].
func (r *Repository) Path(name string) string {
	return filepath.Join(r.snapshot(), filepath.FromSlash(name))
}

// Origin describes for people where the files come from.
func (r *Repository) Origin() string {
	path := r.id
	if r.kind == Dataset {
		path = "datasets/" + r.id
	}
	return fmt.Sprintf("%s/%s at commit %s", r.env.endpoint, path, r.commit)
}

// Hash returns the hash of a file's contents, or "" if the list of files did
// not come from the Hub.
func (r *Repository) Hash(name string) string { return r.files[name].hash() }

func (k Kind) repoType() huggingface.RepoType {
	if k == Dataset {
		return huggingface.RepoTypeDataset
	}
	return huggingface.RepoTypeModel
}

// Walk returns the relative paths of all files below a directory, with slashes.
// It includes links to files and skips hidden directories.
func Walk(root string) ([]string, error) {
	var names []string
	// The separator at the end makes WalkDir follow a root that is a link.
	err := filepath.WalkDir(root+string(filepath.Separator), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	return names, err
}

// cleanName reports whether a name from the Hub stays within its directory.
func cleanName(name string) bool {
	return name != "" && path.Clean(name) == name && !path.IsAbs(name) && name != ".." && !strings.HasPrefix(name, "../") && !strings.Contains(name, "\\")
}
