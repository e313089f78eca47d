package train

import (
	"fmt"

	"github.com/landscape-aware/growing/lag/model/transformer"
)

// MemoryUse is an estimate of the device memory that training takes, in bytes.
// What the compiler keeps beside it, and the program itself, are not in it.
type MemoryUse struct {
	Parameters  int64
	Moments     int64 // of the optimizer
	Gradients   int64 // of one batch
	Updated     int64 // parameters and moments after an update, which XLA writes beside those before it
	Activations int64 // kept for the backward pass
}

// Memory estimates what training takes of a model and an optimizer: all of them
// are float32. The bytes of activations depend on the model and the batch.
func Memory(parameters []transformer.Param, optimizer Optimizer, activations int64) MemoryUse {
	const float32Bytes = 4
	m := MemoryUse{Parameters: float32Bytes * int64(transformer.Count(parameters)), Activations: activations}
	m.Gradients = m.Parameters
	for _, p := range parameters {
		for _, moment := range optimizer.moments(p) {
			m.Moments += float32Bytes * int64(elements(moment.Shape))
		}
	}
	m.Updated = m.Parameters + m.Moments
	return m
}

// Total is the sum.
func (m MemoryUse) Total() int64 {
	return m.Parameters + m.Moments + m.Gradients + m.Updated + m.Activations
}

// String is a line for people: "1.9 GiB: parameters 418 MiB, ...".
func (m MemoryUse) String() string {
	return fmt.Sprintf("%s: parameters %s, moments %s, gradients %s, their successors %s, activations %s", bytesText(m.Total()),
		bytesText(m.Parameters), bytesText(m.Moments), bytesText(m.Gradients), bytesText(m.Updated), bytesText(m.Activations))
}

// bytesText is a number of bytes with its unit, in two or three digits.
func bytesText(n int64) string {
	x, unit := float64(n), "B"
	for _, larger := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if x < 1000 {
			break
		}
		x, unit = x/1024, larger
	}
	if x < 10 && unit != "B" {
		return fmt.Sprintf("%.1f %s", x, unit)
	}
	return fmt.Sprintf("%.0f %s", x, unit)
}
