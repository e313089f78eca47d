// Command lag runs studies of growing Transformers from the command line.
//
//	lag study        pretrain, grow with every strategy of a pool, train, compare
//	lag stack        grow in stages and compare ways to do so at equal FLOPs
//	lag select       replay selection rules on a study's curves
//	lag train        train one model of any family
//	lag watch        show a study, a stacking or a training while it runs
//	lag status       show a study and its jobs on a cluster
//	lag cancel       cancel the jobs of a study on a cluster
//	lag compare      put several studies side by side
//	lag downstream   measure the models of a study on other tasks
//	lag tensorboard  write the logs of a study's runs as event files for TensorBoard
//	lag report       write an HTML report of a study or a stacking
//	lag runs         list and clean the directories of runs
//	lag import       make a model directory from a model of transformers
//	lag export       make a model for transformers from a model directory or a run
//	lag grow         grow a checkpoint, without training
//	lag inspect      describe a model, a run or a safetensors file
//	lag strategies   list the strategies to grow a stack, with their layer maps
//	lag replay       train another framework's model on its batches, step by step
//	lag data         prepare, look at and check the data of studies
//	lag version      print the versions of this program and of what computes
//	lag completion   print a script that makes a shell complete the command line
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

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/preview"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/interrupt"
)

// A command is a subcommand: its flags, and a function to run after parsing
// them.
type command struct {
	name, arguments, summary string
	setup                    func(*flag.FlagSet) func(ctx context.Context, arguments []string) error
	sub                      []command // instead of setup; or in addition to it, for arguments that name none of them
}

var commands = []command{
	{"study", "", "pretrain a model, grow it with every strategy of a pool, train each grown model, and compare early with final losses", study, nil},
	{"stack", "", "grow a model from scratch in stages, with a strategy picked by a rule at each, and compare this with other ways at equal FLOPs", stackCommand, nil},
	{"select", "DIR", "replay selection rules on the recorded curves of the study in DIR, and print their picks, regrets and costs", selectCommand, nil},
	{"train", "", "train one model: BERT, a UL2 encoder-decoder, a prefix-LM or a causal decoder", trainCommand, nil},
	{"watch", "DIR", "show the study, stacking or training in DIR while it runs, on a page of 127.0.0.1 that updates itself; it only reads, so DIR may be that of a cluster", watchCommand, nil},
	{"status", "DIR", "show how far the study or stacking in DIR is, what each of its jobs on a cluster does, what is missing and what failed", statusCommand, nil},
	{"cancel", "DIR", "cancel the jobs on a cluster that work on the study or stacking in DIR; what was trained stays", cancelCommand, nil},
	{"compare", "DIR DIR...", "put studies side by side: correlation curves, regret against cost and lag times in one figure and table, and the settings in which they differ", compareCommand, nil},
	{"downstream", "DIR", "measure the final models of the study in DIR on other tasks than its validation loss: which passages follow each other, other texts, GLUE; and say whether the order of the strategies holds there", downstreamCommand, nil},
	{"tensorboard", "DIR OUT", "write the logs of the runs of the study, stacking or training in DIR as event files to OUT, for TensorBoard; it only reads DIR, which may be that of a cluster", tensorboardCommand, nil},
	{"report", "DIR", "write a report of the study or the stacking in DIR as one self-contained HTML file", reportCommand, nil},
	{"runs", "[COMMAND] [DIR]", "list studies, stackings and trainings with their sizes, and remove files that they no longer need", runsList, runsCommands},
	{"import", "SOURCE DIR", "make a model directory from a BERT, T5 v1.1 or UL2 of transformers, in a directory, on the hub (hf:owner/name) or on PyPI (pypi:project)", importCommand, nil},
	{"export", "DIR OUT", "make a directory for transformers from a model directory or a run", exportCommand, nil},
	{"grow", "IN OUT", "grow a model in depth, without training: a directory of transformers, a model directory or a run", growCommand, nil},
	{"inspect", "PATH", "describe a directory of transformers, a model directory, a run or a safetensors file, and report damage", inspectCommand, nil},
	{"strategies", "", "list the strategies that grow a stack of layers, with their layer maps", strategies, nil},
	{"replay", "", "train a model of transformers on given batches and report every step, to compare implementations", replayCommand, nil},
	{"data", "COMMAND", "prepare, look at and check the data of studies", nil, dataCommands},
	{"version", "", "print the versions of this program, of Go, of GoMLX and of the backend", versionCommand, nil},
}

