package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/dirlock"
)

// lock is [hold] for work that is too short to lose the lock.
func lock(ctx context.Context, dir string, wait bool) (unlock func(), ok bool, err error) {
	_, unlock, ok, err = hold(ctx, dir, wait)
	return unlock, ok, err
}

// hold locks the run's directory. If another process holds the lock, it waits
// or, without wait, returns ok = false. The context that it returns is canceled
// when the lock is lost.
func hold(ctx context.Context, dir string, wait bool) (held context.Context, unlock func(), ok bool, err error) {
	const poll = 200 * time.Millisecond
	for said := false; ; said = true {
		l, ok, err := dirlock.Try(ctx, dir)
		if errors.Is(err, os.ErrNotExist) && os.MkdirAll(dir, 0o755) == nil { // it was removed while this process waited
			l, ok, err = dirlock.Try(ctx, dir)
		}
		if err != nil {
			return nil, nil, false, err
		}
		if ok {
			return l.Context(), func() { l.Unlock() }, true, nil
		}
		if !wait {
			return nil, nil, false, nil
		}
		if !said {
			log.Info("another process is training this run; waiting for it", "run", dir)
		}
		select {
		case <-ctx.Done():
			return nil, nil, false, fmt.Errorf("locking %s: %w", dir, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}
