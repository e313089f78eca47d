package plugin

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

// Hosts of PyPI.
const (
	hostOfLists  = "pypi.org"
	hostOfWheels = "files.pythonhosted.org"
)

// pypiPackages are the packages with the plugins for other devices.
var pypiPackages = map[string]string{"cuda": "jax-" + cudaPackage + "-pjrt", "tpu": "libtpu"}

var listPath = regexp.MustCompile(`^/pypi/([^/]+)/json$`)

// only is the rule for what go-xla's installer may download for a device. The
// addresses that it asks for, and so the names of files, are in PyPI's answers:
// a plugin under a name that is not pinned would have nothing to be compared
// with. So
//
//   - after PyPI's list of the files of the plugin's package, the next answer must
//     be a file with a pinned sha256, because it becomes the plugin;
//   - any other answer is a list, a pinned file, or a wheel of NVIDIA's.
type only struct {
	Package       string // of the plugin
	Lists, Wheels string // hosts

	mu       sync.Mutex
	due      bool // the answer becomes the plugin
	next     bool // the next one does
	verified int  // files that may have become the plugin, and had their sha256
}

// begin notes a request of the installer. The client's own, after a redirect,
// belong to the first one.
func (o *only) begin(r *http.Request) {
	if r.Response != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	list := listPath.FindStringSubmatch(r.URL.Path)
	o.due, o.next = o.next, list != nil && list[1] == o.Package
}

// refuses returns why the answer to a request may not be used.
func (o *only) refuses(r *http.Request, pinned bool) error {
	if pinned {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	name := path.Base(r.URL.Path)
	switch {
	case o.due:
		return fmt.Errorf("%s, from %s, is not a file of %s whose sha256 is pinned here", name, r.URL.Host, o.Package)
	case r.URL.Host == o.Lists && listPath.MatchString(r.URL.Path):
		return nil
	case r.URL.Scheme == "https" && r.URL.Host == o.Wheels && strings.HasPrefix(name, "nvidia") && strings.HasSuffix(name, ".whl"):
		return nil
	}
	return fmt.Errorf("%s, from %s, has no sha256 that is pinned here, and is not one of NVIDIA's wheels on %s", name, r.URL.Host, o.Wheels)
}

// checked notes a file that had its sha256.
func (o *only) checked() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.due {
		o.verified++
	}
}

// check returns an error unless a pinned file was downloaded to become the plugin.
func (o *only) check() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verified == 0 {
		return fmt.Errorf("go-xla's installer took no file of %s whose sha256 is pinned here", o.Package)
	}
	return nil
}
