package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
)

// mending replaces the advice of an error that says that the result of a study or
// a stacking is damaged by the command that makes it again.
func mending(dir string, err error) error {
	damaged, ok := errors.AsType[*sealed.DamagedError](err)
	if !ok {
		return err
	}
	command, file := "study", result.StudyConfig
	if result.IsStacking(dir) {
		command, file = "stack", result.StackingConfig
	}
	config := filepath.Join(dir, file)
	var fields struct {
		Name string `json:"name"`
	}
	if _, err := sealed.ReadEdited(config, &fields); err != nil {
		return fmt.Errorf("%w; to make it again from the runs, the command is the one that it was started with, since %s cannot be read", damaged, config)
	}
	return fmt.Errorf("%w; to make it again from the runs, the command is `%s%s`", damaged, commandFor(command, config, fields.Name, dir), backendFlag(dir))
}

// commandFor returns the command, for a shell, that runs the study or stacking of
// a configuration with a name in a directory.
func commandFor(command, config, name, dir string) string {
	text := fmt.Sprintf("lag %s -config %s", command, plain.Quoted(config))
	if filepath.Clean(dir) != filepath.Join("runs", name) { // where it writes by itself
		text += " -out " + plain.Quoted(dir)
	}
	return text
}

// backendFlag returns the flag for the backend of the runs in a directory, or ""
// if no run says it.
func backendFlag(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if spec, err := engine.ReadSpec(filepath.Join(dir, e.Name())); err == nil && spec.Backend != "" {
			return " -backend " + spec.Backend
		}
	}
	return ""
}
