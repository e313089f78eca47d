package readme

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// A command is one or more lines of a block that belong together.
type command struct {
	line   int // of the document
	source string
}

// commands divides a block into commands: a line, and those after it for as long
// as bash says that something is missing.
func commands(ctx context.Context, s step) (list []command, err error) {
	var open *command
	number := s.line
	for text := range strings.Lines(s.source) {
		text = strings.TrimRight(text, "\n")
		trimmed := strings.TrimSpace(text)
		switch {
		case open != nil:
			open.source += "\n" + text
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
			number++
			continue
		default:
			open = &command{number, text}
		}
		number++
		whole, fault, err := complete(ctx, open.source)
		if err != nil {
			return nil, err
		}
		if whole {
			list, open = append(list, *open), nil
		} else if number-s.line == strings.Count(s.source, "\n") {
			return nil, fmt.Errorf("line %d is not a command of bash: %s", open.line, fault)
		}
	}
	return list, nil
}

// complete asks bash whether a text is a whole command, and what is wrong if not.
func complete(ctx context.Context, text string) (whole bool, fault string, err error) {
	if strings.HasSuffix(text, `\`) {
		return false, "the line goes on", nil
	}
	cmd := exec.CommandContext(ctx, "bash", "--norc", "-n")
	cmd.Stdin = strings.NewReader(text + "\n")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil && errs.Len() == 0 {
		return false, "", fmt.Errorf("asking bash about a command: %w", err)
	}
	return errs.Len() == 0, strings.TrimSpace(errs.String()), nil
}

// begins reports whether a line is a command with what it is given.
func begins(line, start string) bool {
	return strings.HasPrefix(strings.TrimSpace(line)+" ", start+" ")
}
