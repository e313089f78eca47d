package pyenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// oldest is the oldest version of Python for which the requirements have pins.
const oldest = "3.9"

// A Python is an interpreter that can create environments.
type Python struct {
	Path    string
	Version string // such as 3.11.7
}

// PythonEnv is the environment variable that names the interpreter to use.
const PythonEnv = "LAG_PYTHON"

const inspect = `import json, sys, importlib.util as u
print(json.dumps({"Path": sys.executable, "Version": "%d.%d.%d" % sys.version_info[:3],
 "Lacks": [m for m in ("venv", "ensurepip") if u.find_spec(m) is None]}))`

// FindPython finds an interpreter: $LAG_PYTHON, or the first of the usual names
// that is new enough and has the modules venv and ensurepip. The error explains
// how to install one.
func FindPython(ctx context.Context) (Python, error) {
	names := []string{"python3"}
	for minor := 13; minor >= 9; minor-- {
		names = append(names, "python3."+strconv.Itoa(minor))
	}
	names = append(names, "python")
	if name := os.Getenv(PythonEnv); name != "" {
		names = []string{name}
	}
	p, err := choose(names, func(name string) (found, error) {
		path, err := exec.LookPath(name)
		if err != nil {
			return found{}, err
		}
		out, err := proc.Output(ctx, proc.Command{Args: []string{path, "-c", inspect}, Env: env})
		if err != nil {
			return found{}, err
		}
		var f found
		if err := strictjson.Unmarshal([]byte(out), &f); err != nil {
			return found{}, fmt.Errorf("%s printed %q: %w", path, out, err)
		}
		return f, nil
	})
	if ctx.Err() != nil { // what was stopped may work
		return Python{}, ctx.Err()
	}
	return p, err
}

// found describes an interpreter.
type found struct {
	Path, Version string
	Lacks         []string
}

func choose(names []string, look func(name string) (found, error)) (Python, error) {
	var why, fix string
	for _, name := range names {
		f, err := look(name)
		switch {
		case err != nil:
			if why == "" && !proc.Missing(err) {
				why = fmt.Sprintf("%s does not run (%v)", name, err)
			}
		case compare(f.Version, oldest) < 0:
			if why == "" {
				why = fmt.Sprintf("%s has version %s, but %s or newer is needed", f.Path, f.Version, oldest)
			}
		case len(f.Lacks) > 0:
			if fix == "" {
				why = fmt.Sprintf("%s (%s) lacks the module %s", f.Path, f.Version, strings.Join(f.Lacks, " and "))
				major, minor := numbers(f.Version)
				fix = install(fmt.Sprintf("python%d.%d-venv", major, minor))
			}
		default:
			return Python{f.Path, f.Version}, nil
		}
	}
	if why == "" {
		why = "none of " + strings.Join(names, ", ") + " is on the PATH"
	}
	if fix == "" {
		fix = install("python3 python3-venv")
	}
	return Python{}, &MissingError{why, fix}
}

// A MissingError is the error if no Python can create environments.
type MissingError struct {
	Why string
	Fix string // command that installs one; "" if it is not known for this system
}

func (e *MissingError) Error() string {
	advice := "install Python 3 with its modules venv and ensurepip"
	if e.Fix != "" {
		advice = "run `" + e.Fix + "`"
	}
	return fmt.Sprintf("no Python that can create environments: %s; %s, or name one in $%s", e.Why, advice, PythonEnv)
}

// install returns the command that installs packages, given by their names on
// Debian, or "" if it is not known for this system.
func install(packages string) string {
	if _, err := exec.LookPath("apt-get"); err == nil {
		return "sudo apt-get install " + packages
	}
	if _, err := exec.LookPath("dnf"); err == nil {
		return "sudo dnf install python3"
	}
	if runtime.GOOS == "darwin" {
		return "brew install python3"
	}
	return ""
}

// compare compares the first two numbers of versions. The result is negative if a
// is older than b.
func compare(a, b string) int {
	aMajor, aMinor := numbers(a)
	bMajor, bMinor := numbers(b)
	if aMajor != bMajor {
		return aMajor - bMajor
	}
	return aMinor - bMinor
}

func numbers(version string) (major, minor int) {
	parts := strings.SplitN(version, ".", 3)
	major, _ = strconv.Atoi(parts[0])
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	return major, minor
}
