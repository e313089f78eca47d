package hub

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/charmbracelet/log"
)

// testHub is a hub with one model of a small and a large file, as far as their
// hashes are concerned.
type testHub struct {
	*httptest.Server
	requests atomic.Int64
	answer   func(w http.ResponseWriter, r *http.Request) bool // answers instead of the hub if it returns true
}

var testContents = map[string]string{"small.txt": "of git", "large.bin": "of LFS"}

func newTestHub(t *testing.T, answer func(w http.ResponseWriter, r *http.Request) bool) *testHub {
	t.Helper()
	h := &testHub{answer: answer}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		if h.answer != nil && h.answer(w, r) {
			return
		}
		if strings.HasPrefix(r.URL.Path, "/api/models/owner/name/revision/") {
			json.NewEncoder(w).Encode(testList())
		} else if text, ok := testContents[strings.TrimPrefix(r.URL.Path, "/owner/name/resolve/"+testCommit+"/")]; ok {
			io.WriteString(w, text)
		} else {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(h.Close)
	home := t.TempDir()
	for name, value := range map[string]string{
		"HF_ENDPOINT": h.URL, "HF_HUB_CACHE": t.TempDir(), "HF_HUB_OFFLINE": "", "HF_TOKEN": "", "XDG_CACHE_HOME": home, "HOME": home,
	} {
		t.Setenv(name, value)
	}
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return h
}

func testList() map[string]any {
	var files []map[string]any
	for name, text := range testContents {
		f := map[string]any{"rfilename": name, "size": len(text), "blobId": fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text)))}
		if name == "large.bin" {
			f["lfs"] = map[string]any{"sha256": fmt.Sprintf("%x", sha256.Sum256([]byte(text))), "size": len(text)}
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b map[string]any) int {
		return strings.Compare(a["rfilename"].(string), b["rfilename"].(string))
	})
	return map[string]any{"sha": testCommit, "siblings": files}
}

// fetch opens the test's model and fetches all files.
func fetch(t *testing.T, revision string) (*Repository, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := Open(ctx, Model, "owner/name", revision)
	if err != nil {
		return nil, err
	}
	return r, r.Fetch(ctx, r.Names(), nil)
}

// TestEndless has the hub redirect and send without end.
func TestEndless(t *testing.T) {
	isFile := func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/api/") }
	isList := func(r *http.Request) bool { return !isFile(r) }
	loop := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }
	relative := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "?again")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	further := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"?n="+r.URL.Query().Get("n")+"1", http.StatusFound)
	}
	stream := func(w http.ResponseWriter, r *http.Request) {
		for part := bytes.Repeat([]byte{' '}, 1<<16); ; {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}
	announced := func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "1000000000000") }
	silent := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "of")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	before := stall
	stall = 300 * time.Millisecond
	defer func() { stall = before }()
	for _, c := range []struct {
		name   string
		which  func(*http.Request) bool
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
	}{
		{"a file redirects to itself", isFile, loop, "in a circle"},
		{"a file redirects to itself, relatively", isFile, relative, "in a circle"},
		{"a file redirects without end", isFile, further, "more than 10 times"},
		{"the list redirects without end", isList, further, "more than 10 times"},
		{"a file has no end", isFile, stream, "longer than the 6 bytes"},
		{"a file announces too much", isFile, announced, "longer than the 6 bytes"},
		{"the list announces too much", isList, announced, "longer than the 268435456 bytes"},
		{"a file stalls", isFile, silent, "nothing was sent for"},
		{"the list stalls", isList, silent, "nothing was sent for"},
	} {
		h := newTestHub(t, func(w http.ResponseWriter, r *http.Request) bool {
			if c.which(r) {
				c.answer(w, r)
			}
			return c.which(r)
		})
		if _, err := fetch(t, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if n := h.requests.Load(); n > 25 {
			t.Errorf("%s: %d requests", c.name, n)
		}
		for _, p := range blobs(t) {
			t.Errorf("%s: %s was left", c.name, p)
		}
		h.CloseClientConnections()
	}
}

