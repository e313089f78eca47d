package corpus

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/log"
)

const (
	testDataset = "owner/name"
	testToken   = "hf_right"
)

// hubServer implements the necessary parts of the Hub's protocol: the list of a
// dataset's files, small files, and redirects of large files to another server.
type hubServer struct {
	*httptest.Server
	storage *httptest.Server
	files   map[string][]byte
	private bool

	mu       sync.Mutex
	cut      map[string]int // number of connections to break in the middle of a file
	garble   bool           // send other bytes than listed
	stall    chan struct{}  // if not nil, wait here in the middle of a file
	requests []string
	leaked   bool // whether the token was sent to the other server
}

func isLarge(name string) bool { return strings.HasSuffix(name, ".parquet") }

func (h *hubServer) commit() string {
	sum := sha1.New()
	for _, n := range sortedNames(h.files) {
		fmt.Fprintf(sum, "%s %x", n, sha256.Sum256(h.files[n]))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func sortedNames(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }

func newHubServer(t *testing.T, files map[string][]byte) *hubServer {
	t.Helper()
	h := &hubServer{files: files, cut: make(map[string]int)}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	h.storage = httptest.NewServer(http.HandlerFunc(h.serveStorage))
	t.Cleanup(h.Close)
	t.Cleanup(h.storage.Close)
	t.Setenv("HF_ENDPOINT", h.URL+"/")
	t.Setenv("HF_HOME", t.TempDir())
	t.Setenv("HF_HUB_CACHE", "")
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("HF_TOKEN", "")
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return h
}

func (h *hubServer) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.requests = append(h.requests, r.URL.Path)
	h.mu.Unlock()
	if h.private && r.Header.Get("Authorization") != "Bearer "+testToken {
		w.Header().Set("X-Error-Message", "Invalid credentials")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if rest, ok := strings.CutPrefix(r.URL.Path, "/api/datasets/"+testDataset+"/revision/"); ok && (rest == "main" || rest == "refs/convert/parquet" || rest == h.commit()) {
		h.serveList(w)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/datasets/"+testDataset+"/resolve/"+h.commit()+"/")
	contents, found := h.files[name]
	switch {
	case !ok || !found:
		http.Error(w, `{"error":"Repository not found"}`, http.StatusNotFound)
	case isLarge(name):
		// Use another name of this machine, because another port is not another host.
		http.Redirect(w, r, strings.Replace(h.storage.URL, "127.0.0.1", "localhost", 1)+"/"+name+"?signature=a%2Fb", http.StatusFound)
	default:
		w.Write(contents)
	}
}

func (h *hubServer) serveList(w http.ResponseWriter) {
	type lfs struct {
		SHA256 string `json:"sha256"`
		Size   int    `json:"size"`
	}
	type file struct {
		Name string `json:"rfilename"`
		Size int    `json:"size"`
		Blob string `json:"blobId"`
		LFS  *lfs   `json:"lfs,omitempty"`
	}
	var list []file
	for _, n := range sortedNames(h.files) {
		c := h.files[n]
		f := file{Name: n, Size: len(c), Blob: fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(c), c)))}
		if isLarge(n) {
			f.LFS = &lfs{fmt.Sprintf("%x", sha256.Sum256(c)), len(c)}
			f.Blob = fmt.Sprintf("%x", sha1.Sum([]byte("a pointer")))
		}
		list = append(list, f)
	}
	json.NewEncoder(w).Encode(map[string]any{"id": testDataset, "sha": h.commit(), "siblings": list, "cardData": map[string]any{"license": []string{"a", "b"}}})
}

func (h *hubServer) serveStorage(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	contents := h.files[name]
	h.mu.Lock()
	h.leaked = h.leaked || r.Header.Get("Authorization") != ""
	cut := h.cut[name] > 0
	if cut {
		h.cut[name]--
	}
	garble, stall := h.garble, h.stall
	h.mu.Unlock()
	if r.URL.Query().Get("signature") != "a/b" {
		http.Error(w, "the signature is wrong", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(contents)))
	switch {
	case cut:
		w.Write(contents[:len(contents)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case stall != nil:
		w.Write(contents[:len(contents)/2])
		w.(http.Flusher).Flush()
		select {
		case <-stall:
		case <-r.Context().Done():
		}
	case garble:
		w.Write(bytes.Repeat([]byte{'x'}, len(contents)))
	default:
		w.Write(contents)
	}
}
