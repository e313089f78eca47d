package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	huggingface "github.com/gomlx/go-huggingface/hub"
)

const (
	// maxRedirects is how often a request may be sent on to another address.
	maxRedirects = 10

	// maxList is the size limit of the Hub's list of files, in bytes, and
	// maxUnpromised that of a file whose size the list does not give. Other
	// files may not be larger than the list says.
	maxList       = 256 << 20
	maxUnpromised = 1 << 30
)

// stall is how long a server may send nothing. Tests make it shorter.
var stall = time.Minute

// client sends all requests. The standard client drops the token when it is
// redirected to another host.
var client = &http.Client{CheckRedirect: checkRedirect}

func checkRedirect(next *http.Request, via []*http.Request) error {
	for _, earlier := range via {
		if earlier.URL.String() == next.URL.String() {
			return fmt.Errorf("it redirects in a circle, to %s again", next.URL.Redacted())
		}
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("it redirects more than %d times, at last to %s", maxRedirects, next.URL.Redacted())
	}
	return nil
}

// statusError is an answer that is not the file.
type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

// request asks for an address. The answer's body ends with an error if it is
// longer than limit, or if the server sends nothing for long.
func (r *Repository) request(ctx context.Context, address string, limit int64) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	silent := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing was sent for %s", stall)) })
	end := func() { silent.Stop(); cancel(nil) }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		end()
		return nil, fmt.Errorf("HF_ENDPOINT is %q: %w", r.env.endpoint, err)
	}
	if r.env.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.env.token)
	}
	request.Header.Set("User-Agent", huggingface.DefaultHttpUserAgent())
	response, err := client.Do(request)
	if err != nil {
		end()
		return nil, because(ctx, err)
	}
	response.Body = &body{Closer: response.Body, reader: response.Body, ctx: ctx, end: end, silent: silent, left: limit, limit: limit}
	if response.StatusCode == http.StatusOK && response.ContentLength > limit {
		response.Body.Close()
		return nil, tooLong(limit)
	}
	return response, nil
}

// because puts the reason into the error of a request that was canceled here.
func because(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return err
	}
	var network *url.Error
	if errors.As(err, &network) {
		return &url.Error{Op: network.Op, URL: network.URL, Err: cause}
	}
	return cause
}

func tooLong(limit int64) error {
	return fmt.Errorf("the answer is longer than the %d bytes that were expected", limit)
}

// body is the body of an answer.
type body struct {
	io.Closer
	reader      io.Reader
	ctx         context.Context
	end         func()
	silent      *time.Timer
	left, limit int64
}

func (b *body) Read(p []byte) (int, error) {
	// One byte more than allowed shows that there is too much.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.reader.Read(p)
	if n > 0 {
		b.silent.Reset(stall)
	}
	if b.left -= int64(n); b.left < 0 {
		return n - 1, tooLong(b.limit)
	}
	if err != nil && err != io.EOF {
		err = because(b.ctx, err)
	}
	return n, err
}

func (b *body) Close() error {
	b.end()
	return b.Closer.Close()
}

// readStatus returns the error for an answer that is not 200, with what the
// server says about it.
func readStatus(response *http.Response) error {
	head, _ := io.ReadAll(io.LimitReader(response.Body, 300))
	said := strings.TrimSpace(string(head))
	if header := response.Header.Get("X-Error-Message"); header != "" {
		said = header
	}
	text := "the server answers " + strconv.Quote(response.Status)
	if said != "" {
		text += ": " + strconv.Quote(said)
	}
	return &statusError{response.StatusCode, text}
}
