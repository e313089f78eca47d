// Package doctor reports what works on this machine and what is missing, with
// its cause and the command to fix it.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/gotools"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/plugin"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/pyenv"
	"github.com/landscape-aware/growing/lag/backend/programs"
)

// A Finding is the result of checking one component.
type Finding struct {
	Name   string
	Status Status
	Text   string // one line: the cause, if something is wrong
	Fix    string // command that fixes the problem; "" if there is none
}

// A Status says whether a component works.
type Status int

const (
	Works   Status = iota
	Absent         // missing, but not needed to run notebooks on the CPU
	Missing        // missing and needed
)

// Commands that fix a problem.
const (
	setup     = "go run ./kernels setup"
	again     = "go run ./kernels doctor"
	newPython = "rm -r .lag/venv && " + setup
)

// Examine checks all components and calls tell with each finding at once. It
// reports whether notebooks run with GoNB on a CPU backend. If the context is
// canceled it stops, and tells nothing of what it was checking: that may work.
func Examine(ctx context.Context, c checkout.Checkout, tell func(Finding)) bool {
	return examine(ctx, c, gotools.BuildProbe, tell)
}

func examine(ctx context.Context, c checkout.Checkout, buildProbe func(context.Context, checkout.Checkout) (string, error), tell func(Finding)) bool {
	ok := true
	for _, check := range []func(context.Context, checkout.Checkout) []Finding{
		goVersion, compiler, python, tools, kernels,
		func(ctx context.Context, c checkout.Checkout) []Finding { return backends(ctx, c, buildProbe) },
		compiledPrograms,
	} {
		found := check(ctx, c)
		if ctx.Err() != nil {
			return false
		}
		for _, f := range found {
			ok = ok && f.Status != Missing
			f.Text = strings.Join(strings.FieldsFunc(f.Text, func(r rune) bool { return r == '\n' }), "; ")
			tell(f)
		}
	}
	return ok
}

func goVersion(context.Context, checkout.Checkout) []Finding {
	return []Finding{{Name: "Go", Text: runtime.Version() + " " + plugin.Platform()}}
}

func compiler(ctx context.Context, c checkout.Checkout) []Finding {
	const without = "; XLA cannot be used without it, the pure-Go backend can"
	f := Finding{Name: "C compiler", Status: Absent}
	out, err := proc.Output(ctx, proc.Command{Args: []string{"go", "env", "CC", "CGO_ENABLED"}, Dir: c.Root})
	cc, enabled, _ := strings.Cut(out, "\n")
	words := strings.Fields(cc)
	if len(words) == 0 {
		words = []string{"cc"}
	}
	path, lookErr := exec.LookPath(words[0])
	switch {
	case err != nil:
		f.Text, f.Fix = "the go command fails: "+reason(err), again
	case os.Getenv("CGO_ENABLED") == "0":
		f.Text, f.Fix = "it is turned off by the environment variable CGO_ENABLED=0"+without, "unset CGO_ENABLED"
	case lookErr != nil:
		f.Text, f.Fix = words[0]+" is not on the PATH"+without, installCompiler()
	case enabled == "0":
		f.Text, f.Fix = "it is turned off by CGO_ENABLED=0 in "+"`go env`"+without, "go env -u CGO_ENABLED"
	default:
		if err := compiles(ctx, words); err != nil {
			f.Text, f.Fix = path+" does not compile: "+reason(err)+without, installCompiler()
			break
		}
		f.Status, f.Text = Works, path+", cgo on"
	}
	return []Finding{f}
}

