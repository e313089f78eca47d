package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// Versions of the plugins for other devices on PyPI. The CUDA plugin has the
// version of XLA whose CPU plugin was tested with PJRT 0.115. Neither plugin
// was tested on its device.
const (
	cudaPackage, cudaVersion = "cuda13", "0.11.2" // of jax-cuda13-pjrt
	tpuPackage, tpuVersion   = "tpu", "0.0.52"    // of libtpu
)

// EnsureDevice installs go-xla's plugin for "cuda" or "tpu" unless there is
// one. go-xla's installer downloads it from PyPI. The plugin must have the sha256
// that is pinned here, see [only]; NVIDIA's libraries, of which the installer takes
// the newest that fit, only that of PyPI's list. It installs the plugin itself last,
// so an interrupted installation does not look complete.
func EnsureDevice(ctx context.Context, c checkout.Checkout, kind string) (err error) {
	if p, ok := OfKind(Find(SearchPath()), kind); ok {
		log.Info("XLA plugin ready", "device", kind, "path", p.Path)
		return nil
	}
	home, err := Home()
	if err != nil {
		return fmt.Errorf("finding the directory for XLA plugins: %w", err)
	}
	held, err := lockHome(ctx, home)
	if err != nil {
		return err
	}
	defer func() { err = unlock(held, err) }()
	ctx = held.Context()
	temp, remove, err := c.Temp("plugin")
	if err != nil {
		return err
	}
	defer remove()
	log.Info("installing go-xla's plugin and the libraries it needs; for CUDA these are several GB", "device", kind)
	rule := &only{Package: pypiPackages[kind], Lists: hostOfLists, Wheels: hostOfWheels}
	err = withInstaller(ctx, temp, rule, func() error { return installDevice(kind, home) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("installing the XLA plugin for %s: %w", kind, err)
	}
	p, ok := OfKind(Find([]string{home, home + "/nvidia"}), kind)
	if err := rule.check(); err != nil {
		if ok && held.Err() == nil {
			err = errors.Join(err, os.Remove(p.Path))
		}
		return fmt.Errorf("installing the XLA plugin for %s: %w; it was not installed", kind, err)
	}
	if !ok {
		return fmt.Errorf("installing the XLA plugin for %s: go-xla's installer left none in %s", kind, home)
	}
	log.Info("XLA plugin installed", "device", kind, "path", p.Path)
	return nil
}
