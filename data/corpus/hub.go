package corpus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/charmbracelet/log"
	"github.com/gomlx/go-huggingface/hub"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// hubRepository is a dataset of the Hugging Face Hub at one commit, in the
// cache that Hugging Face's programs share:
//
//	<cache>/datasets--owner--name/refs/<revision>         the commit
//	                              info/<commit>           what the Hub said of it
//	                              blobs/<hash>            contents
//	                              snapshots/<commit>/...  links to them
//
// Downloads are go-huggingface's. Its hub.Repo is not asked for the list of
// files: it removes the list it has before it asks for another, so that nothing
// works offline, cannot be canceled there, and fails at datasets with several
// licences. Its package datasets asks a fixed address, whatever HF_ENDPOINT is.
type hubRepository struct {
	env      hubEnvironment
	id       string
	revision string
	commit   string
	files    map[string]hubFile // by name; without sizes and hashes if the Hub was never asked
	ordered  []string
	offline  error // why nothing can be downloaded, nil if it can
}

// hubFile is what the Hub says of a file.
type hubFile struct {
	Name string       `json:"rfilename"`
	Size int64        `json:"size"`
	Blob string       `json:"blobId"` // git's hash of the contents, or of a pointer to them
	LFS  *hub.LFSInfo `json:"lfs"`    // of large files
}

// hash returns the name of the file's blob in the cache, "" if it is not known.
func (f hubFile) hash() string {
	if f.LFS != nil && f.LFS.SHA256 != "" {
		return f.LFS.SHA256
	}
	return f.Blob
}

// size returns the size of the contents, 0 if it is not known.
func (f hubFile) size() int64 {
	if f.LFS != nil && f.LFS.Size > 0 {
		return f.LFS.Size
	}
	return f.Size
}

// hubEnvironment is what the environment says of the Hub, as documented at
// https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables.
type hubEnvironment struct {
	endpoint, token, cache string
	offline                bool
}

func readHubEnvironment() (hubEnvironment, error) {
	e := hubEnvironment{endpoint: strings.TrimSuffix(os.Getenv("HF_ENDPOINT"), "/"), token: os.Getenv("HF_TOKEN"), cache: os.Getenv("HF_HUB_CACHE")}
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
					return e, fmt.Errorf("corpus: where is the Hugging Face cache? Set HF_HOME: %w", err)
				}
				base = filepath.Join(user, ".cache")
			}
			home = filepath.Join(base, "huggingface")
		}
		e.cache = filepath.Join(home, "hub")
	}
	return e, nil
}

// commitHash matches a revision that can never mean anything else.
var commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// openHub finds out which files a dataset has: from the Hub, or from the cache
// where the Hub need not or cannot be asked.
func openHub(ctx context.Context, id, revision string) (*hubRepository, error) {
	env, err := readHubEnvironment()
	if err != nil {
		return nil, err
	}
	if revision == "" {
		revision = "main"
	}
	r := &hubRepository{env: env, id: id, revision: revision}
	if env.offline {
		r.offline = errors.New("HF_HUB_OFFLINE is set")
		return r, r.openCache()
	}
	if commitHash.MatchString(revision) && r.readList(revision) == nil {
		return r, nil
	}
	answer, err := r.ask(ctx)
	var network *url.Error
	if errors.As(err, &network) && ctx.Err() == nil {
		r.offline = fmt.Errorf("%s cannot be reached (%w)", env.endpoint, network.Err)
		if err := r.openCache(); err != nil {
			return nil, err
		}
		log.Warn("the Hugging Face Hub cannot be reached; the cached copy is used", "dataset", id, "commit", r.commit, "err", network.Err)
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	return r, r.remember(answer)
}

func (r *hubRepository) dir() string {
	return filepath.Join(r.env.cache, string(hub.RepoTypeDataset)+hub.RepoIdSeparator+strings.ReplaceAll(r.id, "/", hub.RepoIdSeparator))
}

func (r *hubRepository) snapshot() string { return filepath.Join(r.dir(), "snapshots", r.commit) }

func (r *hubRepository) infoPath(commit string) string {
	return filepath.Join(r.dir(), "info", commit)
}

func (r *hubRepository) refPath() string {
	return filepath.Join(r.dir(), "refs", filepath.FromSlash(r.revision))
}

// ask returns the Hub's answer to the question for the list of files.
func (r *hubRepository) ask(ctx context.Context) ([]byte, error) {
	address := fmt.Sprintf("%s/api/datasets/%s/revision/%s?blobs=true", r.env.endpoint, r.id, url.PathEscape(r.revision))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("corpus: HF_ENDPOINT is %q: %w", r.env.endpoint, err)
	}
	if r.env.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.env.token)
	}
	request.Header.Set("User-Agent", hub.DefaultHttpUserAgent())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("corpus: asking for the dataset %s: %w", r.id, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("corpus: %s does not let you read the dataset %s (%s): %s", r.env.endpoint, r.id, response.Status, r.tokenAdvice())
	case http.StatusNotFound:
		return nil, fmt.Errorf("corpus: there is no dataset %s with a revision %s at %s: check the name, or %s", r.id, r.revision, r.env.endpoint, r.tokenAdvice())
	default:
		return nil, fmt.Errorf("corpus: %s answers %s when asked for the dataset %s: try again later", r.env.endpoint, response.Status, r.id)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("corpus: reading what %s says of the dataset %s: %w", r.env.endpoint, r.id, err)
	}
	return answer, nil
}

