package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gomlx/go-xla/installer"
)

// ReleaseVersion is the version of the plugin for go-xla v0.4.1. The constant
// pjrt.DefaultCPUVersion is the same, but needs cgo.
const ReleaseVersion = "v0.114.0"

// reachable is the time limit for the release page to answer.
const reachable = 5 * time.Second

// releaseAPI is the URL that lists the files of a release and their checksums.
var releaseAPI = "https://api.github.com/repos/" + installer.BinaryCPUReleasesRepo + "/releases/tags/"

// releasePage is the page of the release.
const releasePage = "https://github.com/" + installer.BinaryCPUReleasesRepo + "/releases/tag/" + ReleaseVersion

// archiveStem returns the name of the platform's archive in the release, without
// its suffix.
func archiveStem(platform string) string { return "pjrt_cpu_" + strings.ReplaceAll(platform, "/", "_") }

// An asset is a file of a release.
type asset struct {
	Name string `json:"name"`
	URL  string `json:"browser_download_url"`
}

// asker is the client for the list of files.
var asker = &http.Client{CheckRedirect: fewRedirects}

// releaseAsset returns this platform's file of go-xla's release.
func releaseAsset(ctx context.Context, platform string) (asset, error) {
	ctx, cancel := context.WithTimeout(ctx, reachable)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, releaseAPI+ReleaseVersion, nil)
	if err != nil {
		return asset{}, err
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	resp, err := asker.Do(req)
	if err != nil {
		return asset{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return asset{}, fmt.Errorf("%s answers %s", req.URL, resp.Status)
	}
	var release struct{ Assets []asset }
	if err := json.NewDecoder(io.LimitReader(resp.Body, mostOfAnswer)).Decode(&release); err != nil {
		return asset{}, fmt.Errorf("%s: %w", req.URL, err)
	}
	stem := archiveStem(platform)
	for _, a := range release.Assets {
		if a.Name != stem+".tar.gz" && a.Name != stem+".zip" {
			continue
		}
		return a, nil
	}
	return asset{}, fmt.Errorf("release %s has no plugin for %s", ReleaseVersion, platform)
}

// installRelease installs the plugin of go-xla's release with functions of
// go-xla's installer, if the archive has the given sha256. It takes none from
// the release itself, which whoever changed the archive would change too.
func installRelease(ctx context.Context, sum, temp, dir string) (path string, err error) {
	a, err := releaseAsset(ctx, Platform())
	if err != nil {
		return "", err
	}
	var file string
	err = withInstaller(ctx, temp, nil, func() error {
		file, _, err = installer.DownloadURLToTemp(a.URL, a.Name, "", false, installer.Normal)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := verify(file, sum); err != nil {
		return "", err
	}
	return placeRelease(file, dir)
}

// placeRelease unpacks the archive in a temporary directory in dir and renames its
// plugin into place.
func placeRelease(archive, dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unpacked, err := os.MkdirTemp(dir, ".installing-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(unpacked) }()
	unpack := installer.Untar
	if strings.HasSuffix(archive, ".zip") || runtime.GOOS == "windows" {
		unpack = installer.Unzip
	}
	files, err := unpack(archive, unpacked)
	if err != nil {
		return "", err
	}
	for _, file := range files {
		base := filepath.Base(file)
		if !strings.HasPrefix(nameOf(base), "cpu") {
			continue
		}
		path = filepath.Join(dir, base)
		if err := os.Rename(file, path); err != nil {
			return "", err
		}
		return path, nil
	}
	return "", errors.New("the archive of the release has no plugin for CPU")
}
