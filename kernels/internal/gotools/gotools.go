// Package gotools builds the Go programs that notebooks need (GoNB, goimports,
// gopls) into the private bin directory. It also compiles the packages that
// notebooks import, so that a notebook's first cell runs quickly.
package gotools

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
	"github.com/landscape-aware/growing/kernels/internal/progress"
)

// A Tool is a program that notebooks need.
type Tool struct {
	Name    string
	Package string
	Module  string
	Version string // "" means the version in go.mod, checked by go.sum
	Why     string
}

// Tools are the programs that notebooks need. The requirements of gopls would
// raise ours, so it is not in go.mod; Go checks it against its checksum
// database. gopls 0.23 is the newest version that Go 1.26 can build.
var Tools = []Tool{
	{Name: "gonb", Package: "github.com/janpfeifer/gonb", Module: "github.com/janpfeifer/gonb", Why: "runs the cells"},
	{Name: "goimports", Package: "golang.org/x/tools/cmd/goimports", Module: "golang.org/x/tools", Why: "adds the imports of cells"},
	{Name: "gopls", Package: "golang.org/x/tools/gopls", Module: "golang.org/x/tools/gopls", Version: "v0.23.0", Why: "completes names"},
}

// Want returns the tools with all versions set.
func Want(ctx context.Context, c checkout.Checkout) ([]Tool, error) {
	var modules []string
	for _, t := range Tools {
		if t.Version == "" {
			modules = append(modules, t.Module)
		}
	}
	out, err := proc.Output(ctx, proc.Command{
		Args: append([]string{"go", "list", "-m", "-f", "{{.Path}} {{.Version}}"}, modules...), Dir: c.Root,
	})
	if err != nil {
		return nil, fmt.Errorf("looking up the versions of tools in go.mod: %w", err)
	}
	pinned := make(map[string]string)
	for _, line := range strings.Split(out, "\n") {
		if path, version, ok := strings.Cut(line, " "); ok {
			pinned[path] = version
		}
	}
	tools := append([]Tool(nil), Tools...)
	for i, t := range tools {
		if t.Version != "" {
			continue
		}
		if tools[i].Version = pinned[t.Module]; tools[i].Version == "" {
			return nil, fmt.Errorf("go.mod of %s does not require %s", c.Root, t.Module)
		}
	}
	return tools, nil
}

// Ensure builds the tools that are missing or have another version. A tool
// becomes visible only when it is complete.
func Ensure(ctx context.Context, c checkout.Checkout) error {
	tools, err := Want(ctx, c)
	if err != nil {
		return err
	}
	for _, t := range tools {
		if t.Check(c) == nil {
			log.Info(t.Name+" ready", "version", t.Version)
			continue
		}
		if err := t.build(ctx, c); err != nil {
			return fmt.Errorf("building %s %s, which %s: %w", t.Name, t.Version, t.Why, err)
		}
	}
	return nil
}

func (t Tool) build(ctx context.Context, c checkout.Checkout) error {
	dir, remove, err := c.Temp(t.Name)
	if err != nil {
		return err
	}
	defer remove()
	output := filepath.Join(dir, filepath.Base(c.Bin(t.Name)))
	version, _, _ := strings.Cut(t.Version, "-") // a pseudo-version does not fit into a terminal's line
	title := "building " + t.Name + " " + version
	flags, err := t.patched(ctx, c, dir)
	if err != nil {
		return err
	}
	args, env, source := append(append([]string{"build", "-o", output}, flags...), t.Package), []string(nil), c.Root
	if t.hasOwnVersion() {
		args, env = []string{"install", t.Package + "@" + t.Version}, []string{"GOBIN=" + dir}
		source = download(ctx, c, t.Module+"@"+t.Version)
	}
	took, err := build(ctx, c, title, env, stale(ctx, source, t.Package), args...)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Private("bin"), 0o755); err != nil {
		return err
	}
	if err := os.Rename(output, c.Bin(t.Name)); err != nil {
		return err
	}
	log.Info(t.Name+" built", "version", t.Version, "took", took)
	return nil
}

