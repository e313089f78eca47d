package plugin

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestFindNamesAndOrder(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, name := range []string{"pjrt_c_api_cpu_v0.106.0_plugin.so", ".installing-1", "pjrt_plugin_tpu.so", "readme.txt"} {
		write(t, filepath.Join(first, name), "")
	}
	for _, name := range []string{"pjrt_c_api_cpu_v0.106.0_plugin.so", "pjrt_c_api_cuda_plugin.so"} {
		write(t, filepath.Join(second, name), "")
	}
	plugins := Find([]string{filepath.Join(first, "missing"), first, second})
	var got []string
	for _, p := range plugins {
		got = append(got, p.Name+"="+p.Kind())
	}
	if want := "cpu_v0.106.0=cpu tpu=tpu cuda=cuda"; strings.Join(got, " ") != want {
		t.Errorf("found %v, want %s", got, want)
	}
	if p, ok := OfKind(plugins, "cpu"); !ok || filepath.Dir(p.Path) != first {
		t.Errorf("cpu plugin %v, want the one of the first directory", p)
	}
}

func TestSearchPathFollowsTheVariable(t *testing.T) {
	t.Setenv(PathEnv, "/a"+string(os.PathListSeparator)+"/b")
	if got := strings.Join(SearchPath(), " "); got != "/a /b" {
		t.Errorf("search path %q, want /a /b", got)
	}
}

func TestExtractChecksAndLeavesNothingHalf(t *testing.T) {
	dir := t.TempDir()
	wheelPath := filepath.Join(dir, "p.whl")
	f, err := os.Create(wheelPath)
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(f)
	member, err := archive.Create("p/libpjrt_cpu.so")
	if err == nil {
		_, err = member.Write([]byte("plugin"))
	}
	if err = errors.Join(err, archive.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	w := Wheel{Member: "p/libpjrt_cpu.so", MemberSHA256: hash("another"), API: "0.106.0"}
	home := filepath.Join(dir, "home")
	_, err = w.extract(wheelPath, home)
	if _, ok := errors.AsType[*SumError](err); !ok {
		t.Errorf("error %v for a changed member, want a SumError", err)
	}
	if left, _ := os.ReadDir(home); len(left) != 0 {
		t.Errorf("a failed installation left %v", left)
	}
	w.MemberSHA256 = hash("plugin")
	path, err := w.extract(wheelPath, home)
	if err != nil || filepath.Base(path) != "pjrt_c_api_cpu_v0.106.0_plugin.so" {
		t.Fatalf("extract = %s, %v", path, err)
	}
	if p, ok := OfKind(Find([]string{home}), "cpu"); !ok || p.Path != path {
		t.Errorf("the installed plugin is not found: %v", p)
	}
}

func TestWheelsArePinned(t *testing.T) {
	for platform, w := range Wheels {
		if len(w.SHA256) != 64 || len(w.MemberSHA256) != 64 || w.Version == "" || w.API == "" {
			t.Errorf("%s: %+v is not pinned", platform, w)
		}
	}
}

// release serves a release with one archive, and the sum of another beside it.
func release(t *testing.T, archive string) *httptest.Server {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tags/" + ReleaseVersion:
			_, _ = fmt.Fprintf(w, `{"assets":[{"name":"pjrt_cpu_linux_amd64.tar.gz","browser_download_url":"%s/p.tar.gz","digest":"sha256:%s"}]}`, server.URL, hash(archive))
		case "/p.tar.gz":
			_, _ = fmt.Fprint(w, archive)
		default:
			http.NotFound(w, r)
		}
	}))
	old := releaseAPI
	releaseAPI = server.URL + "/tags/"
	t.Cleanup(func() { releaseAPI = old; server.Close() })
	return server
}

func TestReleaseAsset(t *testing.T) {
	server := release(t, "archive")
	a, err := releaseAsset(t.Context(), "linux/amd64")
	if err != nil || a.URL != server.URL+"/p.tar.gz" {
		t.Errorf("releaseAsset = %+v, %v", a, err)
	}
	if _, err := releaseAsset(t.Context(), "plan9/arm"); err == nil || !strings.Contains(err.Error(), "no plugin for plan9/arm") {
		t.Errorf("error %v for a platform without a plugin", err)
	}
	server.Close()
	if _, err := releaseAsset(t.Context(), "linux/amd64"); err == nil {
		t.Error("no error from a server that is gone")
	}
}

