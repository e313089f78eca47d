package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
)

// A command is a subcommand of this program.
type command struct {
	name, args, about string
	hidden            bool // used by Jupyter, not by people
	run               func(ctx context.Context, c checkout.Checkout, args []string) error
}

// commands returns all commands. It is a function because the commands' help uses it.
func commands() []command {
	return []command{
		{"setup", "", "install what is missing: JupyterLab, GoNB, the XLA CPU plugin, the kernels", false, setup},
		{"lab", "", "set up, then open JupyterLab on your copies of the notebooks; Ctrl-C stops it", false, openLab},
		{"run", "[NOTEBOOK ...]", "execute notebooks (default notebooks/*.ipynb); fails if a cell fails", false, runNotebooks},
		{"transformers", "", "make the Python environment with transformers 5 and PyTorch in which notebook 07 loads what it exports", false, setUpTransformers},
		{"doctor", "", "report what works here, what is missing and the command to fix it", false, examine},
		{"install", "[KIND ...]", "set up, then install the kernels (cpu, go, cuda, tpu; by default those that can run here) into your own Jupyter, for VS Code too", false, installKernels},
		{"uninstall", "", "remove this checkout's kernels from your own Jupyter", false, uninstallKernels},
		{"readme", "[FILE ...]", "run what the READMEs tell people to type, in copies of this checkout; fails if a block fails", false, runReadmes},
		{"launch", "", "start GoNB for Jupyter", true, launch},
		{"build-cell", "", "build the program of a cell for GoNB", true, buildCell},
	}
}

// Exit codes other than 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errUsage marks errors in the command line.
var errUsage = errors.New("usage")

// errReported is the error of a failure that was already reported.
var errReported = errors.New("")

func main() {
	log.SetDefault(log.NewWithOptions(os.Stderr, log.Options{ReportTimestamp: true, TimeFormat: time.TimeOnly}))
	os.Exit(Main(os.Args[1:], os.Stderr))
}

// Main runs a command line and returns its exit code.
func Main(args []string, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		help(stderr)
		if len(args) == 0 {
			return exitUsage
		}
		return 0
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return run(cmd, args[1:], stderr)
		}
	}
	fmt.Fprintf(stderr, "kernels: unknown command %q%s; the commands are %s\n", args[0], closest.Hint(args[0], names()), strings.Join(names(), ", "))
	return exitUsage
}

func run(cmd command, args []string, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.Getwd()
	var c checkout.Checkout
	if err == nil {
		c, err = here(cmd, dir)
	}
	if err == nil {
		err = cmd.run(ctx, c, args)
	}
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "kernels: interrupted; no files are left incomplete, and the same command continues")
		return exitInterrupted
	case errors.Is(err, errReported):
		return exitFailed
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "kernels %s: %s; -h lists the flags\n", cmd.name, strings.TrimPrefix(err.Error(), errUsage.Error()+": "))
		return exitUsage
	default:
		fmt.Fprintf(stderr, "kernels %s: %v\n", cmd.name, err)
		return exitFailed
	}
}

// here returns the checkout that contains dir. For the launcher it returns the
// checkout that contains the program, because Jupyter starts it in the
// directory of a notebook, which may be anywhere.
func here(cmd command, dir string) (checkout.Checkout, error) {
	if cmd.hidden {
		self, err := os.Executable()
		if err == nil {
			self, err = filepath.EvalSymlinks(self)
		}
		if err != nil {
			return checkout.Checkout{}, fmt.Errorf("finding this program: %w", err)
		}
		return checkout.Find(filepath.Dir(self))
	}
	return checkout.Find(dir)
}

func names() (list []string) {
	for _, cmd := range commands() {
		if !cmd.hidden {
			list = append(list, cmd.name)
		}
	}
	return list
}

func help(w io.Writer) {
	fmt.Fprint(w, "usage: go run ./kernels COMMAND [flags]; COMMAND -h lists the flags\n\n")
	for _, cmd := range commands() {
		if !cmd.hidden {
			fmt.Fprintf(w, "  %-22s %s\n", cmd.name+" "+cmd.args, cmd.about)
		}
	}
}

// parse parses a command's flags. Its errors have one line.
func parse(name string, args []string, define func(*flag.FlagSet)) (rest []string, err error) {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	define(set)
	err = set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		for _, cmd := range commands() {
			if cmd.name == name {
				fmt.Fprintf(os.Stderr, "usage: go run ./kernels %s\n%s.\n\n", strings.TrimSpace(name+" [flags] "+cmd.args), cmd.about)
			}
		}
		set.SetOutput(os.Stderr)
		set.PrintDefaults()
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return set.Args(), nil
}

// noArgs returns an error if there are arguments.
func noArgs(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, rest[0])
	}
	return nil
}
