package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"
	"go.yaml.in/yaml/v3"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag"
)

// configuration contains the flags that select a command's configuration: a
// preset or a file. Other flags change it.
type configuration[T interface{ Validate() error }] struct {
	command      string
	flags        *flag.FlagSet
	preset, file *string
	dry, list    *bool
	about        []lag.About
	presets      func(name string) (T, error)
}

// configFlags adds these flags. what names the kind of configuration.
func configFlags[T interface{ Validate() error }](flags *flag.FlagSet, command, what, standard string, about []lag.About, presets func(string) (T, error)) configuration[T] {
	var names []string
	for _, a := range about {
		names = append(names, a.Name)
	}
	return configuration[T]{
		command: command, flags: flags, presets: presets, about: about,
		preset: flags.String("preset", standard, "`name` of the "+what+"'s preset: "+strings.Join(names, ", ")),
		file:   flags.String("config", "", "JSON or YAML `file` with the "+what+"'s configuration, instead of a preset; "+command+" -print shows one"),
		dry:    flags.Bool("print", false, "print the configuration as JSON and stop"),
		list:   flags.Bool("presets", false, "list the presets, with how long each takes and the losses to expect, and stop"),
	}
}

// load returns the configuration with the changes, validated. Its errors are
// usage errors. done reports that the configuration was only to be printed.
func (c configuration[T]) load(changes ...func(*T) error) (config T, done bool, err error) {
	if *c.list {
		return config, true, printPresets(os.Stdout, c.command, c.about)
	}
	both := false
	c.flags.Visit(func(f *flag.Flag) { both = both || f.Name == "preset" && *c.file != "" })
	if both {
		err = errors.New("-config and -preset exclude each other; remove one")
	} else if *c.file == "" {
		config, err = c.presets(*c.preset)
	} else if err = readJSON(*c.file, &config); err != nil {
		if command := c.taker(); command != "" {
			err = fmt.Errorf("%s is a configuration of `%s`, not of `%s`", *c.file, command, c.command)
		} else {
			err = fmt.Errorf("%w; `%s -print` shows a configuration", err, c.command)
		}
	}
	for _, change := range changes {
		if err == nil {
			err = change(&config)
		}
	}
	if err == nil {
		err = config.Validate()
	}
	if err != nil {
		return config, false, usageError{err}
	}
	if on := c.flags.Lookup("on"); *c.dry && (on == nil || on.Value.String() == "") { // else it prints what an engine gets
		return config, true, printJSON(config)
	}
	return config, false, nil
}

// taker returns the command whose configuration the file is, judged by the names in it,
// or "" if it is none.
func (c configuration[T]) taker() string {
	text, err := configText(*c.file)
	var names map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &names) != nil {
		return ""
	}
	for _, other := range []struct{ command, name string }{ // with a name that only its configuration has
		{"lag study", "growth"}, {"lag stack", "stages"}, {"lag train", "micro_batches"},
	} {
		if names[other.name] != nil && names["objective"] != nil && other.command != c.command {
			return other.command
		}
	}
	return ""
}

// printPresets lists the presets of a command.
func printPresets(w io.Writer, command string, list []lag.About) error {
	for _, a := range list {
		line := command + " -preset " + a.Name
		if a.Workers > 1 {
			line += fmt.Sprintf(" -workers %d", a.Workers)
		}
		if _, err := fmt.Fprintf(w, "%s\n  %s\n  command       %s\n  hardware      %s\n  takes         %s\n  final losses  %s\n  transformers  %s\n",
			a.Name, a.What, line, a.Hardware, a.Takes, a.Expect, a.Exports); err != nil {
			return err
		}
	}
	return nil
}

// printJSON prints a configuration as JSON.
func printJSON(config any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(config)
}

// readJSON reads a configuration from a JSON file or, depending on its name, a
// YAML file. Unknown fields are an error.
func readJSON(path string, into any) error {
	text, err := configText(path)
	if err != nil {
		return err
	}
	if _, err := sealed.Open(text); err != nil && json.Valid(text) {
		log.Warn("this configuration was changed after it was written, on purpose or by damage; it is used as it is", "file", path)
	}
	if err := strictjson.Overlay(text, &into); err != nil {
		return fmt.Errorf("%s is not a configuration: %w", path, err)
	}
	return nil
}

// configText returns the JSON text of a JSON or YAML file.
func configText(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if ext := filepath.Ext(path); ext == ".yaml" || ext == ".yml" {
		var document any
		if err := yaml.Unmarshal(text, &document); err != nil {
			return nil, fmt.Errorf("%s is not a configuration: %w", path, err)
		}
		if text, err = json.Marshal(document); err != nil {
			return nil, fmt.Errorf("%s is not a configuration: %w", path, err)
		}
	}
	return text, nil
}

// initially returns a change that makes the model in a directory the initial
// one, if dir is not empty. Flags that ask for another model are errors.
func initially[T any](flags *flag.FlagSet, dir *string, set func(config *T, dir string) error) func(*T) error {
	return func(config *T) error {
		if *dir == "" {
			return nil
		}
		var given []string
		flags.Visit(func(f *flag.Flag) {
			if slices.Contains([]string{"size", "hidden", "heads", "positions", "from"}, f.Name) {
				given = append(given, "-"+f.Name)
			}
		})
		if len(given) > 0 {
			return fmt.Errorf("the model comes from %s (-initial); remove %s", *dir, strings.Join(given, " and "))
		}
		return namingRun(*dir, set(config, *dir))
	}
}
