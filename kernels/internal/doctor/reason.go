package doctor

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"

	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// reason returns an error as one line. Of a program that failed it is the line
// in which the program says why, which is mostly the last: Python's traceback
// ends with the error, and Go and compilers print "error" or "fatal".
func reason(err error) string {
	failed, ok := errors.AsType[*proc.Error](err)
	if !ok {
		return err.Error()
	}
	said := ""
	for _, line := range failed.Last {
		if line = strings.TrimSpace(line); line != "" {
			said = line
		}
	}
	for _, line := range failed.Last {
		if lower := strings.ToLower(line); strings.Contains(lower, "fatal") || strings.Contains(lower, " error: ") {
			said = strings.TrimSpace(line)
			break
		}
	}
	if said == "" {
		return failed.Err.Error()
	}
	return said + " (" + failed.Err.Error() + ")"
}

// stoppedBy returns the signal by which others stop a program, or "" if the
// program ended in another way.
func stoppedBy(err error) string {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return ""
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return ""
	}
	switch s := status.Signal(); s {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL, syscall.SIGHUP:
		return "signal: " + s.String()
	}
	return ""
}
