// Package cell builds the programs of notebooks' cells, quickly.
//
// GoNB makes a program of each cell, with all that earlier cells declared, and
// calls this package to build it. Most of the time goes into linking the engine
// with XLA, which a cell that shows a result does not use, though a function
// above it does. Such a function is left out of the program.
package cell

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// LinkFlags leave out what only a debugger reads. Linking a cell that trains then
// takes 40% less processor time. Stack traces of panics stay as they are.
const LinkFlags = "-ldflags=-w"

// internalLink makes Go's linker do the work of the C compiler's, which takes
// another third. It is used where it was tried, and if it fails no more.
const internalLink = LinkFlags + " -linkmode=internal"

// state is what is remembered from cell to cell, in the directory of the kernel.
type state struct {
	Checked  string // hash of the declarations that were compiled
	External bool   // Go's linker alone does not do here
}

// A builder builds one cell.
type builder struct {
	dir    string   // GoNB's directory, with main.go
	args   []string // of the go command: build -o FILE and flags
	env    []string
	memory state
}

// Build runs the go command with arguments, which begin with build, in GoNB's
// directory. It returns what the go command printed about the whole program if
// that cannot be built, and the error.
func Build(ctx context.Context, dir string, args []string) (output []byte, err error) {
	b := builder{dir: dir, args: args, env: os.Environ()}
	return b.build(ctx)
}

func (b *builder) build(ctx context.Context) ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(b.dir, "main.go"))
	if err != nil || !b.alone() {
		return b.run(ctx, b.args...)
	}
	p, err := prune(source)
	if err != nil {
		return b.run(ctx, b.args...) // the compiler says it better
	}
	b.remember()
	quick, err := b.quick(p)
	if err != nil {
		return b.run(ctx, b.args...)
	}
	output, err := b.both(ctx, p, quick)
	if err == nil {
		b.keep()
		return output, nil
	}
	// An error in the code is told of the whole program, as without this package.
	if b.internal() && !bytes.Contains(output, []byte("main.go:")) {
		b.memory.External = true
		if quick, err = b.quick(p); err == nil {
			if output, err = b.run(ctx, quick...); err == nil {
				b.keep()
				return output, nil
			}
		}
	}
	return b.run(ctx, b.args...)
}

// both builds the quick program and, at the same time, compiles the whole one if
// it has declarations that were not compiled before: errors in what is left out
// must not stay unseen.
func (b *builder) both(ctx context.Context, p pruned, quick []string) (output []byte, err error) {
	if p.whole || p.rest == b.memory.Checked {
		return b.run(ctx, quick...)
	}
	var wait sync.WaitGroup
	var text []byte
	var checked error
	wait.Go(func() { text, checked = b.run(ctx, b.compile()...) })
	output, err = b.run(ctx, quick...)
	wait.Wait()
	if checked != nil {
		return text, checked
	}
	b.memory.Checked = p.rest
	return output, err
}

// compile returns the arguments that compile the whole program, but link nothing.
func (b *builder) compile() []string {
	flags := slices.Clone(b.args[1:])
	if i := slices.Index(flags, "-o"); i >= 0 && i+1 < len(flags) {
		flags = slices.Delete(flags, i, i+2)
	}
	return slices.Concat([]string{"list", "-export"}, flags, []string{"."})
}

// quick returns the arguments that build the program without what it does not
// need.
func (b *builder) quick(p pruned) (args []string, err error) {
	args = slices.Clone(b.args)
	if b.internal() {
		args = slices.Insert(args, 1, internalLink)
	}
	if p.whole {
		return args, nil
	}
	if err := os.MkdirAll(b.private(), 0o700); err != nil {
		return nil, err
	}
	replaced, overlay := filepath.Join(b.private(), "main.go"), filepath.Join(b.private(), "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(b.dir, "main.go"): replaced}})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(replaced, p.source, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return nil, err
	}
	return slices.Insert(args, 1, "-overlay="+overlay), nil
}

// alone reports whether main.go is the only Go file, and none is replaced by
// the arguments. A cell may write others.
func (b *builder) alone() bool {
	entries, err := os.ReadDir(b.dir)
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".go" && entry.Name() != "main.go" {
			return false
		}
	}
	return err == nil && len(b.args) > 0 && b.args[0] == "build" && !b.given("-overlay")
}

// internal reports whether to link without the C compiler's linker: on the
// platform where that was tried, unless other flags are wanted.
func (b *builder) internal() bool {
	return runtime.GOOS == "linux" && runtime.GOARCH == "amd64" && !b.memory.External &&
		!slices.ContainsFunc(b.args, func(arg string) bool { return strings.Contains(arg, "-ldflags") }) &&
		slices.ContainsFunc(b.env, func(entry string) bool {
			flags, ok := strings.CutPrefix(entry, "GOFLAGS=")
			return ok && strings.Count(flags, "-ldflags") == 1 && slices.Contains(strings.Fields(flags), LinkFlags)
		})
}

// given reports whether a flag is set by the arguments or by GOFLAGS.
func (b *builder) given(flag string) bool {
	return slices.ContainsFunc(b.args, func(arg string) bool { return strings.Contains(arg, flag) }) ||
		slices.ContainsFunc(b.env, func(entry string) bool {
			return strings.HasPrefix(entry, "GOFLAGS=") && strings.Contains(entry, flag)
		})
}

func (b *builder) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = b.dir, b.env
	return cmd.CombinedOutput()
}

// private is a directory that the go command passes over.
func (b *builder) private() string { return filepath.Join(b.dir, ".cell") }

func (b *builder) remember() {
	if text, err := os.ReadFile(filepath.Join(b.private(), "state.json")); err == nil {
		_ = json.Unmarshal(text, &b.memory) // else nothing is remembered, and more is compiled
	}
}

func (b *builder) keep() {
	text, err := json.Marshal(b.memory)
	if err == nil && os.MkdirAll(b.private(), 0o700) == nil {
		_ = os.WriteFile(filepath.Join(b.private(), "state.json"), text, 0o600)
	}
}