// hasOwnVersion reports whether [Tools] gives the version, not go.mod.
func (t Tool) hasOwnVersion() bool {
	for _, listed := range Tools {
		if listed.Name == t.Name {
			return listed.Version != ""
		}
	}
	return false
}

// download downloads a module and returns its directory. It returns "" on
// failure; the build that follows then reports the error.
func download(ctx context.Context, c checkout.Checkout, module string) (dir string) {
	out, err := proc.Output(ctx, proc.Command{Args: []string{"go", "mod", "download", "-json", module}, Dir: c.Root})
	var answer struct{ Dir string }
	if err != nil || json.Unmarshal([]byte(out), &answer) != nil {
		return ""
	}
	return answer.Dir
}

// stale returns the number of packages that a build will compile, or 0 if unknown.
func stale(ctx context.Context, dir string, packages ...string) int64 {
	if dir == "" {
		return 0
	}
	out, err := proc.Output(ctx, proc.Command{
		Args: append([]string{"go", "list", "-deps", "-f", "{{if .Stale}}x{{end}}"}, packages...), Dir: dir,
	})
	if err != nil {
		return 0
	}
	return int64(strings.Count(out, "x"))
}

// build runs the go command in the checkout and shows its progress: the modules
// it downloads and the packages it compiles, of total if that is not 0. It
// returns the elapsed time as text.
func build(ctx context.Context, c checkout.Checkout, title string, env []string, total int64, args ...string) (took string, err error) {
	task := progress.Start(title, total, "packages")
	defer task.End()
	var output buildOutput
	err = proc.Run(ctx, proc.Command{
		Args: append([]string{"go", args[0], "-v"}, args[1:]...), Dir: c.Root, Env: env,
		Line: func(line string) {
			output.read(line)
			task.Set(int64(output.packages), output.detail())
		},
	})
	return task.Seconds(), err
}

// buildOutput parses the output of go build -v.
type buildOutput struct {
	modules, packages int
	last              string
}

func (b *buildOutput) read(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		b.modules++
		b.last = strings.TrimPrefix(line, "go: ")
	case !strings.ContainsAny(line, " :#\t"): // a package path; other lines are messages
		b.packages++
		b.last = line
	}
}

func (b *buildOutput) detail() string {
	if b.modules > 0 {
		return fmt.Sprintf("%s downloaded, %s", plain.Count(b.modules, "module"), b.last)
	}
	return b.last
}

// Prebuild compiles the packages that notebooks import, unless they are compiled
// already.
func Prebuild(ctx context.Context, c checkout.Checkout) error {
	key := prebuiltKey(ctx, c)
	if isPrebuilt(c, key) {
		log.Info("packages compiled already")
		return nil
	}
	// With what commands import, but without commands, which would be linked each
	// time.
	out, err := proc.Output(ctx, proc.Command{
		Args: []string{"go", "list", "-deps", "-f", `{{if and (ne .Name "main") (not .Standard)}}{{.ImportPath}}{{end}}`, "./lag/...", "./data/...", "github.com/janpfeifer/gonb/gonbui"},
		Dir:  c.Root,
	})
	if err != nil {
		return fmt.Errorf("listing the packages that notebooks import: %w", err)
	}
	packages := strings.Fields(out)
	took, err := build(ctx, c, "compiling what notebooks import", nil, stale(ctx, c.Root, packages...), append([]string{"build"}, packages...)...)
	if err != nil {
		return fmt.Errorf("compiling the packages that notebooks import: %w", err)
	}
	log.Info("packages compiled", "took", took)
	rememberPrebuilt(ctx, c, key, checkout.Module+"/lag")
	return nil
}

// ProbePackage is the program that tests a backend, see package doctor.
const ProbePackage = checkout.Module + "/kernels/probe"

// BuildProbe builds the probe unless it is up to date.
func BuildProbe(ctx context.Context, c checkout.Checkout) (program string, err error) {
	program = c.Bin("probe")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", fmt.Errorf("building the probe: %w", err)
	}
	if _, err := build(ctx, c, "building the probe of backends", nil, stale(ctx, c.Root, ProbePackage), "build", "-o", program, ProbePackage); err != nil {
		return "", fmt.Errorf("building the probe of backends: %w", err)
	}
	return program, nil
}
