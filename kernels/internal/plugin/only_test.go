package plugin

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// web answers requests by address, instead of the network. An answer that begins
// with -> is a redirect, and one with ! an error with that text.
type web map[string]string

func (w web) RoundTrip(r *http.Request) (*http.Response, error) {
	text, ok := w[r.URL.String()]
	resp := &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: make(http.Header), Request: r, ContentLength: -1}
	if to, is := strings.CutPrefix(text, "->"); is {
		resp.StatusCode = http.StatusFound
		resp.Header.Set("Location", to)
	}
	if rest, is := strings.CutPrefix(text, "!"); is || !ok {
		resp.StatusCode, resp.Status, text = http.StatusNotFound, "404 Not Found", rest
	}
	resp.Body = io.NopCloser(strings.NewReader(text))
	return resp, r.Context().Err()
}

// wheelOf returns a wheel with one file.
func wheelOf(t *testing.T, member, text string) string {
	t.Helper()
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	f, err := archive.Create(member)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// listOf returns PyPI's list of a package with one wheel. Its name is as expected;
// its address is what matters.
func listOf(t *testing.T, version, name, address, wheel string, requires ...string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"info": map[string]any{"author_email": "jax-dev@google.com", "version": version, "requires_dist": requires},
		"releases": map[string]any{version: []any{map[string]any{
			"packagetype": "bdist_wheel", "filename": name, "url": address, "digests": map[string]string{"sha256": hash(wheel)}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDevicePins: a plugin for another device is installed only with a sha256 that
// is pinned, under whatever name and by whatever way PyPI's answers give it.
func TestDevicePins(t *testing.T) {
	if Platform() != "linux/amd64" {
		t.Skip("plugins for other devices are for linux/amd64")
	}
	const (
		name   = "libtpu-0.0.52-cp314-cp314-manylinux_2_31_x86_64.whl"
		wheels = "https://" + hostOfWheels + "/"
		tpu    = "https://pypi.org/pypi/libtpu/json"
		cuda   = "https://pypi.org/pypi/jax-cuda13-pjrt/json"
		needs  = "https://pypi.org/pypi/jax-cuda13-plugin/json"
		cublas = "https://pypi.org/pypi/nvidia-cublas/json"
		pinned = "jax_cuda13_pjrt-0.11.2-py3-none-manylinux_2_27_x86_64.whl"
		nvidia = "nvidia_cublas-13.0-py3-none-manylinux_2_27_x86_64.whl"
	)
	good, evil := wheelOf(t, "libtpu/libtpu.so", "good"), wheelOf(t, "libtpu/libtpu.so", "evil")
	goodCUDA, evilCUDA := wheelOf(t, "jax/xla_cuda_plugin.so", "good"), wheelOf(t, "jax/xla_cuda_plugin.so", "evil")
	library := wheelOf(t, "nvidia/cu13/lib/libcublas.so.13", "library")
	oldSums, oldTransport := maps.Clone(archives), http.DefaultTransport
	archives[name], archives[pinned] = hash(good), hash(goodCUDA)
	t.Cleanup(func() { archives, http.DefaultTransport = oldSums, oldTransport })

	tpuFrom := func(address, wheel string) web {
		return web{tpu: listOf(t, tpuVersion, name, address, wheel), address: wheel}
	}
	cudaFrom := func(library, libraryWheel, address, wheel string) web {
		return web{
			needs:   listOf(t, cudaVersion, "", "", "", "nvidia-cublas"),
			cublas:  listOf(t, "13.0", nvidia, library, libraryWheel),
			library: libraryWheel,
			cuda:    listOf(t, cudaVersion, pinned, address, wheel),
			address: wheel,
		}
	}
	with := func(w web, more web) web { maps.Copy(w, more); return w }
	for _, c := range []struct {
		what, kind, want string
		web              web
	}{
		{"the pinned wheel", "tpu", "", tpuFrom(wheels+name, good)},
		{"the pinned wheel, by a redirect", "tpu", "", with(tpuFrom("https://pypi.org/w", good), web{"https://pypi.org/w": "->" + wheels + name, wheels + name: good})},
		{"other bytes", "tpu", hash(good), tpuFrom(wheels+name, evil)},
		{"another name", "tpu", "pinned", tpuFrom(wheels+"libtpu-0.0.52-cp314-none-manylinux_2_31_x86_64.whl", evil)},
		{"the same bytes under another name", "tpu", "pinned", tpuFrom(wheels+"libtpu.whl", good)},
		{"another name, by a redirect", "tpu", "pinned", with(tpuFrom(wheels+name, evil), web{wheels + name: "->" + wheels + "a.whl", wheels + "a.whl": evil})},
		{"the name of a library", "tpu", "pinned", tpuFrom(wheels+"nvidia_x.whl", evil)},
		{"the address of a list", "tpu", "pinned", tpuFrom("https://pypi.org/pypi/nvidia-x/json", evil)},
		{"an error with a wheel", "tpu", "404", with(tpuFrom(wheels+name, evil), web{wheels + name: "!" + evil})},

		{"CUDA and its library", "cuda", "", cudaFrom(wheels+nvidia, library, wheels+pinned, goodCUDA)},
		{"a library from elsewhere", "cuda", "NVIDIA's wheels", cudaFrom("https://example.org/"+nvidia, library, wheels+pinned, goodCUDA)},
		{"the pinned wheel as the library", "cuda", "pinned", cudaFrom(wheels+pinned, goodCUDA, wheels+"nvidia_x.whl", evilCUDA)},
	} {
		home := t.TempDir()
		t.Setenv("HOME", home)
		t.Setenv(PathEnv, filepath.Join(home, "none"))
		http.DefaultTransport = c.web
		err := EnsureDevice(t.Context(), checkout.Checkout{Root: t.TempDir()}, c.kind)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", c.what, err, c.want)
		}
		dir := filepath.Join(home, ".local", "lib", "go-xla")
		p, ok := OfKind(Find([]string{dir, dir + "/nvidia"}), c.kind)
		if ok != (c.want == "") {
			t.Errorf("%s: the plugin is %v", c.what, p)
		} else if text, err := os.ReadFile(p.Path); ok && (err != nil || string(text) != "good") {
			t.Errorf("%s: installed was %q, %v", c.what, text, err)
		}
	}
}

// TestOnlyCheck: without a file that was compared, an installation has failed.
func TestOnlyCheck(t *testing.T) {
	rule := &only{Package: "libtpu"}
	if err := rule.check(); err == nil || !strings.Contains(err.Error(), "libtpu") {
		t.Errorf("error %v", err)
	}
	rule.checked() // a library
	if err := rule.check(); err == nil {
		t.Error("a library counts as the plugin")
	}
	rule.due = true
	rule.checked()
	if err := rule.check(); err != nil {
		t.Error(err)
	}
}

// TestDeviceLockLost: an installation that has lost its lock says so, and does not
// look like one that was interrupted.
func TestDeviceLockLost(t *testing.T) {
	if Platform() != "linux/amd64" {
		t.Skip("plugins for other devices are for linux/amd64")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv(PathEnv, filepath.Join(home, "none"))
	old := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = old })
	http.DefaultTransport = roundTrip(func(r *http.Request) (*http.Response, error) {
		lock := filepath.Join(home, ".local", "lib", "go-xla", dirlock.Name)
		if err := os.WriteFile(lock, []byte(`{"host":"other","place":"elsewhere","pid":7,"nonce":"other"}`), 0o666); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	err := EnsureDevice(t.Context(), checkout.Checkout{Root: t.TempDir()}, "tpu")
	if err == nil || !strings.Contains(err.Error(), "process 7 on other") {
		t.Errorf("error %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
