package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
)

// damagedError is the error of a dataset whose files are not those that were
// written.
type damagedError struct {
	dir string
	err error
}

func (e *damagedError) Error() string {
	return fmt.Sprintf("the dataset in %s is damaged: %v; remove the directory, and it will be made again", e.dir, e.err)
}

func (e *damagedError) Unwrap() error { return e.err }

// unreadable are errors that say nothing about the contents of files, and may be
// gone the next time.
var unreadable = []error{fs.ErrPermission, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM}

// damaged returns the error for what is wrong with the files of a dataset.
func damaged(dir string, err error) error {
	for _, target := range unreadable {
		if errors.Is(err, target) {
			return fmt.Errorf("the dataset in %s cannot be read: %w", dir, err)
		}
	}
	return &damagedError{dir, err}
}

// toMake reports whether the error of opening the dataset means that it has to be
// made: there is none, or it is damaged.
func (p *preparation) toMake(err error) bool {
	p.damage = nil
	return errors.Is(err, errNotPrepared) || errors.As(err, &p.damage)
}

// setAside renames the dataset in dir, which is there only if it is damaged. It
// returns the new path, or "" if there is none. The caller holds the lock.
func setAside(dir string) (aside string, err error) {
	if aside, err = sealed.SetAside(dir); err != nil {
		return "", fmt.Errorf("setting the damaged dataset in %s aside: %w", dir, err)
	}
	if aside != "" {
		log.Warn("the damaged dataset is set aside; it can be removed", "dataset", aside)
	}
	return aside, nil
}

// compare warns if a dataset is not what the damaged one in aside was, as far as
// its description says. Its address is the hash of all that determines it, so
// another version of the program made it then, or it was never what it should be.
func (d *Dataset) compare(aside string) {
	if before, err := FingerprintOf(aside); err == nil && before != d.Fingerprint {
		log.Warn("the dataset that was made again has another fingerprint than the damaged one recorded",
			"dataset", d.Dir, "fingerprint", d.Fingerprint, "recorded", before)
	}
}

// explain returns the error for a damaged dataset that could not be made again.
func (p *preparation) explain(ctx context.Context, err error) error {
	if err == nil || p.damage == nil || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("the dataset in %s is damaged (%w), and it cannot be made again: %w: mend that, or copy the directory from where it is whole",
		p.damage.dir, p.damage.err, err)
}
