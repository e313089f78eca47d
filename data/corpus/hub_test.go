package corpus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testFiles is a dataset with one config and two splits.
func testFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		"README.md":          []byte("---\nlicense: cc-by-4.0\n---\n# A dataset\n"),
		"en/test/data.jsonl": []byte("{\"text\":\"a test\"}\n"),
		"de/train.jsonl":     []byte("{\"text\":\"etwas Text\"}\n"),
	}
	for i := range 2 {
		name := fmt.Sprintf("en/train-%05d-of-00002.parquet", i)
		var err error
		if files[name], err = os.ReadFile(putParquet(t, filepath.Join(t.TempDir(), "f"), fmt.Sprintf("first of %d", i), fmt.Sprintf("second of %d", i))); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

var (
	testSpec = Spec{Source: HubPrefix + testDataset, Config: "en"}
	testText = []string{"first of 0", "second of 0", "first of 1", "second of 1"}
)

// openHubTest returns the source of [testSpec].
func openHubTest(t *testing.T) Source {
	t.Helper()
	s, err := Open(t.Context(), testSpec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// unverified is the suffix of a download whose hash is not checked yet.
const unverified = ".unverified"

// blobHash matches the names of complete downloads.
var blobHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// wholeFiles returns the names of the files in the cache that could be read as
// files of a dataset.
func wholeFiles(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(os.Getenv("HF_HOME"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (strings.Contains(p, "snapshots") || blobHash.MatchString(d.Name()) && strings.Contains(p, "blobs")) {
			found = append(found, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestHub(t *testing.T) {
	h := newHubServer(t, testFiles(t))
	s, err := Open(t.Context(), testSpec)
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Stamp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var done, total int64
	if err := s.Fetch(t.Context(), func(d, n int64) { done, total = d, n }); err != nil {
		t.Fatal(err)
	}
	if want := int64(len(h.files["en/train-00000-of-00002.parquet"]) + len(h.files["en/train-00001-of-00002.parquet"])); done != want || total != want {
		t.Errorf("%d of %d bytes, want %d", done, total, want)
	}
	if d := cmp.Diff(testText, read(t, s)); d != "" {
		t.Error(d)
	}
	if i := s.Info(); i.License != "cc-by-4.0" || i.Name != "hf:owner/name en" || !strings.Contains(i.Origin, h.commit()) {
		t.Errorf("%+v", i)
	}
	if after, err := s.Stamp(t.Context()); err != nil || after != before {
		t.Errorf("the stamp changed by the download: %q, %q, %v", before, after, err)
	}

	// The second time only the list is downloaded.
	n := len(h.requests)
	again, err := Open(t.Context(), testSpec)
	if err != nil {
		t.Fatal(err)
	}
	read(t, again)
	if asked := h.requests[n:]; len(asked) != 1 || !strings.HasPrefix(asked[0], "/api/") {
		t.Errorf("the second time: %v", asked)
	}
	// A known commit does not even need the list.
	pinned := testSpec
	pinned.Revision = h.commit()
	n = len(h.requests)
	if s, err = Open(t.Context(), pinned); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testText, read(t, s)); d != "" || len(h.requests) > n {
		t.Errorf("a commit: %v %s", h.requests[n:], d)
	}

	// Offline and without a network, the cache is used.
	t.Setenv("HF_HUB_OFFLINE", "1")
	for _, spec := range []Spec{testSpec, pinned} {
		if s, err = Open(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(testText, read(t, s)); d != "" {
			t.Errorf("offline: %s", d)
		}
	}
	t.Setenv("HF_HUB_OFFLINE", "0")
	h.Close()
	if s, err = Open(t.Context(), testSpec); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testText, read(t, s)); d != "" {
		t.Errorf("without a network: %s", d)
	}
	// The error for a file that was never downloaded has its name and place.
	other := testSpec
	other.Split = "test"
	if s, err = Open(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	err = failure(t, s)
	for _, want := range []string{filepath.Join(h.commit(), "en", "test", "data.jsonl"), os.Getenv("HF_HOME"), "cannot be reached", "hf:/path/to/it"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a missing file: %v, want %q", err, want)
		}
	}
	if _, err = Open(t.Context(), Spec{Source: "hf:owner/other"}); err == nil || !strings.Contains(err.Error(), filepath.Join("datasets--owner--other", "refs", "main")) {
		t.Errorf("a missing dataset: %v", err)
	}
}

func TestHubToken(t *testing.T) {
	h := newHubServer(t, testFiles(t))
	h.private = true
	for token, want := range map[string]string{"": "set HF_TOKEN", "hf_wrong": "token in HF_TOKEN is wrong"} {
		t.Setenv("HF_TOKEN", token)
		if _, err := Open(t.Context(), testSpec); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "401") {
			t.Errorf("token %q: %v", token, err)
		}
	}
	t.Setenv("HF_TOKEN", testToken)
	s, err := Open(t.Context(), testSpec)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testText, read(t, s)); d != "" {
		t.Error(d)
	}
	if h.leaked {
		t.Error("the token was sent to the server that a file was redirected to")
	}
}

// TestHubBroken breaks downloads in several ways and checks that an incomplete
// file is never used.
func TestHubBroken(t *testing.T) {
	const second = "en/train-00001-of-00002.parquet"
	check := func(h *hubServer, want string, undo func()) {
		t.Helper()
		s, err := Open(t.Context(), testSpec)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Fetch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		for _, f := range wholeFiles(t) {
			if strings.Contains(f, "00001-of") || f == fmt.Sprintf("%x", sha256.Sum256(h.files[second])) {
				t.Errorf("a part counts as the whole: %s", f)
			}
		}
		undo()
		if d := cmp.Diff(testText, read(t, s)); d != "" {
			t.Error(d)
		}
	}
	h := newHubServer(t, testFiles(t))
	h.cut[second] = 1
	check(h, second, func() {})

	h = newHubServer(t, testFiles(t))
	h.garble = true
	check(h, "instead of", func() {
		h.mu.Lock()
		h.garble = false
		h.mu.Unlock()
	})

	// An interrupted run left a complete but wrong download.
	h = newHubServer(t, testFiles(t))
	left := filepath.Join(os.Getenv("HF_HOME"), "hub", "datasets--owner--name", "blobs", fmt.Sprintf("%x%s", sha256.Sum256(h.files[second]), unverified))
	if err := os.MkdirAll(filepath.Dir(left), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left, bytes.Repeat([]byte{'x'}, len(h.files[second])), 0o666); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testText, read(t, openHubTest(t))); d != "" {
		t.Error(d)
	}

	// Another program was killed in the middle of a file.
	h = newHubServer(t, testFiles(t))
	blobs := filepath.Join(os.Getenv("HF_HOME"), "hub", "datasets--owner--name", "blobs")
	if err := os.MkdirAll(blobs, 0o777); err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(blobs, fmt.Sprintf("%x", sha256.Sum256(h.files[second])))
	for _, ext := range []string{unverified + ".part", ".incomplete", ""} {
		if err := os.WriteFile(blob+ext, h.files[second][:100], 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), testSpec)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testText, read(t, s)); d != "" {
		t.Error(d)
	}
}

func TestHubCanceled(t *testing.T) {
	h := newHubServer(t, testFiles(t))
	h.stall = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Open(ctx, testSpec)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Fetch(ctx, func(done, total int64) {
		if done > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	for _, f := range wholeFiles(t) {
		if strings.Contains(f, "-of-") {
			t.Errorf("a part counts as the whole: %s", f)
		}
	}
	close(h.stall)
	h.mu.Lock()
	h.stall = nil
	h.mu.Unlock()
	if d := cmp.Diff(testText, read(t, s)); d != "" {
		t.Error(d)
	}
}

// TestHubTogether downloads to the same cache from several sources at once, as
// several processes would.
func TestHubTogether(t *testing.T) {
	newHubServer(t, testFiles(t))
	var wg sync.WaitGroup
	for range 4 {
		s := openHubTest(t)
		wg.Go(func() {
			for range 3 {
				if err := s.Fetch(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
			if _, err := os.Stat(s.(*dataset).repo.path(s.(*dataset).files[0])); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, name := range wholeFiles(t) {
		if strings.HasSuffix(name, ".tmp") {
			t.Errorf("%s was left", name)
		}
	}
}
