package train

import (
	"context"
	"errors"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// DeviceError is wrapped by the errors of a device that could not compile a
// program, copy its arguments or run it, most often because of too little
// memory. Earlier checkpoints are valid. Errors in building a model's graph are
// not DeviceErrors.
type DeviceError struct{ Err error }

// Error returns one line with the innermost error. The complete texts of GoMLX
// may list tensors, and those of XLA list all allocations.
func (e *DeviceError) Error() string {
	cause := e.Err
	for next := cause; next != nil; next = errors.Unwrap(next) {
		cause = next
	}
	line, _, _ := strings.Cut(strings.TrimSpace(cause.Error()), "\n")
	return "the device failed: " + line
}

// Unwrap returns the error of GoMLX.
func (e *DeviceError) Unwrap() error { return e.Err }

// deviceError wraps err in a [DeviceError] unless it already is one.
func deviceError(err error) error {
	if _, marked := errors.AsType[*DeviceError](err); err == nil || marked {
		return err
	}
	return &DeviceError{err}
}

// failed wraps an error of compiling or running the executable in a
// [DeviceError], unless the graph could not be built.
func (e *executable) failed(err error) error {
	if e.invalid {
		e.invalid = false
		return err
	}
	return deviceError(err)
}

// Call runs the executable and returns its results on each device. It first
// compiles it for arguments of these shapes if necessary, which a canceled context
// ends.
func (e *executable) Call(ctx context.Context, args ...any) (copies, error) {
	if err := e.compileFor(ctx, args); err != nil {
		return nil, err
	}
	return e.run(args...)
}

// run runs the executable, which was compiled for arguments of these shapes. They
// may be donated.
func (e *executable) run(args ...any) (_ copies, err error) {
	all, parts, err := e.flat(args)
	defer func() { err = errors.Join(err, finalize(parts)) }()
	if err != nil {
		return nil, err
	}
	out, err := e.Exec.Call(all...)
	e.trim()
	if err != nil {
		return nil, e.failed(err)
	}
	return e.group.copiesOf(out), nil
}

// takeVector copies a vector to host memory and frees it on the device.
func takeVector(t *tensors.Tensor) ([]float32, error) {
	v, err := tensors.CopyFlatData[float32](t)
	return v, deviceError(errors.Join(err, t.FinalizeAll()))
}
