package train

import (
	"errors"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// ErrDevice is in the errors of a device that could not compile a program, take
// its arguments or run it, most often for lack of memory. What was saved before
// is good.
var ErrDevice = errors.New("the device failed")

// deviceFailure marks an error as one of the device. Its text is one line: those
// of GoMLX may list tensors, and those of XLA all allocations.
type deviceFailure struct{ error }

func (f deviceFailure) Error() string {
	cause := f.error
	for next := cause; next != nil; next = errors.Unwrap(next) {
		cause = next
	}
	line, _, _ := strings.Cut(strings.TrimSpace(cause.Error()), "\n")
	return ErrDevice.Error() + ": " + line
}

func (f deviceFailure) Unwrap() []error { return []error{ErrDevice, f.error} }

// deviceError marks an error as one of the device, unless it is marked.
func deviceError(err error) error {
	if err == nil || errors.Is(err, ErrDevice) {
		return err
	}
	return deviceFailure{err}
}

// Call runs the executable, compiled first where it is not for arguments of
// these shapes.
func (e *executable) Call(args ...any) ([]*tensors.Tensor, error) {
	out, err := e.Exec.Call(args...)
	return out, deviceError(err)
}

// takeVector copies a vector from the device and frees it there.
func takeVector(t *tensors.Tensor) ([]float32, error) {
	v, err := tensors.CopyFlatData[float32](t)
	return v, deviceError(errors.Join(err, t.FinalizeAll()))
}
