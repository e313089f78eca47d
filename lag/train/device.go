package train

import (
	"errors"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// DeviceError is in the errors of a device that could not compile a program, take
// its arguments or run it, most often for lack of memory. What was saved before is
// good. That a model's graph cannot be built is no such error.
type DeviceError struct{ Err error }

// Error is one line, the cause's: the texts of GoMLX may list tensors, and those of
// XLA all allocations.
func (e *DeviceError) Error() string {
	cause := e.Err
	for next := cause; next != nil; next = errors.Unwrap(next) {
		cause = next
	}
	line, _, _ := strings.Cut(strings.TrimSpace(cause.Error()), "\n")
	return "the device failed: " + line
}

// Unwrap returns what GoMLX says.
func (e *DeviceError) Unwrap() error { return e.Err }

// deviceError marks an error as one of the device, unless it is marked.
func deviceError(err error) error {
	if _, marked := errors.AsType[*DeviceError](err); err == nil || marked {
		return err
	}
	return &DeviceError{err}
}

// failed marks an error of compiling or running the executable as one of the
// device, unless the graph could not be built.
func (e *executable) failed(err error) error {
	if e.invalid {
		e.invalid = false
		return err
	}
	return deviceError(err)
}

// Call runs the executable, compiled first where it is not for arguments of
// these shapes.
func (e *executable) Call(args ...any) ([]*tensors.Tensor, error) {
	out, err := e.Exec.Call(args...)
	return out, e.failed(err)
}

// takeVector copies a vector from the device and frees it there.
func takeVector(t *tensors.Tensor) ([]float32, error) {
	v, err := tensors.CopyFlatData[float32](t)
	return v, deviceError(errors.Join(err, t.FinalizeAll()))
}
