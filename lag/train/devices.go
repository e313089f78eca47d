package train

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/landscape-aware/growing/data/plain"
)

// A group is the devices that run a program together. The program's graph is that
// of the whole batch: XLA divides it by the batch's first axis, and adds what
// devices must tell each other. So sums go over the whole batch, a mean is no mean
// of means, and random numbers are those of one device. Up to rounding, results do
// not depend on the number of devices. Each has a copy of the state.
type group struct {
	n     int
	mesh  *distributed.DeviceMesh   // nil for one device, whose programs know of no others
	same  *distributed.ShardingSpec // of what all devices have
	parts *distributed.ShardingSpec // of what is divided by its first axis
}

// newGroup returns a group of n devices.
func newGroup(n int) (*group, error) {
	if n == 1 {
		return &group{n: 1}, nil
	}
	const batch = "batch"
	mesh, err := distributed.NewDeviceMesh([]int{n}, []string{batch})
	if err != nil {
		return nil, err
	}
	parts, err := distributed.BuildSpec(mesh).S(batch).Done()
	return &group{n, mesh, distributed.NewReplicatedShardingSpec(mesh), parts}, err
}

// divided is which arguments of an executable are tensors of a batch.
type divided struct{ first, count int }

func (d divided) has(i int) bool { return d.first <= i && i < d.first+d.count }

// distribute makes the group run an executable.
func (g *group) distribute(e *executable) {
	if g.mesh == nil {
		return
	}
	inputs := slices.Concat(slices.Repeat([]*distributed.ShardingSpec{g.same}, e.divided.first),
		slices.Repeat([]*distributed.ShardingSpec{g.parts}, e.divided.count), []*distributed.ShardingSpec{g.same}) // the last also holds for what follows
	e.AutoSharding(g.mesh).WithInputShardingSpecs(inputs...).WithOutputShardingSpecs(g.same)
}

// part returns the shape of a device's part of a batch's tensor.
func (g *group) part(whole shapes.Shape) (shapes.Shape, error) {
	if whole.Rank() == 0 || whole.Dimensions[0]%g.n != 0 {
		return whole, fmt.Errorf("a tensor of a batch has the shape %v, and %s cannot share its first axis evenly; give a batch whose size is a multiple of %d", whole.Dimensions, plain.Count(g.n, "device"), g.n)
	}
	part := whole.Clone()
	part.Dimensions[0] /= g.n
	return part, nil
}

// divide copies each device's part of a batch's tensor, in host memory.
func (g *group) divide(t *tensors.Tensor) ([]*tensors.Tensor, error) {
	shape, err := g.part(t.Shape())
	if err != nil {
		return nil, err
	}
	parts := make([]*tensors.Tensor, g.n)
	var failed error
	err = t.ConstBytes(func(all []byte) {
		size := len(all) / g.n
		for i := range parts {
			parts[i] = tensors.FromShape(shape)
			failed = errors.Join(failed, parts[i].MutableBytes(func(own []byte) { copy(own, all[i*size:(i+1)*size]) }))
		}
	})
	return parts, errors.Join(err, failed)
}

// A spread is an argument of an executable that is another value on each device.
type spread []any

// copies are tensors of which each device has a copy: first by device, then in an
// order that is the same for all.
type copies [][]*tensors.Tensor

// copiesOf divides the results of an execution by device.
func (g *group) copiesOf(out []*tensors.Tensor) copies {
	c := make(copies, g.n)
	for i := range c {
		c[i] = out[i*len(out)/g.n : (i+1)*len(out)/g.n]
	}
	return c
}

// from returns the tensors from the i-th on.
func (c copies) from(i int) copies {
	return c.each(func(list []*tensors.Tensor) []*tensors.Tensor { return list[i:] })
}

// first returns the first n tensors.
func (c copies) first(n int) copies {
	return c.each(func(list []*tensors.Tensor) []*tensors.Tensor { return list[:n:n] })
}

func (c copies) each(f func([]*tensors.Tensor) []*tensors.Tensor) copies {
	out := make(copies, len(c))
	for i, list := range c {
		out[i] = f(list)
	}
	return out
}

// and returns the tensors of both.
func (c copies) and(d copies) copies {
	both := make(copies, len(c))
	for i := range c {
		both[i] = slices.Concat(c[i], d[i])
	}
	return both
}

// take copies the i-th tensor, a vector, to host memory and frees it on all devices.
func (c copies) take(i int) ([]float32, error) {
	values, err := takeVector(c[0][i])
	for _, list := range c[1:] {
		err = errors.Join(err, deviceError(list[i].FinalizeAll()))
	}
	return values, err
}

func (c copies) finalize() error { return finalize(slices.Concat(c...)) }

// arguments appends the tensors to the arguments of an executable.
func (c copies) arguments(args []any) []any {
	if len(c) == 1 {
		return appendTensors(args, c[0])
	}
	for i := range c[0] {
		each := make(spread, len(c))
		for device, list := range c {
			each[device] = list[i]
		}
		args = append(args, each)
	}
	return args
}

// copied returns tensors with their copies on the devices after the first, which it
// makes. The tensors themselves may be in host memory.
func (p *Program) copied(list []*tensors.Tensor) (all copies, err error) {
	all = copies{list}
	defer func() {
		if err != nil {
			err = errors.Join(err, all[1:].finalize())
		}
	}()
	for device := 1; device < p.group.n; device++ {
		all = append(all, nil)
		for _, t := range list {
			data, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return all, deviceError(err)
			}
			own := tensors.FromFlatDataAndDimensions(data, t.Shape().Dimensions...)
			all[device] = append(all[device], own)
			if err := own.MaterializeOnDevice(p.backend.Backend, false, compute.DeviceNum(device)); err != nil {
				return all, deviceError(err)
			}
			own.FinalizeLocal()
		}
	}
	return all, nil
}

// onDevices returns the state's tensors on all devices of the program. The first
// call makes the copies.
func (p *Program) onDevices(s *State) (copies, error) {
	if len(s.others) != p.group.n-1 {
		err := s.others.finalize()
		s.others = nil
		all, copyErr := p.copied(s.all())
		if err = errors.Join(err, copyErr); err != nil {
			return nil, fmt.Errorf("copying the state to %s: %w", plain.Count(p.group.n, "device"), err)
		}
		s.others = all[1:]
	}
	return append(copies{s.all()}, s.others...), nil
}

// flat returns the arguments of an executable for GoMLX: those of the first device,
// then those of the next. The parts of batches are copies, to be freed after the
// execution.
func (e *executable) flat(args []any) (all []any, parts []*tensors.Tensor, err error) {
	if e.group.n == 1 {
		return args, nil, nil
	}
	all = make([]any, e.group.n*len(args))
	for i, arg := range args {
		each, ok := arg.(spread)
		if !ok {
			each = slices.Repeat(spread{arg}, e.group.n)
		}
		if e.divided.has(i) {
			own, err := e.group.divide(arg.(*tensors.Tensor))
			if parts = append(parts, own...); err != nil {
				return nil, parts, err
			}
			for device, part := range own {
				each[device] = part
			}
		}
		for device, value := range each {
			all[device*len(args)+i] = value
		}
	}
	return all, parts, nil
}
