//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"reflect"

	"github.com/gomlx/go-xla/stablehlo"
	"github.com/gomlx/gomlx/core/graph"
)

// Alias lets the result of a graph with the given index take the memory of an
// argument of the same shape that is donated. Without it, XLA writes the result
// elsewhere and needs memory for both. Where an engine has no such means, Alias
// does nothing and returns false.
//
// StableHLO has an attribute of arguments for this, and so has go-xla v0.4.1
// (stablehlo.Value.Attributes). GoMLX v0.28.3 hides it, so Alias reaches for the
// value behind the node.
func (b *Backend) Alias(argument *graph.Node, result int) bool {
	for _, output := range graph.InternalBackendOutputs(argument) {
		node := reflect.ValueOf(output)
		if node.Kind() != reflect.Pointer || node.Elem().Kind() != reflect.Struct {
			return false
		}
		field := node.Elem().FieldByName("value")
		if !field.IsValid() || field.Type() != reflect.TypeFor[*stablehlo.Value]() {
			return false
		}
		value := (*stablehlo.Value)(field.UnsafePointer())
		if value.Attributes == nil {
			value.Attributes = make(map[string]any)
		}
		value.Attributes["tf.aliasing_output"] = int32(result)
	}
	return true
}