// TestReleaseSumIsNotFromTheRelease: an archive with the sum that the release
// itself gives is not installed.
func TestReleaseSumIsNotFromTheRelease(t *testing.T) {
	release(t, "changed archive")
	if Platform() != "linux/amd64" {
		t.Skip("the release of this test is for linux/amd64")
	}
	dir := t.TempDir()
	_, err := installRelease(t.Context(), hash("archive"), t.TempDir(), dir)
	if sum, ok := errors.AsType[*SumError](err); !ok || sum.Got != hash("changed archive") {
		t.Errorf("error %v for a changed archive, want a SumError", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestReleaseSum(t *testing.T) {
	t.Setenv(SumEnv, "")
	if sum, mend, err := releaseSum("linux/amd64"); err != nil || sum != releases["linux/amd64"] || strings.Contains(mend, SumEnv) {
		t.Errorf("releaseSum = %q, %q, %v", sum, mend, err)
	}
	t.Setenv(SumEnv, hash("archive"))
	if sum, mend, err := releaseSum("linux/amd64"); err != nil || sum != hash("archive") || !strings.Contains(mend, SumEnv) {
		t.Errorf("releaseSum = %q, %q, %v, want the user's", sum, mend, err)
	}
	t.Setenv(SumEnv, "1234")
	if _, _, err := releaseSum("linux/amd64"); err == nil || !strings.Contains(err.Error(), SumEnv) || !strings.Contains(err.Error(), "64 hexadecimal digits") {
		t.Errorf("error %v for what is not a sum", err)
	}
	for name, sum := range archives {
		if !hexSum.MatchString(sum) || !strings.HasSuffix(name, ".whl") {
			t.Errorf("%s is not pinned", name)
		}
	}
}

// TestWheelWithoutEnd: a download that is far longer than the wheel is stopped.
func TestWheelWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	python := filepath.Join(dir, "python")
	write(t, python, "#!/bin/sh\nhead -c 20000000 /dev/zero >\"$TMPDIR/part\"\nexec sleep 60\n")
	if err := os.Chmod(python, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no /bin/sh here")
	}
	_, err := Wheel{Package: "p", Version: "1", Size: 1000}.download(t.Context(), python, nil, dir)
	if err == nil || !strings.Contains(err.Error(), "not the expected file") {
		t.Errorf("error %v, want one about its length", err)
	}
}

// TestGuarded: downloads end at redirects without end, at answers without end,
// and at archives that are not the pinned ones.
func TestGuarded(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		switch r.URL.Path {
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/endless":
			for part := strings.Repeat("x", 1<<20); ; {
				if _, err := w.Write([]byte(part)); err != nil {
					return
				}
			}
		case "/long":
			w.Header().Set("Content-Length", fmt.Sprint(mostOfAnswer+1))
		case "/missing":
			http.NotFound(w, r)
		default:
			_, _ = fmt.Fprint(w, "text")
		}
	}))
	defer server.Close()
	client := &http.Client{CheckRedirect: fewRedirects, Transport: guarded{t.Context(), http.DefaultTransport, map[string]string{"good.whl": hash("text"), "bad.whl": hash("other")}, nil}}
	for path, want := range map[string]string{"round": "more than 5 redirects", "endless": "not the expected file", "long": "not the expected file", "missing": "404", "bad.whl": hash("other"), "good.whl": "", "other": ""} {
		requests = 0
		resp, err := client.Get(server.URL + "/" + path)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
		if requests > mostRedirects+1 {
			t.Errorf("%s: %d requests", path, requests)
		}
	}
}

func TestPlaceRelease(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.tar.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	compressed := gzip.NewWriter(f)
	archive := tar.NewWriter(compressed)
	for _, name := range []string{"LICENSE", "pjrt_c_api_cpu_v0.114.0_plugin.so"} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: 6, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte("plugin")); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), compressed.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(dir, "home")
	got, err := placeRelease(path, home)
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(home); len(entries) != 1 || got != filepath.Join(home, entries[0].Name()) {
		t.Errorf("placed %s, the directory holds %v", got, entries)
	}
}

// TestEnsureSaysWhereTheSumIsFrom: a release that differs from its sum names the
// variable only if the sum is from there; without a sum and a wheel the error says
// what to do.
func TestEnsureSaysWhereTheSumIsFrom(t *testing.T) {
	if Platform() != "linux/amd64" {
		t.Skip("the release of this test is for linux/amd64")
	}
	release(t, "changed archive")
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv(PathEnv, filepath.Join(home, "none"))
	oldWheel := Wheels[Platform()]
	delete(Wheels, Platform())
	t.Cleanup(func() { Wheels[Platform()] = oldWheel; delete(releases, Platform()) })
	ensure := func() error { return Ensure(t.Context(), checkout.Checkout{Root: t.TempDir()}, nil) }

	t.Setenv(SumEnv, "")
	if err := ensure(); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "compare sha256sum, and set "+SumEnv) || !strings.Contains(err.Error(), "pjrt_cpu_linux_amd64") {
		t.Errorf("no sum: error %v", err)
	}
	t.Setenv(SumEnv, hash("archive"))
	if err := ensure(); err == nil || !strings.Contains(err.Error(), "that of "+SumEnv+": correct it, or unset it") {
		t.Errorf("the user's sum: error %v", err)
	}
	t.Setenv(SumEnv, "")
	releases[Platform()] = hash("archive")
	if err := ensure(); err == nil || strings.Contains(err.Error(), SumEnv) || !strings.Contains(err.Error(), "pins.go") {
		t.Errorf("the pinned sum: error %v", err)
	}
}
