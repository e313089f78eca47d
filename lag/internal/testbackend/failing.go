package testbackend

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"

	"github.com/landscape-aware/growing/lag/backend"
)

// Operation is a kind of operation in which a device may fail.
type Operation string

const (
	Compile  Operation = "compile"
	Run      Operation = "run"
	Upload   Operation = "upload"   // of a tensor from host memory
	Download Operation = "download" // of a tensor to host memory
)

// Failing returns a backend that calls fails before each operation. If that
// returns an error, the operation fails with it.
func Failing(b *backend.Backend, fails func(Operation) error) *backend.Backend {
	failing := *b
	failing.Backend = &failingBackend{b.Backend, fails}
	return &failing
}

// failingBackend also wraps buffers, because GoMLX refuses buffers of another
// backend.
type failingBackend struct {
	compute.Backend
	fails func(Operation) error
}

func (b *failingBackend) Builder(name string) compute.Builder {
	return &failingBuilder{b.Backend.Builder(name), b}
}

func (b *failingBackend) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	if err := b.fails(Upload); err != nil {
		return nil, err
	}
	buffer, err := b.Backend.BufferFromFlatData(device, flat, shape)
	return b.wrap(buffer), err
}

func (b *failingBackend) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	if err := b.fails(Upload); err != nil {
		return nil, nil, err
	}
	buffer, flat, err := b.Backend.NewSharedBuffer(device, shape)
	return b.wrap(buffer), flat, err
}

func (b *failingBackend) wrap(buffer compute.Buffer) compute.Buffer {
	if buffer == nil {
		return nil
	}
	return &failingBuffer{buffer, b}
}

type failingBuffer struct {
	compute.Buffer
	backend *failingBackend
}

func (b *failingBuffer) Backend() compute.Backend { return b.backend }

func (b *failingBuffer) ToFlatData(flat any) error {
	if err := b.backend.fails(Download); err != nil {
		return err
	}
	return b.Buffer.ToFlatData(flat)
}

func (b *failingBuffer) Data() (any, error) {
	if err := b.backend.fails(Download); err != nil {
		return nil, err
	}
	return b.Buffer.Data()
}

func (b *failingBuffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	buffer, err := b.Buffer.CopyToDevice(device)
	return b.backend.wrap(buffer), err
}

type failingBuilder struct {
	compute.Builder
	backend *failingBackend
}

func (b *failingBuilder) Compile() (compute.Executable, error) {
	if err := b.backend.fails(Compile); err != nil {
		return nil, err
	}
	e, err := b.Builder.Compile()
	if err != nil {
		return nil, err
	}
	return &failingExecutable{e, b.backend}, nil
}

type failingExecutable struct {
	compute.Executable
	backend *failingBackend
}

func (e *failingExecutable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	if err := e.backend.fails(Run); err != nil {
		return nil, err
	}
	bare := make([]compute.Buffer, len(inputs))
	for i, input := range inputs {
		bare[i] = input.(*failingBuffer).Buffer
	}
	outputs, err := e.Executable.Execute(bare, donate, device)
	for i := range outputs {
		outputs[i] = e.backend.wrap(outputs[i])
	}
	return outputs, err
}
