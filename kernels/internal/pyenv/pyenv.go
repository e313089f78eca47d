// Package pyenv creates the private Python environment with JupyterLab. It uses
// the versions of requirements.txt and checks the sha256 of each file.
package pyenv

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/progress"
)

//go:embed requirements.txt
var requirements string

// stampName is the name of a file in every complete environment.
const stampName = "lag.json"

// A stamp describes an environment. An environment whose stamp differs is
// replaced, also after the checkout was moved, because scripts contain absolute
// paths.
type stamp struct {
	Requirements string // sha256 of requirements.txt
	Root         string // path of the checkout
	Python       string // version of the interpreter
}

// env is the environment for pip. It keeps the user's settings for where to
// download from, and turns off those for where to install to.
var env = []string{"PIP_USER=0", "PIP_REQUIRE_VIRTUALENV=0", "PIP_TARGET=", "PIP_PREFIX=", "PIP_DISABLE_PIP_VERSION_CHECK=1",
	"PIP_NO_INPUT=1", "PYTHONNOUSERSITE=1", "PYTHONPATH=", "PYTHONUNBUFFERED=1"}

// Env returns the environment variables for pip of the private environment.
func Env() []string { return append([]string(nil), env...) }

// Ready reports whether the environment is complete and up to date, and returns
// its Python version.
func Ready(c checkout.Checkout) (version string, ok bool) {
	version, err := Check(c)
	return version, err == nil
}

// Check returns the Python version of the environment, or why it cannot be used.
func Check(c checkout.Checkout) (version string, err error) {
	if _, err := os.Stat(c.Venv()); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no private Python environment yet, in %s", c.Venv())
	}
	data, err := os.ReadFile(filepath.Join(c.Venv(), stampName))
	var s stamp
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("the Python environment %s is incomplete or damaged: %w", c.Venv(), err)
	case s.Root != c.Root:
		return "", fmt.Errorf("the Python environment was made for the checkout in %s, and its programs contain that path; this checkout was moved or copied", s.Root)
	case s.Requirements != sum():
		return "", fmt.Errorf("the Python environment %s has other versions than this checkout pins", c.Venv())
	}
	// The interpreter is a link to the system's, which may have been removed.
	if _, err := os.Stat(c.Python()); err != nil {
		return "", fmt.Errorf("the Python %s from which the environment was made is gone: %w", s.Python, err)
	}
	return s.Python, nil
}

func sum() string {
	h := sha256.Sum256([]byte(requirements))
	return hex.EncodeToString(h[:])
}

// Ensure creates the environment unless it is ready. It builds it under a
// temporary name and links .lag/venv to it when it is complete.
func Ensure(ctx context.Context, c checkout.Checkout) error {
	if version, ok := Ready(c); ok {
		log.Info("JupyterLab ready", "version", Version("jupyterlab", version), "python", version)
		return nil
	}
	python, err := FindPython(ctx)
	if err != nil {
		return err
	}
	removeAbandoned(c)
	log.Info("creating a Python environment", "python", python.Version, "in", c.Venv())
	dir, err := os.MkdirTemp(c.Private(), "venv-")
	if err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	complete := false
	defer func() {
		if !complete {
			_ = os.RemoveAll(dir)
		}
	}()
	task := progress.Start("installing JupyterLab", 0, "packages")
	defer task.End()
	if err := build(ctx, python, dir, task); err != nil {
		return err
	}
	if err := WriteStamp(c, dir, python.Version); err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	if err := link(c.Venv(), dir); err != nil {
		return fmt.Errorf("linking the Python environment: %w", err)
	}
	complete = true
	task.End()
	removeAbandoned(c)
	log.Info("JupyterLab installed", "version", Version("jupyterlab", python.Version), "took", task.Seconds())
	return nil
}

// WriteStamp marks the environment in dir, made by a version of Python, as the
// complete one of a checkout.
func WriteStamp(c checkout.Checkout, dir, python string) error {
	data, err := json.MarshalIndent(stamp{sum(), c.Root, python}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stampName), data, 0o644)
}

func build(ctx context.Context, python Python, dir string, task *progress.Task) error {
	task.Set(0, "creating the environment")
	if err := proc.Run(ctx, proc.Command{Args: []string{python.Path, "-m", "venv", dir}, Env: env}); err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	file := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(file, []byte(requirements), 0o644); err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	pip := pipOutput{total: strings.Count(requirements, "==")}
	err := proc.Run(ctx, proc.Command{
		Args: []string{checkout.PythonOf(dir), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:",
			"--progress-bar", "off", "--no-warn-script-location", "-r", file},
		Env: env,
		Line: func(line string) {
			pip.read(line)
			task.SetTotal(int64(pip.total))
			task.Set(int64(pip.done), pip.detail)
		},
	})
	if err != nil {
		return fmt.Errorf("installing JupyterLab with pip: %w", err)
	}
	return nil
}

// pipOutput parses the output of pip install.
type pipOutput struct {
	total, done int
	detail      string
}

var pipLine = regexp.MustCompile(`^\s*(Ignoring|Collecting|Downloading|Using cached|Installing collected)\s*([^\s:;]*)`)

func (p *pipOutput) read(line string) {
	m := pipLine.FindStringSubmatch(line)
	if m == nil {
		return
	}
	switch m[1] {
	case "Ignoring": // a requirement for another Python or platform
		p.total--
	case "Collecting":
		p.done++
		p.detail, _, _ = strings.Cut(m[2], "==")
	case "Installing collected":
		p.done, p.detail = p.total, "unpacking"
	}
}

// link atomically makes name a link to dir.
func link(name, dir string) error {
	if info, err := os.Lstat(name); err == nil && info.Mode()&os.ModeSymlink == 0 {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	temp := name + ".new"
	_ = os.Remove(temp)
	if err := os.Symlink(filepath.Base(dir), temp); err != nil {
		return err
	}
	return os.Rename(temp, name)
}

// removeAbandoned removes environments that nothing links to: old ones and
// those of killed set-ups.
func removeAbandoned(c checkout.Checkout) {
	used, _ := os.Readlink(c.Venv())
	dirs, _ := checkout.Files(c.Private(), "venv-", "")
	for _, dir := range dirs {
		if filepath.Base(dir) != used {
			_ = os.RemoveAll(dir)
		}
	}
}

// Version returns the pinned version of a package for a version of Python, or
// "". If several pins apply, it returns the last.
func Version(name, python string) string {
	pin := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `==(\S+)(?: ; python_full_version (<|>=|==) '([0-9.*]+)')?`)
	var version string
	for _, m := range pin.FindAllStringSubmatch(requirements, -1) {
		order := compare(python, strings.TrimSuffix(m[3], ".*"))
		if m[2] == "" || m[2] == "<" && order < 0 || m[2] == ">=" && order >= 0 ||
			m[2] == "==" && strings.HasPrefix(python+".", strings.TrimSuffix(m[3], "*")) {
			version = m[1]
		}
	}
	return version
}
