package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/plain"
)

// shells are the shells that can complete the command line.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func init() { // not in the list itself, which the command reads
	commands = append(commands, command{"completion", "SHELL",
		"print a script with which a shell (" + strings.Join(shells, ", ") + ") completes commands, flags and their values, such as source <(lag completion bash)", completionCommand, nil})
}

func completionCommand(*flag.FlagSet) func(context.Context, []string) error {
	return func(_ context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag completion takes one shell of %s; it was given %s", strings.Join(shells, ", "), plain.Count(len(arguments), "argument"))}
		}
		tree := completionTree()
		switch shell := arguments[0]; shell {
		case "bash":
			return tree.GenBashCompletionV2(os.Stdout, true)
		case "zsh":
			return tree.GenZshCompletion(os.Stdout)
		case "fish":
			return tree.GenFishCompletion(os.Stdout, true)
		case "powershell":
			return tree.GenPowerShellCompletionWithDesc(os.Stdout)
		default:
			return usageError{fmt.Errorf("there is no completion for the shell %q%s; the shells are %s", shell, closest.Hint(shell, shells), strings.Join(shells, ", "))}
		}
	}
}

// asksForCompletion reports whether a shell's script asks what could follow.
func asksForCompletion(arguments []string) bool {
	return len(arguments) > 0 && (arguments[0] == cobra.ShellCompRequestCmd || arguments[0] == cobra.ShellCompNoDescRequestCmd)
}

// complete answers the question of a shell's script on standard output.
func complete(ctx context.Context, arguments []string) error {
	tree := completionTree()
	tree.SetArgs(arguments)
	tree.SetOut(os.Stdout)
	return tree.ExecuteContext(ctx)
}

// completionTree returns the commands for cobra, which knows the shells: it
// writes their scripts and answers their questions. It runs no command and reads
// no flag. Those stay with package flag, because cobra knows no long flags with a
// single dash.
func completionTree() *cobra.Command {
	root := &cobra.Command{Use: "lag", SilenceErrors: true, SilenceUsage: true}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	var add func(parent *cobra.Command, commands []command)
	add = func(parent *cobra.Command, commands []command) {
		for _, c := range commands {
			path := parent.CommandPath() + " " + c.name
			node := &cobra.Command{
				Use: c.name, Short: c.summary, DisableFlagParsing: true,
				RunE: func(*cobra.Command, []string) error { return errors.New("only to complete") },
				ValidArgsFunction: func(_ *cobra.Command, before []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
					return completions(path, c, before, word)
				},
			}
			parent.AddCommand(node)
			add(node, c.sub)
		}
	}
	add(root, commands)
	return root
}

// completions returns what may stand in the place of word, after the arguments
// before it, in the arguments of a command.
func completions(path string, c command, before []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	if c.setup != nil {
		c.setup(flags)
	}
	if name, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "-") {
		return valuesOf(path, flags.Lookup(strings.TrimLeft(name, "-")), value)
	}
	if strings.HasPrefix(word, "-") {
		return flagNames(flags, word), cobra.ShellCompDirectiveNoFileComp
	}
	if n := len(before); n > 0 && strings.HasPrefix(before[n-1], "-") && !strings.Contains(before[n-1], "=") {
		if f := flags.Lookup(strings.TrimLeft(before[n-1], "-")); f != nil && !isBool(f) {
			return valuesOf(path, f, word)
		}
	}
	switch {
	case c.name == "completion":
		return shells, cobra.ShellCompDirectiveNoFileComp
	case c.sub != nil && len(before) == 0:
		return nil, cobra.ShellCompDirectiveDefault // cobra adds the subcommands
	case c.arguments == "":
		return flagNames(flags, "-"), cobra.ShellCompDirectiveNoFileComp
	case strings.Contains(c.arguments, "DIR"):
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return nil, cobra.ShellCompDirectiveDefault
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// flagNames returns the flags that a word begins, with one or two dashes as it
// has, and what they do.
func flagNames(flags *flag.FlagSet, word string) (names []cobra.Completion) {
	dashes := "-"
	if strings.HasPrefix(word, "--") {
		dashes = "--"
	}
	flags.VisitAll(func(f *flag.Flag) {
		if strings.HasPrefix(dashes+f.Name, word) {
			_, text := flag.UnquoteUsage(f)
			text, _, _ = strings.Cut(text, "; ")
			names = append(names, cobra.CompletionWithDesc(dashes+f.Name, text))
		}
	})
	return names
}

// valuesOf returns the values of a flag that a word begins.
func valuesOf(path string, f *flag.Flag, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if f == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if known, ok := knownValues[f.Name]; ok {
		begun, last := "", word
		if i := strings.LastIndexAny(word, known.separators); i >= 0 {
			begun, last = word[:i+1], word[i+1:]
		}
		var found []cobra.Completion
		open := false // more follows a value
		for _, v := range known.values(path) {
			if strings.HasPrefix(v, last) {
				found, open = append(found, begun+v), open || strings.HasSuffix(v, ":")
			}
		}
		switch {
		case open || known.separators != "":
			return found, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		case known.orFile:
			return found, cobra.ShellCompDirectiveDefault
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	switch name, _ := flag.UnquoteUsage(f); {
	case name == "directory":
		return nil, cobra.ShellCompDirectiveFilterDirs
	case name == "file":
		return nil, cobra.ShellCompDirectiveDefault
	case isBool(f):
		return slices.DeleteFunc([]cobra.Completion{"true", "false"}, func(v string) bool { return !strings.HasPrefix(v, word) }), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
