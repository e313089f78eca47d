// Command lag runs studies of growing Transformers from the command line.
//
//	lag study        pretrain, grow in every way of a pool, train, compare, pick
//	lag report       render a study to one HTML file
//	lag strategies   list the ways to grow a stack, with their layer maps
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag"
)

// A command is a subcommand: its flags, and what it does once they are parsed.
type command struct {
	name, arguments, summary string
	setup                    func(*flag.FlagSet) func(ctx context.Context, arguments []string) error
}

var commands = []command{
	{"study", "", "pretrain a model, grow it in every way of a pool, train each, compare early with final losses, and pick", study},
	{"report", "DIR", "render the study in DIR to one self-contained HTML file", reportCommand},
	{"strategies", "", "list the strategies that grow a stack of layers, with each layer map drawn", strategies},
}

const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells have it
)

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func main() {
	log.SetReportTimestamp(false)
	os.Exit(run(lag.Interruptible(), os.Args[1:], os.Stderr))
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, arguments []string, stderr io.Writer) int {
	if len(arguments) == 0 {
		return fail(stderr, usageError{errors.New("no command was given; `lag -h` lists the commands")})
	}
	if arguments[0] == "-h" || arguments[0] == "-help" || arguments[0] == "--help" || arguments[0] == "help" {
		usage(stderr)
		return 0
	}
	for _, c := range commands {
		if c.name != arguments[0] {
			continue
		}
		flags := flag.NewFlagSet("lag "+c.name, flag.ContinueOnError)
		flags.SetOutput(io.Discard) // errors are reported below, in one line
		flags.Usage = func() {}
		do := c.setup(flags)
		err := flags.Parse(arguments[1:])
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(stderr, "lag %s [flags] %s\n\n%s.\n\n", c.name, c.arguments, c.summary)
			flags.SetOutput(stderr)
			flags.PrintDefaults()
			return 0
		}
		if err != nil {
			return fail(stderr, usageError{fmt.Errorf("%w; `lag %s -h` lists the flags", err, c.name)})
		}
		if c.arguments == "" && flags.NArg() > 0 {
			return fail(stderr, usageError{fmt.Errorf("lag %s takes flags only, not %q", c.name, flags.Arg(0))})
		}
		return fail(stderr, do(ctx, flags.Args()))
	}
	return fail(stderr, usageError{fmt.Errorf("there is no command %q; `lag -h` lists the commands", arguments[0])})
}

// fail reports an error in one line and returns its exit code.
func fail(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "lag: "+strings.ReplaceAll(err.Error(), "\n", "; "))
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitFailure
}

func usage(w io.Writer) {
	fmt.Fprint(w, "lag COMMAND [flags]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\n`lag COMMAND -h` lists the flags of a command.\n")
}
