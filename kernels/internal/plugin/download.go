package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
)

// Bounds of a download.
const (
	mostRedirects = 5
	mostOfAnswer  = 64 << 20 // bytes of an answer that is not an archive: lists of files
	mostOfArchive = 3 << 30  // bytes of an archive; the largest is NVIDIA's cuDNN
)

// withInstaller calls functions of go-xla's installer. They have no context
// parameter, download to the system's temporary directory, follow redirects and
// read answers to any length, and take the checksum of an archive from the same
// place as the archive. withInstaller makes them respect the context, download
// to temp, and refuse what [guarded] refuses. Rule may be nil if the caller checks
// the archive.
func withInstaller(ctx context.Context, temp string, rule *only, call func() error) error {
	http.DefaultClient.Transport, http.DefaultClient.CheckRedirect = guarded{ctx, http.DefaultTransport, archives, rule}, fewRedirects
	defer func() { http.DefaultClient.Transport, http.DefaultClient.CheckRedirect = nil, nil }()
	old, had := os.LookupEnv("TMPDIR")
	if err := os.Setenv("TMPDIR", temp); err != nil {
		return err
	}
	defer func() {
		if had {
			_ = os.Setenv("TMPDIR", old)
		} else {
			_ = os.Unsetenv("TMPDIR")
		}
	}()
	return call()
}

// fewRedirects is the rule for redirects: few, and none from https to http.
func fewRedirects(r *http.Request, via []*http.Request) error {
	if len(via) > mostRedirects {
		return fmt.Errorf("more than %d redirects, the last to %s", mostRedirects, r.URL.Redacted())
	}
	if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return fmt.Errorf("a redirect to %s, which is not encrypted", r.URL.Redacted())
	}
	return nil
}

// guarded is a transport that sets the context of all requests, refuses answers
// that are errors, which the installer takes for files, bounds their length,
// checks archives whose sha256 is pinned here, and follows a rule for all others.
type guarded struct {
	ctx  context.Context
	next http.RoundTripper
	sums map[string]string // sha256 by file name
	rule *only             // nil for none
}

// RoundTrip implements [http.RoundTripper].
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.rule != nil {
		g.rule.begin(r)
	}
	resp, err := g.next.RoundTrip(r.WithContext(g.ctx))
	if err != nil || redirects(resp) {
		return resp, err
	}
	name := path.Base(r.URL.Path)
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s: the server answers %s", name, resp.Status)
	}
	want, pinned := g.sums[name]
	if g.rule != nil {
		if err := g.rule.refuses(r, pinned); err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
	}
	most := int64(mostOfAnswer)
	for _, ext := range []string{".whl", ".zip", ".gz"} {
		if strings.HasSuffix(name, ext) {
			most = mostOfArchive
		}
	}
	if resp.ContentLength > most {
		_ = resp.Body.Close()
		return nil, tooLong(name, most)
	}
	resp.Body = &guardedBody{ReadCloser: resp.Body, name: name, left: most, most: most, sum: sha256.New(), want: want, rule: g.rule}
	return resp, nil
}

// redirects reports whether a client follows the answer to another address.
func redirects(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

func tooLong(name string, most int64) error {
	return fmt.Errorf("%s has more than %d bytes; it is not the expected file", name, most)
}

// guardedBody is the body of a guarded answer. Its end is an error if the sha256
// is not the wanted one.
type guardedBody struct {
	io.ReadCloser
	name       string
	left, most int64
	sum        interface {
		io.Writer
		Sum([]byte) []byte
	}
	want string // "" if none is pinned
	rule *only
}

// Read implements [io.Reader].
func (b *guardedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	_, _ = b.sum.Write(p[:n]) // a hash does not fail
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLong(b.name, b.most)
	}
	if errors.Is(err, io.EOF) && b.want != "" {
		if got := hex.EncodeToString(b.sum.Sum(nil)); got != b.want {
			return n, &SumError{b.name, got, b.want}
		}
		if b.rule != nil {
			b.rule.checked()
		}
	}
	return n, err
}