// compiles reports why a compiler cannot make a program: often the headers of
// the C library are not installed.
func compiles(ctx context.Context, cc []string) error {
	dir, err := os.MkdirTemp("", "lag-doctor-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	source := dir + "/a.c"
	if err := os.WriteFile(source, []byte("#include <stdlib.h>\nint main(void) { return abs(0); }\n"), 0o644); err != nil {
		return err
	}
	return proc.Run(ctx, proc.Command{Args: append(append([]string{}, cc...), "-o", dir+"/a.out", source), Dir: dir})
}

func installCompiler() string {
	if _, err := exec.LookPath("dnf"); err == nil {
		return "sudo dnf install gcc glibc-devel"
	}
	switch runtime.GOOS {
	case "darwin":
		return "xcode-select --install"
	case "windows":
		return "winget install BrechtSanders.WinLibs.POSIX.UCRT"
	}
	return "sudo apt-get install gcc libc6-dev"
}

func python(ctx context.Context, c checkout.Checkout) []Finding {
	version, bad := pyenv.Check(c)
	f := Finding{Name: "Python"}
	if p, err := pyenv.FindPython(ctx); err == nil {
		f.Text = p.Version + " " + p.Path
	} else {
		f.Status, f.Text = Missing, err.Error()
		if missing, ok := errors.AsType[*pyenv.MissingError](err); ok {
			f.Text, f.Fix = "none that can create environments: "+missing.Why, missing.Fix
		}
		if bad == nil {
			f.Status, f.Text = Absent, f.Text+" (the private environment is there, though)"
		}
	}
	lab := Finding{Name: "JupyterLab", Status: Missing}
	if bad != nil {
		lab.Text, lab.Fix = bad.Error(), setup
		return []Finding{f, lab}
	}
	out, err := proc.Output(ctx, proc.Command{Args: []string{c.Python(), "-c",
		"import jupyterlab, nbclient; print(jupyterlab.__version__, nbclient.__version__)"}, Env: c.JupyterEnv(), Drop: checkout.JupyterVariables})
	switch signal := stoppedBy(err); {
	case signal != "":
		lab.Text, lab.Fix = "its Python was stopped from outside ("+signal+"), so nothing is known of it", again
	case err != nil:
		lab.Text, lab.Fix = "the Python environment "+c.Venv()+" is damaged: "+reason(err), newPython
	default:
		jupyter, client, _ := strings.Cut(out, " ")
		lab.Status, lab.Text = Works, fmt.Sprintf("%s, nbclient %s, Python %s, in %s", jupyter, client, version, c.Venv())
	}
	return []Finding{f, lab}
}

func tools(ctx context.Context, c checkout.Checkout) (found []Finding) {
	want, err := gotools.Want(ctx, c)
	if err != nil {
		return []Finding{{"Go tools", Missing, reason(err), "go mod download"}}
	}
	for _, t := range want {
		f := Finding{Name: t.Name, Text: t.Version + " " + c.Bin(t.Name)}
		if err := t.Check(c); err != nil {
			f.Status, f.Text, f.Fix = Missing, err.Error()+"; it "+t.Why, setup
		}
		found = append(found, f)
	}
	return found
}

func kernels(_ context.Context, c checkout.Checkout) (found []Finding) {
	for _, i := range kernelspec.Inspect(c) {
		f := Finding{Name: "kernel " + i.Name, Text: i.DisplayName}
		if i.Err != nil {
			f.Status, f.Text, f.Fix = Missing, i.Err.Error(), setup
		}
		found = append(found, f)
	}
	own, err := kernelspec.OfUser()
	if err != nil {
		found = append(found, Finding{"kernels of your own Jupyter", Absent, err.Error(), ""})
	}
	for _, i := range own {
		f := Finding{Name: "your own Jupyter's kernel", Text: i.DisplayName + ", in " + i.Name}
		if i.Err != nil {
			f.Status, f.Text, f.Fix = Absent, i.Err.Error(), "go run ./kernels install"
		}
		found = append(found, f)
	}
	return found
}

// compiledPrograms says where XLA's compiled programs are kept and how large they are.
func compiledPrograms(context.Context, checkout.Checkout) []Finding {
	f := Finding{Name: "compiled programs"}
	dir, err := programs.Dir()
	if err == nil && dir == "" {
		f.Text = "not kept, because " + programs.Env + " is " + programs.Off
		return []Finding{f}
	}
	if err == nil {
		if _, err = os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			f.Text = "none yet in " + dir
			return []Finding{f}
		}
	}
	var store *programs.Store
	if err == nil {
		store, err = programs.Open(dir, programs.Limit)
	}
	var n int
	var size int64
	if err == nil {
		n, size, err = store.Size()
	}
	if err != nil {
		f.Status, f.Text = Absent, err.Error()
		return []Finding{f}
	}
	f.Text = fmt.Sprintf("%d, %s of at most %s, in %s", n, humanize.IBytes(uint64(size)), humanize.IBytes(programs.Limit), dir)
	return []Finding{f}
}
