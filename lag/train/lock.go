package train

import (
	"context"
	"errors"
	"os"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
)

// TryLock locks a run's directory, as a training run does. The directory may be
// changed while it is locked. TryLock returns false if another process holds
// the lock.
func TryLock(dir string) (unlock func(), ok bool, err error) {
	l, ok, err := dirlock.Try(context.Background(), dir)
	if err != nil || !ok {
		return nil, false, err
	}
	return func() { l.Unlock() }, true, nil
}

// hold locks the run's directory. If another process holds the lock, it waits
// or, without wait, returns ok = false. The context that it returns is canceled
// when the lock is lost.
func hold(ctx context.Context, dir string, wait bool) (held context.Context, unlock func(), ok bool, err error) {
	try := dirlock.Try
	if wait {
		try = waitFor
	}
	l, ok, err := try(ctx, dir)
	if errors.Is(err, os.ErrNotExist) && os.MkdirAll(dir, 0o755) == nil { // it was removed meanwhile
		l, ok, err = try(ctx, dir)
	}
	if err != nil || !ok {
		return nil, nil, false, err
	}
	return l.Context(), func() { l.Unlock() }, true, nil
}

// waitFor is [dirlock.Wait]. It says once that it waits.
func waitFor(ctx context.Context, dir string) (l *dirlock.Lock, ok bool, err error) {
	l, err = dirlock.Wait(ctx, dir, dirlock.Telling(dir, 0, func(h dirlock.Holder) {
		log.Info("another process is training this run; waiting for it", "run", dir, "held by", h)
	}))
	return l, err == nil, err
}

// lost returns an error if a context says that another process works in the
// run's directory too. Nothing may then be written there.
func lost(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		if _, shared := errors.AsType[*dirlock.SharedError](cause); shared {
			return cause
		}
	}
	return nil
}
