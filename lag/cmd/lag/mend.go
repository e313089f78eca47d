package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/engine"
	"github.com/landscape-aware/growing/lag/result"
)

// mending adds the command that makes the damaged result of a study or a
// stacking again to an error that says that it is damaged.
func mending(dir string, err error) error {
	if !sealed.IsDamaged(err) {
		return err
	}
	command, file := "study", result.StudyConfig
	if result.IsStacking(dir) {
		command, file = "stack", result.StackingConfig
	}
	config := filepath.Join(dir, file)
	var fields map[string]any
	if sealed.Read(config, &fields) != nil {
		return fmt.Errorf("%w; the command is the one that it was started with, since %s cannot be read", err, config)
	}
	return fmt.Errorf("%w; the command is `lag %s -config %s -out %s%s`", err, command, config, dir, backendFlag(dir))
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
