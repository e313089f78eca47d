package lag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
)

// lockCheck is an environment variable. If it is set, this process is the second
// of [checkLocks], and its value is the directory to lock.
const lockCheck = "LAG_LOCK_CHECK"

// Exit codes of the second process of [checkLocks], which no runtime uses.
const (
	lockKept   = 40
	lockShared = 41
)

func init() {
	if dir := os.Getenv(lockCheck); dir != "" {
		os.Exit(tryLock(dir))
	}
}

// tryLock tries to lock a directory that another process has locked.
func tryLock(dir string) (code int) {
	l, ok, err := dirlock.Try(context.Background(), dir)
	if _, shared := errors.AsType[*dirlock.SharedError](err); shared || ok {
		if ok {
			_ = l.Unlock()
		}
		return lockShared
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return lockKept
}

// probed returns the directory that the second process locks. Tests give it another.
var probed = func(dir string) string { return dir }

// checkLocks returns an error if two processes can lock a directory at a time. It
// locks a new directory in it, and has a second process of this program try that
// too. It does not see whether machines that share the file system keep each other's
// locks; package dirlock finds that out while they work.
func checkLocks(ctx context.Context, dir string) (err error) {
	probe, err := os.MkdirTemp(dir, ".locks-*")
	if err != nil {
		return fmt.Errorf("cannot write to the directory %s: %w; choose another", dir, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(probe)) }()
	l, ok, err := dirlock.Try(ctx, probe)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("a new directory in %s is locked already", dir)
	}
	defer func() { err = errors.Join(err, l.Unlock()) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self)
	c.Env = append(os.Environ(), lockCheck+"="+probed(probe))
	var said strings.Builder
	c.Stderr = &said
	err = c.Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch code := c.ProcessState.ExitCode(); {
	case code == lockKept:
		return nil
	case code == lockShared:
		return fmt.Errorf("the file system of %s does not keep locks between processes, so only one may work there: run the study without joining, or put it on a file system with locks (NFS without nolock, Lustre with flock)", dir)
	}
	log.Warn("it could not be checked whether the file system keeps locks between processes", "dir", dir, "error", err, "said", strings.TrimSpace(said.String()))
	return nil
}
