package hf_test

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/safetensors"
)

// serveHub serves the files of a directory as the model owner/name of the hub,
// and returns a count of the bytes of weights that were fetched.
func serveHub(t *testing.T, dir string) *atomic.Int64 {
	t.Helper()
	const commit = "00000000000000000000000000000000000000aa"
	var weights atomic.Int64
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/models/owner/name/revision/main" || r.URL.Path == "/api/models/owner/name/revision/v1" {
			var list []map[string]any
			for _, e := range entries {
				text, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Error(err)
				}
				list = append(list, map[string]any{
					"rfilename": e.Name(), "size": len(text), "blobId": fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))),
				})
			}
			json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": list})
			return
		}
		name, ok := strings.CutPrefix(r.URL.Path, "/owner/name/resolve/"+commit+"/")
		text, err := os.ReadFile(filepath.Join(dir, name))
		if !ok || err != nil {
			http.NotFound(w, r)
			return
		}
		if strings.HasSuffix(name, ".safetensors") || strings.HasSuffix(name, ".bin") {
			weights.Add(int64(len(text)))
		}
		w.Write(text)
	}))
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	t.Setenv("HF_HUB_OFFLINE", "")
	t.Setenv("HF_TOKEN", "")
	return &weights
}

func TestHub(t *testing.T) {
	const dir = "testdata/bert-pretraining"
	weights := serveHub(t, dir)
	want := load(t, dir)
	for i, source := range []string{"hf:owner/name", "hf:owner/name", "hf:owner/name@v1"} {
		got := load(t, source)
		if d := cmp.Diff(want.Params, got.Params); d != "" {
			t.Error(d)
		}
		if i == 0 && weights.Load() == 0 {
			t.Error("nothing was fetched")
		}
		weights.Store(0)
	}
	if n := weights.Load(); n > 0 {
		t.Errorf("%d bytes were fetched again", n)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	if d := cmp.Diff(want.Params, load(t, "hf:owner/name").Params); d != "" {
		t.Errorf("offline: %s", d)
	}
	_, err := hf.Load(t.Context(), "hf:owner/other")
	checkError(t, err, "owner/other", "HF_HUB_OFFLINE", "models--owner--other")
}

// shard splits a checkpoint's weights into two files of names of its own.
func shard(t *testing.T, c *checkpoint) string {
	t.Helper()
	dir := c.write(t)
	weights := make(map[string]string)
	shards := map[string]growth.Tensors{"first.safetensors": {}, "second.safetensors": {}}
	for i, name := range slices.Sorted(maps.Keys(c.tensors)) {
		file := []string{"first.safetensors", "second.safetensors"}[i%2]
		weights[name], shards[file][name] = file, c.tensors[name]
	}
	for file, tensors := range shards {
		if err := safetensors.Write(filepath.Join(dir, file), tensors, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	writeIndex(t, dir, weights)
	return dir
}

func writeIndex(t *testing.T, dir string, weights map[string]string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"weight_map": weights})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestHubShards: the files that the index names are fetched, whatever their names.
func TestHubShards(t *testing.T) {
	c := openCheckpoint(t, "bert")
	serveHub(t, shard(t, c))
	if d := cmp.Diff(load(t, "testdata/bert").Params, load(t, "hf:owner/name").Params); d != "" {
		t.Error(d)
	}
}

// TestHubRefused: what cannot be used is not downloaded.
func TestHubRefused(t *testing.T) {
	refused := func(change func(dir string, c *checkpoint) string, want ...string) {
		t.Helper()
		c := openCheckpoint(t, "bert")
		weights := serveHub(t, change(t.TempDir(), c))
		_, err := hf.Load(t.Context(), "hf:owner/name")
		checkError(t, err, append(want, "hf:owner/name")...)
		if n := weights.Load(); n > 0 {
			t.Errorf("%d bytes of weights were fetched", n)
		}
	}
	refused(func(_ string, c *checkpoint) string {
		c.config["hidden_act"] = "relu"
		return c.write(t)
	}, "hidden_act")
	refused(func(_ string, c *checkpoint) string {
		dir := c.write(t)
		if err := os.Rename(filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "pytorch_model.bin")); err != nil {
			t.Fatal(err)
		}
		return dir
	}, "pytorch_model.bin", "safe_serialization")
	for shardName, want := range map[string]string{"../x.safetensors": "not the name of a safetensors file", "third.safetensors": `lacks "third.safetensors"`} {
		refused(func(_ string, c *checkpoint) string {
			dir := shard(t, c)
			writeIndex(t, dir, map[string]string{"a": "first.safetensors", "b": shardName})
			return dir
		}, want)
	}
	refused(func(dir string, _ *checkpoint) string { return dir }, "no config.json")
	for _, source := range []string{"hf:", "hf:a/b/c", "hf:../x", "hf:a/b@../x"} {
		_, err := hf.Load(t.Context(), source)
		checkError(t, err, "names no model", "hf:owner/name")
	}
}
