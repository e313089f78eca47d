// Command lag runs studies of growing Transformers from the command line.
//
//	lag study        pretrain, grow in every way of a pool, train, compare, pick
//	lag stack        grow in stages, adaptively and not, at equal FLOPs
//	lag select       replay selection rules on a study's curves
//	lag train        train one model of any family
//	lag report       render a study or a stacking to one HTML file
//	lag runs         list what was run, its size, and remove what is not needed
//	lag import       make a model directory of a model of transformers
//	lag export       make a model for transformers of a model directory or a run
//	lag grow         grow a checkpoint, without training
//	lag inspect      say what is in a model, a run or a safetensors file
//	lag strategies   list the ways to grow a stack, with their layer maps
//	lag replay       train another framework's model on its batches, step by step
//	lag data         prepare, look at and check the data of studies
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/log"
	"github.com/muesli/termenv"

	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/lag"
)

// A command is a subcommand: its flags, and what it does once they are parsed.
type command struct {
	name, arguments, summary string
	setup                    func(*flag.FlagSet) func(ctx context.Context, arguments []string) error
	sub                      []command // in place of setup; beside it where the arguments name none of them
}

var commands = []command{
	{"study", "", "pretrain a model, grow it in every way of a pool, train each, compare early with final losses, and pick", study, nil},
	{"stack", "", "grow a model from scratch in stages, with the strategy that a selection rule picks at each, and compare with others at equal FLOPs", stackCommand, nil},
	{"select", "DIR", "replay selection rules on the recorded curves of the study in DIR: what each picks, its regret and its cost", selectCommand, nil},
	{"train", "", "train one model: BERT, a UL2 encoder-decoder, a prefix-LM or a causal decoder", trainCommand, nil},
	{"report", "DIR", "render the study or the stacking in DIR to one self-contained HTML file", reportCommand, nil},
	{"runs", "[COMMAND] [DIR]", "list studies, stackings and trainings, say what they take on the disk, and remove what they no longer need", runsList, runsCommands},
	{"import", "SOURCE DIR", "make a model directory of a BERT, T5 v1.1 or UL2 of transformers, which is in a directory or on the hub (hf:owner/name)", importCommand, nil},
	{"export", "DIR OUT", "make a directory that transformers loads of a model directory or a run", exportCommand, nil},
	{"grow", "IN OUT", "grow a model in depth, without training: a directory of transformers, a model directory or a run", growCommand, nil},
	{"inspect", "PATH", "say what is in a directory of transformers, a model directory, a run or a safetensors file, and what is damaged", inspectCommand, nil},
	{"strategies", "", "list the strategies that grow a stack of layers, with each layer map drawn", strategies, nil},
	{"replay", "", "train a model of transformers on given batches and report every step, to compare implementations", replayCommand, nil},
	{"data", "COMMAND", "prepare, look at and check the data of studies", nil, dataCommands},
}

const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func main() {
	log.SetDefault(newLogger(os.Stderr))
	os.Exit(run(lag.Interruptible(), os.Args[1:], os.Stderr))
}

// newLogger returns a logger that colours its lines on a terminal. The logger is
// not shown that it writes to one: it would ask the terminal for its colours, and
// wait ten seconds for one that does not answer.
func newLogger(out *os.File) *log.Logger {
	logger := log.NewWithOptions(struct{ io.Writer }{out}, log.Options{})
	if preview.Coloured(out) {
		logger.SetColorProfile(termenv.ANSI256)
	}
	return logger
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, arguments []string, stderr io.Writer) int {
	return fail(stderr, dispatch(ctx, "lag", commands, arguments, stderr))
}

// dispatch executes the command that arguments begin with. The path is what the
// user typed to get to these commands.
func dispatch(ctx context.Context, path string, commands []command, arguments []string, stderr io.Writer) error {
	if len(arguments) == 0 {
		return usageError{fmt.Errorf("no command was given; `%s -h` lists the commands", path)}
	}
	switch arguments[0] {
	case "-h", "-help", "--help", "help":
		usage(stderr, path, commands)
		return nil
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == arguments[0] })
	if i < 0 {
		return usageError{fmt.Errorf("there is no command %q; `%s -h` lists the commands", arguments[0], path)}
	}
	c := commands[i]
	path += " " + c.name
	if c.sub != nil && (c.setup == nil || names(c.sub, arguments[1:])) {
		return dispatch(ctx, path, c.sub, arguments[1:], stderr)
	}
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are reported in one line
	flags.Usage = func() {}
	do := c.setup(flags)
	err := flags.Parse(arguments[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stderr, "%s [flags] %s\n\n%s.\n\n", path, c.arguments, c.summary)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
		return nil
	}
	if err != nil {
		return usageError{fmt.Errorf("%w; `%s -h` lists the flags", err, path)}
	}
	for _, argument := range flags.Args() {
		if strings.HasPrefix(argument, "-") {
			return usageError{fmt.Errorf("%s takes flags before its arguments; put %s there", path, argument)}
		}
	}
	if c.arguments == "" && flags.NArg() > 0 {
		return usageError{fmt.Errorf("%s takes flags only, not %q", path, flags.Arg(0))}
	}
	return do(ctx, flags.Args())
}

// names tells whether arguments begin with one of the commands, or ask for help.
func names(commands []command, arguments []string) bool {
	if len(arguments) == 0 {
		return false
	}
	switch arguments[0] {
	case "-h", "-help", "--help", "help":
		return true
	}
	return slices.ContainsFunc(commands, func(c command) bool { return c.name == arguments[0] })
}

// fail reports an error in one line and returns its exit code.
func fail(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "lag: "+strings.ReplaceAll(withFlags(err), "\n", "; "))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitFailure
}

func usage(w io.Writer, path string, commands []command) {
	fmt.Fprintf(w, "%s COMMAND [flags]\n\n", path)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(w, "\n`%s COMMAND -h` lists the flags of a command.\n", path)
}
