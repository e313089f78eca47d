package readme

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/landscape-aware/growing/kernels/internal/proc"
)

//go:embed shell.bash
var prelude string

// A shell is a bash that runs commands one after the other. What a command does to
// directories and variables stays for the next.
type shell struct {
	cmd      *exec.Cmd
	commands *os.File      // names of files with commands, for the shell
	results  *bufio.Reader // exit codes, from the shell
	dir      string        // of its files
	count    int
	ended    bool
}

// errShellEnded is the error of a command that ended the shell.
var errShellEnded = errors.New("it ended the shell")

// open starts a shell in a directory. Its own files are in files.
func open(ctx context.Context, dir, files string, env []string) (*shell, error) {
	if err := os.MkdirAll(files, 0o755); err != nil {
		return nil, fmt.Errorf("making the directory of a shell: %w", err)
	}
	script := filepath.Join(files, "shell.bash")
	if err := os.WriteFile(script, []byte(prelude), 0o644); err != nil {
		return nil, fmt.Errorf("writing the script of a shell: %w", err)
	}
	theirs, commands, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	defer theirs.Close()
	results, answers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a pipe: %w", err), commands.Close())
	}
	defer answers.Close()
	cmd := proc.Make(ctx, proc.Command{Args: []string{"bash", "--noprofile", "--norc", script}, Dir: dir, Env: append(env, "__used="+filepath.Join(files, usedName))})
	cmd.ExtraFiles = []*os.File{theirs, answers}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting bash, in which READMEs run: %w", err), commands.Close(), results.Close())
	}
	return &shell{cmd: cmd, commands: commands, results: bufio.NewReader(results), dir: files}, nil
}

// usedName is the name of the file in which the shell notes what it added.
const usedName = "used"

func (s *shell) used() string { return filepath.Join(s.dir, usedName) }

// close ends the shell.
func (s *shell) close() {
	_ = s.commands.Close()
	_ = s.cmd.Wait()
}

// run runs commands and returns what they printed. Once they printed what until
// matches, they are interrupted, as by Ctrl-C, which is no error then.
func (s *shell) run(ctx context.Context, source string, until *regexp.Regexp) (output string, err error) {
	if s.ended {
		return "", errors.New("not run, because the shell ended before")
	}
	s.count++
	file := filepath.Join(s.dir, fmt.Sprintf("%03d", s.count))
	if err := os.WriteFile(file, []byte(source+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("writing a command: %w", err)
	}
	if _, err := fmt.Fprintln(s.commands, file); err != nil {
		return "", fmt.Errorf("telling the shell to run a command: %w", err)
	}
	printed := func() string {
		text, _ := os.ReadFile(file + ".out")
		return string(text)
	}
	answer := make(chan string, 1)
	go func() {
		line, _ := s.results.ReadString('\n')
		answer <- strings.TrimSpace(line)
	}()
	code, stopped, err := s.wait(ctx, answer, func() bool { return until != nil && until.MatchString(printed()) })
	output = printed()
	switch {
	case ctx.Err() != nil:
		return output, context.Cause(ctx)
	case err != nil:
		return output, err
	case until != nil && !stopped:
		return output, fmt.Errorf("it ended with exit code %d before it printed what %q matches", code, until)
	case stopped && interrupted(source, output, code):
		return output, nil
	case code != 0:
		return output, fmt.Errorf("exit code %d", code)
	}
	return output, nil
}

// exitStatus is the last line of go run if its program failed.
var exitStatus = regexp.MustCompile(`(?:^|\n)exit status (\d+)\s*$`)

// interrupted reports whether an exit code only says that the command was
// interrupted. go run then ends with 1, even if its program ended well.
func interrupted(source, output string, code int) bool {
	if !strings.HasPrefix(source, "go run ") {
		return code == 130
	}
	status := exitStatus.FindStringSubmatch(output)
	return status == nil || status[1] == "130"
}

// wait waits for the answer of the shell, and interrupts the command once enough
// is true or the context ends. What does not end then is killed with the shell.
func (s *shell) wait(ctx context.Context, answer <-chan string, enough func() bool) (code int, stopped bool, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var kill <-chan time.Time
	interrupt := func() {
		if kill == nil {
			_ = proc.Interrupt(s.cmd.Process)
			kill = time.After(proc.Grace)
		}
	}
	done := ctx.Done()
	for {
		select {
		case text := <-answer:
			code, err = strconv.Atoi(text)
			if err != nil {
				s.ended = true
				return 0, stopped, errShellEnded
			}
			return code, stopped, nil
		case <-done:
			done = nil
			interrupt()
		case <-kill:
			s.ended = true
			proc.Kill(s.cmd.Process)
			return 0, stopped, fmt.Errorf("it did not end %s after an interrupt, and was killed", proc.Grace)
		case <-tick.C:
			if !stopped && ctx.Err() == nil && enough() {
				stopped = true
				interrupt()
			}
		}
	}
}
