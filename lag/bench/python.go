package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag/backend/programs"
)

//go:embed requirements.txt
var requirements string

//go:embed peers/*.py
var peersFiles embed.FS

// torchIndex has builds of PyTorch without CUDA, which are ten times smaller
// than that of PyPI for Linux on x86-64.
const torchIndex = "https://download.pytorch.org/whl/cpu"

// pythonEnv makes the peers' Python environment unless it is there, with the
// versions of requirements.txt. For CUDA it takes PyPI's PyTorch.
func pythonEnv(ctx context.Context, dir string, cuda bool) error {
	python := filepath.Join(dir, "bin", "python")
	stamp := filepath.Join(dir, "requirements.txt") // written when all else is there
	if text, err := os.ReadFile(stamp); err == nil && string(text) == requirements {
		return nil
	}
	log.Info("making the peers' Python environment; with PyPI's PyTorch it takes 3 GB to download and 6 GB on the disk", "in", dir)
	base := os.Getenv("LAG_PYTHON")
	if base == "" {
		base = "python3"
	}
	if err := command(ctx, base, "-m", "venv", dir); err != nil {
		return fmt.Errorf("the peers need Python 3.11 or later with venv; $LAG_PYTHON may name one: %w", err)
	}
	file := filepath.Join(dir, "pins.txt")
	if err := os.WriteFile(file, []byte(requirements), 0o666); err != nil {
		return err
	}
	install := []string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"}
	if !cuda && answers(ctx, torchIndex+"/torch/") {
		torch := regexp.MustCompile(`(?m)^torch==.*$`).FindString(requirements)
		if err := command(ctx, python, append(install, "--no-deps", "--index-url", torchIndex, torch)...); err != nil {
			return err
		}
	}
	if err := command(ctx, python, append(install, "-r", file)...); err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(requirements), 0o666)
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

// command runs a program. What it writes goes to this program's standard error.
func command(ctx context.Context, name string, arguments ...string) error {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(arguments, " "), err)
	}
	return nil
}

// writePeers writes the peers' programs to a directory.
func writePeers(dir string) error {
	entries, err := peersFiles.ReadDir("peers")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := fs.ReadFile(peersFiles, "peers/"+entry.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, entry.Name()), text, 0o666)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ownName is lag's name as a contestant.
const ownName = "lag"

// Names of the peers.
const (
	torchEager   = "torch-eager"
	torchCompile = "torch-compile"
	torchAll     = "torch-compile-all"
	torchTuned   = "torch-compile-tuned"
	jaxPlain     = "jax"
	jaxTuned     = "jax-tuned"
)

// tunedAllocator are glibc's settings as lag sets them for itself (package
// backend): one arena, nothing given back, huge pages.
var tunedAllocator = []string{
	"MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=2147483647", "MALLOC_MMAP_MAX_=0", "MALLOC_TOP_PAD_=67108864",
	"GLIBC_TUNABLES=glibc.malloc.hugetlb=1",
}

// peers are the programs to compare with.
type peers struct {
	python, programs string // interpreter, and directory of the programs
	cache            string // directory for compiled programs, empty at first
	threads          int
	device           string // PyTorch's
}

// env returns the variables of all peers' processes.
func (p peers) env(threads int) []string {
	return []string{
		fmt.Sprintf("OMP_NUM_THREADS=%d", threads), "JAX_PLATFORMS=" + p.device, "PYTHONNOUSERSITE=1", "HF_HUB_OFFLINE=1",
		"TORCHINDUCTOR_CACHE_DIR=" + filepath.Join(p.cache, "inductor"),
	}
}

// matrixRate returns the device's FLOP/s in a large matrix product in bfloat16.
func (p peers) matrixRate(ctx context.Context) (rate float64, err error) {
	out, err := exec.CommandContext(ctx, p.python, filepath.Join(p.programs, "matmul.py"), p.device).Output()
	if err == nil {
		err = json.Unmarshal(out, &rate)
	}
	if err != nil {
		return 0, fmt.Errorf("the rate of matrix products: %w", err)
	}
	return rate, nil
}

// cold makes lag compile its programs, as the peers do.
var cold = []string{programs.Env + "=" + programs.Off}

// named returns the contestants with the given names, lag first.
func (p peers) named(names []string) ([]contestant, error) {
	own, err := executable()
	if err != nil {
		return nil, err
	}
	torch := func(mode string, env ...string) contestant {
		// A cache of its own, so that none finds what another has compiled.
		env = append(env, "TORCHINDUCTOR_CACHE_DIR="+filepath.Join(p.cache, "inductor-"+mode))
		return contestant{command: []string{p.python, filepath.Join(p.programs, "torch_steps.py"), mode}, env: append(p.env(p.threads), env...)}
	}
	jax := func(env ...string) contestant {
		return contestant{command: []string{p.python, filepath.Join(p.programs, "jax_steps.py")}, env: append(p.env(p.threads), env...)}
	}
	known := map[string]contestant{
		torchEager: torch("eager"), torchCompile: torch("compile"), torchAll: torch("compile-all"),
		torchTuned: torch("compile", tunedAllocator...), jaxPlain: jax(), jaxTuned: jax(tunedAllocator...),
	}
	list := []contestant{{name: ownName, command: own, env: cold}}
	for _, name := range names {
		c, ok := known[name]
		if !ok {
			return nil, errors.New("there is no peer " + name + "; they are " + strings.Join([]string{torchEager, torchCompile, torchAll, torchTuned, jaxPlain, jaxTuned}, ", "))
		}
		c.name = name
		list = append(list, c)
	}
	return list, nil
}
