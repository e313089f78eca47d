package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/lag/interrupt"
	"github.com/landscape-aware/growing/lag/progress"
)

// errInterrupted is the error of a canceled context when everything is saved.
type errInterrupted struct {
	at    string // what went on, such as "in probe stack at step 3 of 100"; may be empty
	saved string // what is saved; empty means progress, somewhere
}

func (e errInterrupted) Error() string {
	text := "interrupted"
	if s := interrupt.Signal(); s != nil {
		text += " by " + interrupt.Name(s)
	}
	if e.at != "" {
		text += " " + e.at
	}
	saved := e.saved
	if saved == "" {
		saved = "progress is saved"
	}
	return text + "; " + saved + ", run the same command again to continue"
}

func (errInterrupted) Unwrap() error { return context.Canceled }

// interruption returns [errInterrupted] if err is only the cancellation of the
// context. If there is a failure to save beside it, it returns err.
func interruption(err error) error {
	if interrupt.Only(err) {
		return errInterrupted{}
	}
	return err
}

// interruption is the function of that name, and says what went on and where it is
// saved.
func (b *bars) interruption(err error, dir string) error {
	if !interrupt.Only(err) {
		return err
	}
	return errInterrupted{at: b.where(), saved: "progress is saved in " + dir}
}

// where says what went on at the last event.
func (b *bars) where() string {
	e := b.last
	switch {
	case e.Phase == "":
		return ""
	case e.Phase == progress.PhasePrepare:
		return fmt.Sprintf("while it prepared the data (%s)", e.Run)
	case e.Total <= 0 || e.Done <= 0:
		return strings.TrimSpace(fmt.Sprintf("before the first step of %s %s", e.Phase, name(e)))
	}
	return fmt.Sprintf("in %s %s at step %d of %d", e.Phase, name(e), e.Done, e.Total)
}

// undrawn returns [errInterrupted] if err is only the cancellation of the context
// while the figures of a complete result were drawn.
func undrawn(err error, dir string) error {
	if !interrupt.Only(err) {
		return err
	}
	return errInterrupted{at: "while it drew the figures", saved: "the result is saved in " + dir}
}
