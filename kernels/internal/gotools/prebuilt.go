package gotools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// prebuilt is a record of what was compiled. Asking the go command whether it
// has to compile anything reads all sources and all of Go's index of packages,
// which takes half a minute where the disk is slow and nothing is cached.
type prebuilt struct {
	Key    string // hash of what the compiled packages depend on
	Export string // a compiled package in Go's cache, which is gone if the cache was emptied
}

// fresh is how long a record counts. Go removes from its cache what nobody used
// for five days.
const fresh = 24 * time.Hour

func prebuiltPath(c checkout.Checkout) string { return c.Private("bin", "prebuilt.json") }

// isPrebuilt reports whether all that a key stands for is compiled already.
func isPrebuilt(c checkout.Checkout, key string) bool {
	info, err := os.Stat(prebuiltPath(c))
	if err != nil || key == "" || time.Since(info.ModTime()) > fresh {
		return false
	}
	var p prebuilt
	text, err := os.ReadFile(prebuiltPath(c))
	if err != nil || json.Unmarshal(text, &p) != nil || p.Key != key {
		return false
	}
	_, err = os.Stat(p.Export)
	return err == nil
}

// rememberPrebuilt records that all that a key stands for is compiled. If that
// fails, the go command is asked again next time, so there is no error.
func rememberPrebuilt(ctx context.Context, c checkout.Checkout, key, pkg string) {
	out, err := proc.Output(ctx, proc.Command{Args: []string{"go", "list", "-export", "-f", "{{.Export}}", pkg}, Dir: c.Root})
	if err != nil || key == "" {
		return
	}
	text, err := json.MarshalIndent(prebuilt{key, strings.TrimSpace(out)}, "", "  ")
	if err == nil && os.MkdirAll(filepath.Dir(prebuiltPath(c)), 0o755) == nil {
		_ = atomicfile.WriteBytes(prebuiltPath(c), text)
	}
}

// settings are the variables of `go env` that change what is compiled.
var settings = []string{"GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOROOT", "GOCACHE", "GOMODCACHE", "GOFLAGS", "GOEXPERIMENT", "GODEBUG", "CGO_ENABLED", "CC", "CXX", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_LDFLAGS"}

// prebuiltKey returns a hash of what the packages that notebooks import depend
// on: Go and its settings, go.mod, go.sum, and the files of lag and data that
// are no tests. It is "" if that cannot be read.
func prebuiltKey(ctx context.Context, c checkout.Checkout) string {
	env, err := proc.Output(ctx, proc.Command{Args: append([]string{"go", "env"}, settings...), Dir: c.Root})
	if err != nil {
		return ""
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n", runtime.Version(), env)
	file := func(path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(c.Root, path)
		fmt.Fprintf(sum, "%q %x\n", name, sha256.Sum256(text))
		return err
	}
	err = errors.Join(file(filepath.Join(c.Root, "go.mod")), file(filepath.Join(c.Root, "go.sum")))
	for _, dir := range []string{"data", "lag"} {
		err = errors.Join(err, filepath.WalkDir(filepath.Join(c.Root, dir), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				if name := entry.Name(); name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
					return filepath.SkipDir
				}
				return nil
			case strings.HasSuffix(path, "_test.go") || !entry.Type().IsRegular():
				return nil
			}
			return file(path)
		}))
	}
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}