// tokenAdvice says what to do about a dataset that may not be read.
func (r *hubRepository) tokenAdvice() string {
	if r.env.token == "" {
		return "set HF_TOKEN to a token of an account that may read it"
	}
	return "the token in HF_TOKEN is wrong or its account may not read it"
}

// remember keeps the Hub's answer for the time when it cannot be asked.
func (r *hubRepository) remember(answer []byte) error {
	if err := r.parse(answer); err != nil {
		return fmt.Errorf("corpus: what %s says of the dataset %s cannot be read: %w", r.env.endpoint, r.id, err)
	}
	for path, contents := range map[string][]byte{r.infoPath(r.commit): answer, r.refPath(): []byte(r.commit)} {
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = atomicfile.WriteBytes(path, contents)
		}
		if err != nil {
			return fmt.Errorf("corpus: the Hugging Face cache cannot be written to: %w: set HF_HOME to a directory that is writable", err)
		}
	}
	return nil
}

// parse reads a list of files as the Hub gives it.
func (r *hubRepository) parse(answer []byte) error {
	var list struct {
		Commit string    `json:"sha"`
		Files  []hubFile `json:"siblings"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return err
	}
	if !commitHash.MatchString(list.Commit) {
		return fmt.Errorf("%q is no commit", list.Commit)
	}
	r.commit, r.files, r.ordered = list.Commit, make(map[string]hubFile), nil
	for _, f := range list.Files {
		if !cleanName(f.Name) || f.size() < 0 || f.hash() != "" && !blobHash.MatchString(f.hash()) {
			return fmt.Errorf("it lists a file %q of %d bytes with the hash %q", f.Name, f.size(), f.hash())
		}
		r.files[f.Name] = f
		r.ordered = append(r.ordered, f.Name)
	}
	return nil
}

// readList reads the list of a commit from the cache.
func (r *hubRepository) readList(commit string) error {
	answer, err := os.ReadFile(r.infoPath(commit))
	if err != nil {
		return err
	}
	if err := r.parse(answer); err != nil {
		return err
	}
	if r.commit != commit {
		return fmt.Errorf("it is of the commit %s", r.commit)
	}
	return nil
}

// openCache finds the dataset in the cache. Without a list of what should be
// there, because another program filled the cache, what is there counts.
func (r *hubRepository) openCache() error {
	commit := r.revision
	if !commitHash.MatchString(commit) {
		text, err := os.ReadFile(r.refPath())
		if err != nil {
			return r.missing(r.refPath())
		}
		if commit = strings.TrimSpace(string(text)); !commitHash.MatchString(commit) {
			return fmt.Errorf("corpus: %s should hold a commit, but says %q: remove it", r.refPath(), commit)
		}
	}
	if r.readList(commit) == nil {
		return nil
	}
	r.commit, r.files = commit, make(map[string]hubFile)
	names, err := walk(r.snapshot())
	if err != nil {
		return r.missing(r.snapshot())
	}
	for _, n := range names {
		r.files[n] = hubFile{Name: n}
	}
	r.ordered = names
	return nil
}

// missing is the error for a file that is not there and cannot be fetched.
func (r *hubRepository) missing(path string) error {
	return fmt.Errorf("corpus: the dataset %s is needed, and there is no %s; it cannot be downloaded because %w: make the connection possible, or copy the cache of a machine that has it (its %s) to %s, or the dataset's files to a directory and name that as %s/path/to/it",
		r.id, path, r.offline, filepath.Base(r.dir()), r.env.cache, HubPrefix)
}

func (r *hubRepository) names() []string { return r.ordered }

func (r *hubRepository) path(name string) string {
	return filepath.Join(r.snapshot(), filepath.FromSlash(name))
}

func (r *hubRepository) origin() string {
	return fmt.Sprintf("%s/datasets/%s at commit %s", r.env.endpoint, r.id, r.commit)
}

func (r *hubRepository) stamp(name string) (string, error) {
	if hash := r.files[name].hash(); hash != "" {
		return fmt.Sprintf("\n%q %s", name, hash), nil // wherever it lies, and whether or not it was fetched
	}
	return stampFile(r.path(name))
}
