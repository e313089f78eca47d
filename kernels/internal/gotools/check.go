package gotools

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/landscape-aware/growing/kernels/internal/binary"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// Check returns why the tool in the private bin directory cannot be used, or nil
// if it is whole, of the right version, and built by this Go release for this
// machine. (gopls must not be older than the Go release whose code it reads.)
func (t Tool) Check(c checkout.Checkout) error {
	path := c.Bin(t.Name)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("it is missing: there is no %s", path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case runtime.GOOS != "windows" && info.Mode()&0o100 == 0:
		return fmt.Errorf("%s may not be executed (mode %s)", path, info.Mode())
	}
	if err := binary.Check(path); err != nil {
		return fmt.Errorf("%s cannot run: %w", path, err)
	}
	build, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s is another program, not one of Go: %w", path, err)
	}
	if err := t.judge(build); err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return nil
}

// judge returns what is wrong with how a program was built.
func (t Tool) judge(build *buildinfo.BuildInfo) error {
	os, arch, tags := runtime.GOOS, runtime.GOARCH, ""
	for _, s := range build.Settings {
		switch s.Key {
		case "GOOS":
			os = s.Value
		case "GOARCH":
			arch = s.Value
		case "-tags":
			tags = s.Value
		}
	}
	switch {
	case build.Path != t.Package || build.Main.Path != t.Module:
		return fmt.Errorf("is another program: %s", build.Path)
	case os != runtime.GOOS || arch != runtime.GOARCH:
		return fmt.Errorf("was built for %s/%s, and this is %s/%s", os, arch, runtime.GOOS, runtime.GOARCH)
	case build.GoVersion != runtime.Version():
		return fmt.Errorf("was built by %s, and this is %s", build.GoVersion, runtime.Version())
	case build.Main.Version != t.Version:
		return fmt.Errorf("has version %s, not %s", build.Main.Version, t.Version)
	case tags != patchTag(t.Name):
		return fmt.Errorf("was built without the changes of this version of the notebooks")
	}
	return nil
}