// Exit codes, besides those of package interrupt.
const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError is an error in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() {
	log.SetDefault(newLogger(os.Stderr))
	ctx := lag.Interruptible()
	told := make(chan struct{})
	context.AfterFunc(ctx, func() { // saving may take seconds
		defer close(told)
		fmt.Fprintln(os.Stderr, "lag: interrupted; stopping (once more: stop at once)")
	})
	os.Exit(run(ctx, os.Args[1:], afterNotice{os.Stderr, ctx, told}))
}

// afterNotice is a writer that, once ctx is canceled, waits until the user was told so.
// Without it a run that is saved in no time would say so before.
type afterNotice struct {
	io.Writer
	ctx  context.Context
	told <-chan struct{}
}

func (w afterNotice) Write(text []byte) (int, error) {
	if w.ctx.Err() != nil {
		<-w.told
	}
	return w.Writer.Write(text)
}

// newLogger returns a logger with colors if out is a terminal. It hides the
// terminal from the logger, which would otherwise ask for the terminal's colors
// and wait ten seconds if there is no answer.
func newLogger(out *os.File) *log.Logger {
	logger := log.NewWithOptions(struct{ io.Writer }{out}, log.Options{})
	if preview.Coloured(out) {
		logger.SetColorProfile(termenv.ANSI256)
	}
	return logger
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, arguments []string, stderr io.Writer) int {
	if asksForCompletion(arguments) {
		return fail(stderr, complete(ctx, arguments))
	}
	return fail(stderr, dispatch(ctx, "lag", commands, arguments, stderr))
}

// dispatch executes the command at the start of arguments. path is what the
// user typed before it.
func dispatch(ctx context.Context, path string, commands []command, arguments []string, stderr io.Writer) error {
	if len(arguments) == 0 {
		return usageError{fmt.Errorf("no command was given; `%s -h` lists the commands", path)}
	}
	switch arguments[0] {
	case "help":
		if len(arguments) > 1 && !strings.HasPrefix(arguments[1], "-") { // lag help study
			return dispatch(ctx, path, commands, append(slices.Clone(arguments[1:]), "-h"), stderr)
		}
		fallthrough
	case "-h", "-help", "--help":
		usage(stderr, path, commands)
		return nil
	case "-version", "--version":
		arguments = slices.Concat([]string{"version"}, arguments[1:])
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == arguments[0] })
	if i < 0 {
		return usageError{fmt.Errorf("there is no command %q%s; `%s -h` lists the commands", arguments[0], closest.Hint(arguments[0], commandNames(commands)), path)}
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
	if slices.ContainsFunc(arguments[1:], func(a string) bool { return strings.HasPrefix(a, "-") && strings.TrimLeft(a, "-") == helpAll }) {
		commandHelp(stderr, path, c, flags, true)
		return nil
	}
	err := flags.Parse(arguments[1:])
	if errors.Is(err, flag.ErrHelp) {
		commandHelp(stderr, path, c, flags, false)
		return nil
	}
	if err != nil {
		return usageError{fmt.Errorf("%w; `%s -h` lists the flags", unknownFlag(flags, err), path)}
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

// unknownFlag returns the error of a flag that does not exist with the one that
// was probably meant, and other errors of package flag as they are.
func unknownFlag(flags *flag.FlagSet, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return err
	}
	var known []string
	flags.VisitAll(func(f *flag.Flag) { known = append(known, "-"+f.Name) })
	return fmt.Errorf("there is no flag -%s%s", name, strings.ReplaceAll(closest.Hint("-"+name, known), `"`, ""))
}

func commandNames(commands []command) (names []string) {
	for _, c := range commands {
		names = append(names, c.name)
	}
	return names
}

// names reports whether arguments start with one of the commands or ask for
// help.
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
	fmt.Fprintln(stderr, "lag: "+preview.Visible(strings.ReplaceAll(withFlags(err), "\n", "; ")))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if interrupt.Only(err) {
		return interrupt.ExitCode()
	}
	return exitFailure
}
