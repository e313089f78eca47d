package train

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// MemoryUse is an estimate of the device memory for training, in bytes. It does
// not include the compiled program and the compiler's temporary memory.
type MemoryUse struct {
	Parameters  int64
	Moments     int64 // moments of the optimizer
	Gradients   int64 // gradient of one batch
	Changes     int64 // of the parameters, computed before any of them is changed
	Activations int64 // activations stored for the backward pass
}

// Memory estimates the memory for training a model with an optimizer. All
// tensors are float32. Activations is their size in bytes, which depends on the
// model and the batch.
func Memory(parameters []transformer.Param, optimizer Optimizer, activations int64) MemoryUse {
	const float32Bytes = 4
	m := MemoryUse{Parameters: float32Bytes * int64(transformer.Count(parameters)), Activations: activations}
	m.Gradients = m.Parameters
	for _, p := range parameters {
		for _, moment := range optimizer.moments(p) {
			m.Moments += float32Bytes * int64(elements(moment.Shape))
		}
	}
	m.Changes = m.Parameters
	return m
}

// Total returns the sum of all fields.
func (m MemoryUse) Total() int64 {
	return m.Parameters + m.Moments + m.Gradients + m.Changes + m.Activations
}

// String returns a line such as "1.9 GiB: parameters 418 MiB, ...".
func (m MemoryUse) String() string {
	text := func(bytes int64) string { return humanize.IBytes(uint64(bytes)) }
	return fmt.Sprintf("%s: parameters %s, moments %s, gradients %s, changes %s, activations %s", text(m.Total()),
		text(m.Parameters), text(m.Moments), text(m.Gradients), text(m.Changes), text(m.Activations))
}
