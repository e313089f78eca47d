package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/landscape-aware/growing/lag/model/bert"
)

// referenced reports whether transformers has the model of a shape.
func referenced(s shape) bool {
	config, ok := s.model.(bert.Config)
	return !ok || config.Positions != bert.Relative
}

// reference returns the loss of the first batch by transformers.
func (p peers) reference(ctx context.Context, dir string) (*answer, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.python, filepath.Join(p.programs, "reference.py"), dir)
	cmd.Env, cmd.Stderr = append(os.Environ(), p.env(p.threads)...), &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the loss by transformers: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return nil, fmt.Errorf("the loss by transformers: %w", err)
	}
	return &a, nil
}
