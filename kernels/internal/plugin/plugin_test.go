package plugin

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestReleaseAsset(t *testing.T) {
	answer := `{"assets":[{"name":"pjrt_cpu_linux_amd64.tar.gz","browser_download_url":"URL/p.tar.gz","digest":"sha256:%s"},
		{"name":"pjrt_cpu_darwin_arm64.tar.gz","browser_download_url":"URL/d.tar.gz"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/"+ReleaseVersion) {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, answer, hash("archive"))
	}))
	defer server.Close()
	defer func(old string) { releaseAPI = old }(releaseAPI)
	releaseAPI = server.URL + "/tags/"
	a, err := releaseAsset(t.Context(), "linux/amd64")
	if err != nil || a.URL != "URL/p.tar.gz" || a.Digest != hash("archive") {
		t.Errorf("releaseAsset = %+v, %v", a, err)
	}
	for platform, want := range map[string]string{"darwin/arm64": "publishes no sha256", "plan9/arm": "no plugin for plan9/arm"} {
		if _, err := releaseAsset(t.Context(), platform); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", platform, err, want)
		}
	}
	server.Close()
	if _, err := releaseAsset(t.Context(), "linux/amd64"); err == nil {
		t.Error("no error from a server that is gone")
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
