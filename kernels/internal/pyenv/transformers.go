package pyenv

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/progress"
)

// peers are the versions of PyTorch and transformers. They are not checked by hash: the
// files differ between PyPI and PyTorch's index.
//
//go:embed transformers.txt
var peers string

// oldestForPeers is the oldest version of Python that peers can be installed for.
const oldestForPeers = "3.11"

// torchIndex has builds of PyTorch without CUDA, which are ten times smaller than that
// of PyPI for Linux on x86-64.
const torchIndex = "https://download.pytorch.org/whl/cpu"

// Transformers returns the directory of the environment with transformers 5 and PyTorch.
func Transformers(c checkout.Checkout) string { return c.Private("transformers") }

// TransformersReady reports whether that environment is complete and up to date.
func TransformersReady(c checkout.Checkout) bool {
	dir := Transformers(c)
	text, err := os.ReadFile(filepath.Join(dir, stampName))
	if err != nil || string(text) != transformersStamp(c) {
		return false
	}
	_, err = os.Stat(checkout.PythonOf(dir)) // a link to the system's, which may have been removed
	return err == nil
}

// transformersStamp is what the stamp of a complete environment holds. Scripts of an
// environment contain its path.
func transformersStamp(c checkout.Checkout) string { return c.Root + "\n" + peers }

// EnsureTransformers creates the environment with transformers 5 and PyTorch for the
// CPU unless it is ready. It is for checking exported models, and nothing else needs it.
func EnsureTransformers(ctx context.Context, c checkout.Checkout) error {
	dir := Transformers(c)
	if TransformersReady(c) {
		log.Info("transformers ready", "python", checkout.PythonOf(dir))
		return nil
	}
	python, err := FindPython(ctx)
	if err != nil {
		return err
	}
	if compare(python.Version, oldestForPeers) < 0 {
		return fmt.Errorf("transformers 5 needs Python %s or newer, but %s is %s; name a newer one in $%s", oldestForPeers, python.Path, python.Version, PythonEnv)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing an incomplete environment: %w", err)
	}
	cpuOnly := runtime.GOOS == "linux" && answers(ctx, torchIndex+"/torch/")
	size := "PyPI's PyTorch: up to 3 GB to download, 6 GB on the disk"
	if cpuOnly || runtime.GOOS != "linux" {
		size = "PyTorch for the CPU: 250 MB to download, 1 GB on the disk"
	}
	log.Info("creating a Python environment with transformers", "python", python.Version, "in", dir, "with", size)
	if err := proc.Run(ctx, proc.Command{Args: []string{python.Path, "-m", "venv", dir}, Env: env}); err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	file := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(file, []byte(peers), 0o644); err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	task := progress.Start("installing transformers", int64(strings.Count(peers, "==")), "packages")
	defer task.End()
	if cpuOnly {
		torch := regexp.MustCompile(`(?m)^torch==.*$`).FindString(peers)
		if err := pipInstall(ctx, dir, task, "--no-deps", "--index-url", torchIndex, torch); err != nil {
			return err
		}
	}
	if err := pipInstall(ctx, dir, task, "-r", file); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, stampName), []byte(transformersStamp(c)), 0o644); err != nil {
		return fmt.Errorf("creating the Python environment: %w", err)
	}
	task.End()
	log.Info("transformers installed", "python", checkout.PythonOf(dir), "took", task.Seconds())
	return nil
}

// pipInstall installs packages into an environment.
func pipInstall(ctx context.Context, dir string, task *progress.Task, what ...string) error {
	pip := pipOutput{total: strings.Count(peers, "==")}
	err := proc.Run(ctx, proc.Command{
		Args: append([]string{checkout.PythonOf(dir), "-m", "pip", "install", "--no-cache-dir", "--only-binary", ":all:", "--progress-bar", "off", "--no-warn-script-location"}, what...),
		Env:  env,
		Line: func(line string) {
			pip.read(line)
			task.SetTotal(int64(max(pip.total, pip.done)))
			task.Set(int64(pip.done), pip.detail)
		},
	})
	if err != nil {
		return fmt.Errorf("installing transformers with pip: %w", err)
	}
	return nil
}

// answers reports whether there is something at an address.
func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return false
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}
