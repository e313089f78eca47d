package hub

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

const testCommit = "0123456789abcdef0123456789abcdef01234567"

// TestKinds downloads a file of a model and a file of a dataset with the same
// name, which have different addresses and places in the cache.
func TestKinds(t *testing.T) {
	contents := map[string]string{"/owner/name": "of a model", "/datasets/owner/name": "of a dataset"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for place, text := range contents {
			switch r.URL.Path {
			case "/api/models/owner/name/revision/main", "/api/datasets/owner/name/revision/main":
				if strings.Contains(r.URL.Path, "datasets") != strings.Contains(place, "datasets") {
					continue
				}
				json.NewEncoder(w).Encode(map[string]any{"sha": testCommit, "siblings": []map[string]any{{
					"rfilename": "a/file", "size": len(text), "blobId": fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))),
				}}})
				return
			case place + "/resolve/" + testCommit + "/a/file":
				w.Write([]byte(text))
				return
			}
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("HF_TOKEN", "")
	for kind, want := range map[Kind]string{Model: "of a model", Dataset: "of a dataset"} {
		r, err := Open(t.Context(), kind, "owner/name", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Fetch(t.Context(), r.Names(), nil); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(r.Path("a/file")); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", kind, text, err)
		}
		if !strings.Contains(r.Path("a/file"), string(kind)+"s--owner--name") {
			t.Errorf("%s lies at %s", kind, r.Path("a/file"))
		}
		_, err = Open(t.Context(), kind, "owner/other", "")
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("there is no %s owner/other", kind)) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"owner/name": true, "bert-base-uncased": true, "a/b.c_d": true,
		"": false, "a/b/c": false, "../a": false, "a--b": false, "/a": false, "a b": false,
	} {
		if ValidID(id) != want {
			t.Errorf("ValidID(%q) is %t", id, !want)
		}
	}
}
