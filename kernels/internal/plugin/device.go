package plugin

import (
	"context"
	"fmt"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// Versions of the plugins for other devices on PyPI. The one for CUDA is of the
// XLA that was tried on CPU with PJRT 0.115; neither was tried on its device.
const (
	cudaPackage, cudaVersion = "cuda13", "0.11.2" // jax-cuda13-pjrt
	tpuPackage, tpuVersion   = "tpu", "0.0.52"    // libtpu
)

// EnsureDevice installs go-xla's plugin for "cuda" or "tpu" unless one is
// found. go-xla's installer takes them from PyPI and checks the sha256 that
// PyPI states. The plugin itself comes last, so an interrupted installation is
// not taken for a complete one.
func EnsureDevice(ctx context.Context, c checkout.Checkout, kind string) error {
	if p, ok := OfKind(Find(SearchPath()), kind); ok {
		log.Info("XLA plugin ready", "device", kind, "path", p.Path)
		return nil
	}
	home, err := Home()
	if err != nil {
		return fmt.Errorf("finding the directory for XLA plugins: %w", err)
	}
	temp, remove, err := c.Temp("plugin")
	if err != nil {
		return err
	}
	defer remove()
	log.Info("installing go-xla's plugin and the libraries it needs; for CUDA these are several GB", "device", kind)
	err = withInstaller(ctx, temp, func() error { return installDevice(kind, home) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("installing the XLA plugin for %s: %w", kind, err)
	}
	p, ok := OfKind(Find([]string{home, home + "/nvidia"}), kind)
	if !ok {
		return fmt.Errorf("installing the XLA plugin for %s: go-xla's installer left none in %s", kind, home)
	}
	log.Info("XLA plugin installed", "device", kind, "path", p.Path)
	return nil
}
