package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/gotools"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
	"github.com/landscape-aware/growing/kernels/internal/pyenv"
)

func setup(ctx context.Context, c checkout.Checkout, args []string) error {
	var noXLA, noPackages bool
	var device string
	rest, err := parse("setup", args, func(f *flag.FlagSet) {
		f.BoolVar(&noXLA, "no-xla", false, "do not install the XLA CPU plugin (63 MB to download, 274 MB on disk): notebooks then run on the pure-Go backend")
		f.BoolVar(&noPackages, "no-packages", false, "install the programs only: do not compile what notebooks import, as for a layer of an image that is made before the sources are there")
		f.StringVar(&device, "device", "", "`kind` of device, cuda or tpu, whose XLA plugin to install too (linux/amd64; several GB for CUDA)")
	})
	if err == nil {
		err = noArgs(rest)
	}
	if err == nil && device != "" && !slices.Contains(plugin.Devices, device) {
		err = fmt.Errorf("%w: -device %q is not one of %s", errUsage, device, strings.Join(plugin.Devices, ", "))
	}
	if err != nil {
		return err
	}
	if err := ensure(ctx, c, parts{xla: !noXLA, device: device, noPackages: noPackages}); err != nil || noPackages {
		return err
	}
	if err := refreshCopies(c); err != nil {
		return err
	}
	prepareCompletion(ctx, c)
	return ctx.Err()
}

// parts are the optional parts of a set-up.
type parts struct {
	xla    bool   // the XLA plugin for CPU
	device string // another device whose XLA plugin to install; "" for none

	noPackages bool // compile nothing that notebooks import
}

// usual are the parts that lab and run need.
var usual = parts{xla: true}

// ensure installs what is missing. Several processes may call it at the same
// time: one works while the others wait.
func ensure(ctx context.Context, c checkout.Checkout, want parts) error {
	return locked(ctx, c, func(ctx context.Context) error { return install(ctx, c, want) })
}

// locked does a part of a set-up while no other process does.
func locked(ctx context.Context, c checkout.Checkout, do func(context.Context) error) (err error) {
	if err := os.MkdirAll(c.Private(), 0o755); err != nil {
		return fmt.Errorf("creating the private directory: %w", err)
	}
	held, err := dirlock.Wait(ctx, c.Private(), sync.OnceFunc(func() { log.Info("waiting for another set-up of this checkout to end") }))
	if err != nil {
		return err
	}
	defer func() {
		if lost := held.Err(); err != nil && lost != nil {
			err = lost // what fails without the lock fails because of that
		}
		_ = held.Unlock()
	}()
	return do(held.Context())
}

// install installs what is missing. The caller holds the lock.
func install(ctx context.Context, c checkout.Checkout, want parts) error {
	start := time.Now()
	_ = os.RemoveAll(c.Private("tmp")) // left by a killed set-up; we hold the lock
	if err := pyenv.Ensure(ctx, c); err != nil {
		return err
	}
	if err := gotools.Ensure(ctx, c); err != nil {
		return err
	}
	if want.xla {
		if err := ensurePlugin(ctx, c); err != nil {
			return err
		}
	}
	if want.device != "" {
		if err := plugin.EnsureDevice(ctx, c, want.device); err != nil {
			return err
		}
	}
	goProgram, err := kernelspec.LookGo()
	if err != nil {
		return err
	}
	plugins := plugin.Find(plugin.SearchPath())
	offered, err := kernelspec.Install(c, goProgram, kernelspec.Offered(plugins))
	if err != nil {
		return err
	}
	kernelspec.PruneLogs(c)
	if !want.noPackages {
		if err := gotools.Prebuild(ctx, c); err != nil {
			return err
		}
	}
	log.Info("set up", "kernels", strings.Join(offered, "; "), "took", time.Since(start).Round(100*time.Millisecond))
	return nil
}

// ensurePlugin installs the XLA plugin for CPU. If there is none for this
// platform it only warns, because notebooks then run on the pure-Go backend.
func ensurePlugin(ctx context.Context, c checkout.Checkout) error {
	err := plugin.Ensure(ctx, c, pyenv.Env())
	if errors.Is(err, plugin.ErrNone) {
		log.Warn(err.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; use `go run ./kernels setup -no-xla` to continue without it", err)
	}
	if _, err := exec.LookPath("cc"); err != nil {
		if _, err := exec.LookPath("gcc"); err != nil {
			log.Warn("no C compiler: XLA cannot be used, only the pure-Go backend", "fix", "sudo apt-get install gcc libc6-dev")
		}
	}
	return nil
}
