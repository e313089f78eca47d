package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// ErrNone is the error of [Ensure] where no plugin is to be had for the platform.
var ErrNone = errors.New("no XLA plugin for CPU")

// Ensure installs an XLA plugin for CPU in the user's home unless one is found:
// go-xla's own release where that can be reached, else the one from PyPI. A
// plugin that is there is kept, but one that this function installed and that
// has changed since is installed anew.
//
// The environment in pipEnv is for the private environment's pip, which must be there.
func Ensure(ctx context.Context, c checkout.Checkout, pipEnv []string) error {
	home, err := Home()
	if err != nil {
		return fmt.Errorf("finding the directory for XLA plugins: %w", err)
	}
	wheel, hasWheel := Wheels[Platform()]
	dirs := SearchPath()
	if p, ok := OfKind(Find(dirs), "cpu"); ok {
		ours := filepath.Base(p.Path) == wheel.fileName() && filepath.Dir(p.Path) == home
		if !ours {
			log.Info("XLA CPU plugin ready", "name", p.Name, "path", p.Path, "installed by", "others, kept")
			return nil
		}
		if err := verify(p.Path, wheel.MemberSHA256); err == nil {
			log.Info("XLA CPU plugin ready", "name", p.Name, "path", p.Path, "sha256", wheel.MemberSHA256[:12]+"...")
			return nil
		} else if _, changed := errors.AsType[*SumError](err); !changed {
			return err
		}
		log.Warn("the XLA CPU plugin is damaged and is installed anew", "path", p.Path)
		if err := os.Remove(p.Path); err != nil {
			return fmt.Errorf("removing the damaged plugin: %w", err)
		}
	}
	temp, remove, err := c.Temp("plugin")
	if err != nil {
		return err
	}
	defer remove()
	removeAbandoned(home)
	log.Info("looking for the XLA CPU plugin", "at", "go-xla's release "+ReleaseVersion+" on GitHub", "timeout", reachable)
	path, err := installRelease(ctx, temp, home)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && !hasWheel:
		return fmt.Errorf("%w: go-xla's release: %w; PyPI has none for %s; the pure-Go backend works (-backend go)", ErrNone, err, Platform())
	case err != nil:
		log.Info("that source is out of reach; trying the next", "error", err)
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

// removeAbandoned removes what a killed installation left.
func removeAbandoned(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, ".installing-*"))
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}