// blobs returns the paths of all files of contents in the cache.
func blobs(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("HF_HUB_CACHE"), "*", "blobs", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestDamagedBlob changes files in the cache without changing their sizes.
func TestDamagedBlob(t *testing.T) {
	h := newTestHub(t, nil)
	r, err := fetch(t, "")
	if err != nil {
		t.Fatal(err)
	}
	whole := func() {
		t.Helper()
		for name, want := range testContents {
			if text, err := os.ReadFile(r.Path(name)); err != nil || string(text) != want {
				t.Errorf("%s is %q, %v", name, text, err)
			}
		}
	}
	whole()
	list := r.infoPath(testCommit)
	right, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, withList := range []bool{true, false} {
		for _, path := range blobs(t) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text[3] ^= 1
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
			if !withList { // as where another program filled the cache
				if err := os.Remove(list); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("HF_HUB_OFFLINE", "1")
			if _, err := fetch(t, ""); err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "HF_HUB_OFFLINE is set") {
				t.Errorf("offline, with the list %t, %s: %v", withList, path, err)
			}
			t.Setenv("HF_HUB_OFFLINE", "")
			before := h.requests.Load()
			if _, err := fetch(t, ""); err != nil {
				t.Error(err)
			}
			if n := h.requests.Load() - before; n != 2 {
				t.Errorf("%d requests, want one for the list and one for the damaged file", n)
			}
			whole()
		}
	}
	// A damaged list is asked for again, also for a commit, and is not used offline.
	for name, text := range map[string][]byte{
		"a hash":   bytes.Replace(right, []byte(`"sha256":"`), []byte(`"sha256":"0`), 1),
		"a name":   bytes.Replace(right, []byte("small.txt"), []byte("other.txt"), 1),
		"a letter": bytes.Replace(right, []byte("sha256"), []byte("sha257"), 1),
		"a size":   bytes.Replace(right, []byte(`"size":6`), []byte(`"size":7`), 2),
		"empty":    nil,
	} {
		for _, known := range []bool{true, false} {
			for _, offline := range []string{"1", ""} {
				if !known {
					forget(t)
				}
				t.Setenv("HF_HUB_OFFLINE", offline)
				if err := os.WriteFile(list, text, 0o666); err != nil {
					t.Fatal(err)
				}
				if _, err := fetch(t, testCommit); err != nil {
					t.Errorf("%s, known %t, offline %q: %v", name, known, offline, err)
				}
				whole()
			}
			if now, err := os.ReadFile(list); err != nil || !bytes.Equal(now, right) {
				t.Errorf("%s, known %t: the list was not written again: %s, %v", name, known, now, err)
			}
		}
	}
	// The right list needs no request.
	before := h.requests.Load()
	if _, err := fetch(t, testCommit); err != nil || h.requests.Load() != before {
		t.Errorf("%d requests for a commit in the cache, %v", h.requests.Load()-before, err)
	}
	// Only what Hugging Face's programs know is in the cache.
	entries, err := os.ReadDir(os.Getenv("HF_HUB_CACHE"))
	if err != nil || len(entries) != 2 || entries[0].Name() != ".locks" || entries[1].Name() != "models--owner--name" {
		t.Errorf("the cache holds %v, %v", entries, err)
	}
	if left := blobs(t); len(left) != len(testContents) {
		t.Errorf("%v", left)
	}
}

// forget gives the test a memory that knows nothing.
func forget(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	t.Setenv("HOME", home)
}

// TestUnknownCommit uses a commit in the cache on a machine that has not seen it,
// with a Hub that does not answer without a token.
func TestUnknownCommit(t *testing.T) {
	h := newTestHub(t, nil)
	r, err := fetch(t, testCommit)
	if err != nil {
		t.Fatal(err)
	}
	forget(t)
	refuse := func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusUnauthorized); return true }
	h.answer = refuse
	before := h.requests.Load()
	if _, err := fetch(t, testCommit); err != nil || h.requests.Load() != before {
		t.Errorf("%d requests for a commit that is wholly in the cache, %v", h.requests.Load()-before, err)
	}
	// If a file is absent, the list may be wrong.
	list := r.infoPath(testCommit)
	right, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	small := r.files["small.txt"]
	blob := filepath.Join(r.dir(), "blobs", small.hash())
	for name, c := range map[string]struct {
		text []byte
		want string // in the error
	}{
		"right":    {right, ""},
		"a digit":  {bytes.Replace(right, []byte(small.hash()), []byte(strings.Repeat("0", 40)), 1), ""},
		"the size": {bytes.Replace(right, []byte(`"size":6`), []byte(`"size":7`), 2), ""},
		"the name": {bytes.Replace(right, []byte("small.txt"), []byte("smell.txt"), 1), "start again"},
	} {
		forget(t)
		if err := errors.Join(os.RemoveAll(blob), os.Remove(r.Path("small.txt")), os.WriteFile(list, c.text, 0o666)); err != nil {
			t.Fatal(err)
		}
		h.answer = nil
		if _, err := fetch(t, testCommit); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := fetch(t, testCommit); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
		if text, err := os.ReadFile(r.Path("small.txt")); err != nil || string(text) != testContents["small.txt"] {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	h.answer = refuse
	forget(t)
	if err := os.Remove(r.Path("small.txt")); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch(t, testCommit); err == nil || !strings.Contains(err.Error(), "HF_TOKEN") {
		t.Errorf("a file is absent and cannot be downloaded: %v", err)
	}
}

// TestAnnounced checks that reading large files that were in the cache is said.
func TestAnnounced(t *testing.T) {
	defer func(before int64) { announced = before }(announced)
	newTestHub(t, nil)
	for _, c := range []struct {
		what string
		from int64
		want int
	}{{"downloaded", 1, 0}, {"cached", 12, 1}, {"cached and small", 13, 0}} {
		announced = c.from
		var said bytes.Buffer
		log.SetOutput(&said)
		if _, err := fetch(t, ""); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(said.String(), "are compared with their checksums"); n != c.want {
			t.Errorf("%s: it is said %d times: %s", c.what, n, &said)
		}
	}
}

// TestDamagedWhileLocked: a process that waits for another's download takes it.
func TestDamagedWhileLocked(t *testing.T) {
	h := newTestHub(t, nil)
	r, err := Open(t.Context(), Model, "owner/name", "")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := r.lockBlob(t.Context(), r.files["small.txt"].hash())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Fetch(t.Context(), []string{"small.txt"}, nil) }()
	blob := filepath.Join(r.dir(), "blobs", r.files["small.txt"].hash())
	if err := errors.Join(os.MkdirAll(filepath.Dir(blob), 0o777), os.WriteFile(blob, []byte(testContents["small.txt"]), 0o666)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unlock(), <-done); err != nil {
		t.Fatal(err)
	}
	if n := h.requests.Load(); n != 1 {
		t.Errorf("%d requests, want one for the list", n)
	}
}
