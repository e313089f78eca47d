package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"
)

// A section is a heading in the help of a command, with the flags below it. Flags
// of one name mean the same in all commands, so one list serves them all. Flags in
// rare are for unusual texts, vocabularies and machines: where there are many
// others they are shown on request only.
type section struct {
	heading     string
	usual, rare []string
}

var sections = []section{
	{"What to run", []string{"preset", "presets", "config", "print", "name", "initial"}, nil},
	{"Growing", []string{"from", "to", "stages", "strategies", "few", "wide", "all", "moments"}, []string{"alpha", "gate"}},
	{"Selection and comparison", []string{"lag", "rules", "rule", "select", "seeds", "controls"}, []string{"early-validation", "final-evaluations"}},
	{"Model", []string{"size", "hidden", "heads", "length", "positions", "precision", "set"}, nil},
	{"Training", []string{"steps", "lr", "warmup", "pretrain", "pretrain-lr", "pretrain-warmup", "head-first", "batch", "micro-batches", "evaluate-every", "validation", "whole-words", "seed"}, nil},
	{"Text", []string{"corpus", "field", "subset", "split"},
		[]string{"revision", "license", "normalize", "collapse-space", "min-characters", "drop-duplicates", "validation-fraction", "split-seed"}},
	{"Vocabulary", []string{"tokenizer", "kind", "vocab", "new-vocabulary"},
		[]string{"sentinels", "modes", "min-frequency", "alphabet", "byte-fallback", "coverage"}},
	{"Where and how it runs", []string{"out", "data", "backend", "workers", "devices", "join", "keep"}, []string{"peak-flops"}},
	{"On a cluster", []string{"on", "cores", "time", "memory", "gpus", "partition", "account", "qos", "image", "claim", "wait"},
		[]string{"sbatch", "notice", "context", "namespace", "queue", "user", "suspend"}},
}

const (
	helpAll = "help-all"

	oneList    = 15 // most flags of a command that are one list, without headings
	withRare   = 30 // most flags of a command that shows the rare ones unasked
	leftMost   = 28 // widest column of flags or commands
	usualWidth = 100
	mostWidth  = 120
)

// hidesRare reports whether the help of a command leaves the rare flags out.
func hidesRare(flags *flag.FlagSet) bool { return count(flags) > withRare }

func count(flags *flag.FlagSet) (n int) {
	flags.VisitAll(func(*flag.Flag) { n++ })
	return n
}

// commandHelp prints what a command does and its flags, the rare ones too with all.
func commandHelp(w io.Writer, path string, c command, flags *flag.FlagSet, all bool) {
	width := helpWidth(w)
	form := path
	if count(flags) > 0 {
		form += " [flags]"
	}
	fmt.Fprintln(w, strings.TrimSpace(form+" "+c.arguments))
	fmt.Fprintf(w, "\n%s.\n", wrap(c.summary, width))
	if count(flags) == 0 {
		return
	}
	if flags.Lookup("preset") != nil {
		fmt.Fprintf(w, "\n%s\n", wrap("A flag changes one setting of the preset or of the -config file; the others stay.", width))
	}
	if count(flags) <= oneList {
		var rows [][2]string
		flags.VisitAll(func(f *flag.Flag) { rows = append(rows, flagRow(f)) })
		fmt.Fprintln(w)
		columns(w, width, rows)
		return
	}
	hidden := 0
	for _, s := range append(slices.Clone(sections), section{"Other", unlisted(flags), nil}) {
		names := s.usual
		if all || !hidesRare(flags) {
			names = slices.Concat(names, s.rare)
		} else {
			for _, name := range s.rare {
				if flags.Lookup(name) != nil {
					hidden++
				}
			}
		}
		var rows [][2]string
		for _, name := range names {
			if f := flags.Lookup(name); f != nil {
				rows = append(rows, flagRow(f))
			}
		}
		if len(rows) > 0 {
			fmt.Fprintf(w, "\n%s:\n", s.heading)
			columns(w, width, rows)
		}
	}
	if hidden > 0 {
		fmt.Fprintf(w, "\n`%s -%s` lists %d more, for unusual texts, vocabularies, machines and clusters.\n", path, helpAll, hidden)
	}
}

// unlisted returns the flags that are in no section, so that none is missing in
// the help.
func unlisted(flags *flag.FlagSet) (names []string) {
	flags.VisitAll(func(f *flag.Flag) {
		if !slices.ContainsFunc(sections, func(s section) bool { return slices.Contains(s.usual, f.Name) || slices.Contains(s.rare, f.Name) }) {
			names = append(names, f.Name)
		}
	})
	return names
}

// flagRow returns a flag with the name of its value, and what it does.
func flagRow(f *flag.Flag) [2]string {
	value, text := flag.UnquoteUsage(f)
	switch f.DefValue {
	case "", "0", "false":
	default:
		text += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	return [2]string{strings.TrimSpace("-" + f.Name + " " + value), text}
}

// columns prints rows of a name and a text, with the texts below each other.
func columns(w io.Writer, width int, rows [][2]string) {
	left := 0
	for _, r := range rows {
		if n := ansi.StringWidth(r[0]); n <= leftMost {
			left = max(left, n)
		}
	}
	indent := strings.Repeat(" ", 2+left+2)
	for _, r := range rows {
		text := strings.ReplaceAll(wrap(r[1], max(20, width-len(indent))), "\n", "\n"+indent)
		if n := ansi.StringWidth(r[0]); n > leftMost {
			fmt.Fprintf(w, "  %s\n%s%s\n", r[0], indent, text)
		} else {
			fmt.Fprintf(w, "  %s%s  %s\n", r[0], strings.Repeat(" ", left-n), text)
		}
	}
}

// wrap breaks lines between words, but not within them at a hyphen, because the
// names of flags and commands have some.
func wrap(text string, width int) string {
	const hyphen = "\u2011" // one that does not break
	return strings.ReplaceAll(ansi.Wordwrap(strings.ReplaceAll(text, "-", hyphen), width, ""), hyphen, "-")
}

// helpWidth returns the number of columns for help: the terminal's, within
// limits, or a usual one if w is no terminal.
func helpWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return min(width, mostWidth)
		}
	}
	return usualWidth
}

func usage(w io.Writer, path string, commands []command) {
	fmt.Fprintf(w, "%s COMMAND [flags]\n\n", path)
	var rows [][2]string
	for _, c := range commands {
		rows = append(rows, [2]string{c.name, c.summary})
	}
	columns(w, helpWidth(w), rows)
	fmt.Fprintf(w, "\n`%s COMMAND -h` lists the flags of a command.\n", path)
}
