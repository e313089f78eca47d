package component

import (
	"errors"
	"fmt"
)

// unsupported is an error of a part of a tokenizer that is well-formed, but of a kind
// that is not supported. It is [errors.ErrUnsupported].
type unsupported struct{ error }

func (u unsupported) Is(target error) bool { return target == errors.ErrUnsupported }
func (u unsupported) Unwrap() error        { return errors.Unwrap(u.error) }

// Unsupported returns an error as [fmt.Errorf] does that is [errors.ErrUnsupported]: a
// file is not damaged, but of a kind that is not supported.
func Unsupported(format string, args ...any) error { return unsupported{fmt.Errorf(format, args...)} }
