package plugin

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/progress"
)

// A Wheel is a package on PyPI with a plugin.
type Wheel struct {
	Package, Version string
	Size             int64  // size of the wheel in bytes
	SHA256           string // sha256 of the wheel
	Member           string // the plugin's path in the wheel
	MemberSHA256     string
	API              string // PJRT version of the plugin, for the name of the installed file
}

// Wheels are the wheels with a plugin for CPU, by platform.
//
// fastatomstruct-xla-cpu is an unmodified build of zml/pjrt-artifacts
// (Apache-2.0). It was the fastest that ran with go-xla v0.4.1.
var Wheels = map[string]Wheel{
	"linux/amd64": {
		Package: "fastatomstruct-xla-cpu", Version: "2026.6.23", Size: 63_200_622,
		SHA256:       "88b1c430b341b4bea40a37420311c9c75db6e22b46d2ff95b6986577bee6afe9",
		Member:       "fastatomstruct_xla_cpu/libpjrt_cpu.so",
		MemberSHA256: "0a0fe56ca17be9efc7b942e89e534e5e0ad4a0f1e369b66d27b62184509015b9",
		API:          "0.106.0",
	},
}

// fileName returns the file name of the installed plugin. go-xla uses a plugin
// called cpu_v0.106.0 if asked for cpu.
func (w Wheel) fileName() string { return "pjrt_c_api_cpu_v" + w.API + "_plugin.so" }

// install downloads the wheel with pip of the private Python environment, which
// follows the user's settings for indexes and proxies, and installs the plugin
// in dir.
func (w Wheel) install(ctx context.Context, python string, pipEnv []string, temp, dir string) (path string, err error) {
	file, err := w.download(ctx, python, pipEnv, temp)
	if err != nil {
		return "", err
	}
	if err := verify(file, w.SHA256); err != nil {
		return "", err
	}
	return w.extract(file, dir)
}

// slack is the size in bytes of what pip writes beside a wheel.
const slack = 16 << 20

func (w Wheel) download(ctx context.Context, python string, pipEnv []string, temp string) (string, error) {
	requirement := filepath.Join(temp, "plugin.txt")
	text := fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.Package, w.Version, w.SHA256)
	if err := os.WriteFile(requirement, []byte(text), 0o644); err != nil {
		return "", err
	}
	task := progress.Start("downloading the XLA CPU plugin from PyPI", w.Size, "bytes")
	defer task.End()
	// pip downloads to TMPDIR first, where the size of the files shows the progress.
	bounded, tooMuch := context.WithCancelCause(ctx)
	watched, stop := context.WithCancel(bounded)
	defer stop()
	go func() {
		ticker := time.NewTicker(300 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-ticker.C:
				size := sizeUnder(temp)
				if size > 2*w.Size+slack { // pip writes the wheel twice
					tooMuch(tooLong("the wheel", w.Size))
				}
				task.Set(min(size, w.Size), "")
			}
		}
	}()
	err := proc.Run(bounded, proc.Command{
		Args: []string{python, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:",
			"--progress-bar", "off", "-d", filepath.Join(temp, "wheel"), "-r", requirement},
		Env: append(pipEnv, "TMPDIR="+temp),
	})
	if err != nil {
		if cause := context.Cause(bounded); cause != nil && ctx.Err() == nil {
			err = cause
		}
		return "", fmt.Errorf("downloading %s %s from PyPI: %w", w.Package, w.Version, err)
	}
	files, err := checkout.Files(filepath.Join(temp, "wheel"), "", ".whl")
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("downloading %s %s from PyPI: pip left %s, want one wheel", w.Package, w.Version, plain.Count(len(files), "file"))
	}
	return files[0], nil
}

func sizeUnder(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // pip removes files at the same time
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}

// extract writes the plugin under a temporary name that go-xla ignores, checks
// it, and renames it.
func (w Wheel) extract(wheel, dir string) (path string, err error) {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return "", fmt.Errorf("opening %s: %w", wheel, err)
	}
	defer func() { _ = archive.Close() }()
	member, err := archive.Open(w.Member)
	if err != nil {
		return "", fmt.Errorf("%s has no %s: %w", wheel, w.Member, err)
	}
	defer func() { _ = member.Close() }()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("installing the plugin: %w", err)
	}
	temp, err := os.CreateTemp(dir, ".installing-*")
	if err != nil {
		return "", fmt.Errorf("installing the plugin: %w", err)
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	sum := sha256.New()
	if _, err = io.Copy(io.MultiWriter(temp, sum), member); err != nil {
		return "", fmt.Errorf("unpacking %s: %w", w.Member, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != w.MemberSHA256 {
		err = &SumError{w.Member, got, w.MemberSHA256}
		return "", err
	}
	if err = temp.Chmod(0o755); err != nil {
		return "", fmt.Errorf("installing the plugin: %w", err)
	}
	if err = temp.Close(); err != nil {
		return "", fmt.Errorf("installing the plugin: %w", err)
	}
	path = filepath.Join(dir, w.fileName())
	if err = os.Rename(temp.Name(), path); err != nil {
		return "", fmt.Errorf("installing the plugin: %w", err)
	}
	return path, nil
}

// A SumError reports a file with the wrong sha256.
type SumError struct{ File, Got, Want string }

func (e *SumError) Error() string {
	return fmt.Sprintf("%s has sha256 %s, want %s: damaged or not the expected file; nothing was installed from it", e.File, e.Got, e.Want)
}

// verify checks the sha256 of a file.
func verify(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("checking %s: %w", file, err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("checking %s: %w", file, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return &SumError{file, got, want}
	}
	return nil
}
