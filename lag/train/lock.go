package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/charmbracelet/log"
	"github.com/gofrs/flock"
)

// lock locks the run's directory. If another process holds the lock, it waits
// or, without wait, returns ok = false.
func lock(ctx context.Context, dir string, wait bool) (unlock func(), ok bool, err error) {
	const poll = 200 * time.Millisecond
	for said := false; ; said = true {
		// Open the lock file again in each attempt: the directory may have been
		// removed and created again.
		l := flock.New(filepath.Join(dir, ".lock"))
		if ok, err = l.TryLock(); errors.Is(err, os.ErrNotExist) && os.MkdirAll(dir, 0o755) == nil {
			ok, err = l.TryLock()
		}
		if err != nil {
			return nil, false, fmt.Errorf("locking %s: %w", dir, err)
		}
		if ok {
			return func() { l.Unlock() }, true, nil
		}
		if err := l.Close(); err != nil || !wait {
			return nil, false, err
		}
		if !said {
			log.Info("another process is training this run; waiting for it", "run", dir)
		}
		select {
		case <-ctx.Done():
			return nil, false, fmt.Errorf("locking %s: %w", dir, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}
