//go:build !(cgo && ((linux && (amd64 || arm64)) || (darwin && arm64)))

package backend

import (
	"errors"

	"github.com/gomlx/gomlx/core/graph"
)

func openXLA(options string, _ int) (*Backend, error) {
	return nil, errors.New("backend xla:" + options + ": this program was built without cgo or for a platform without XLA plugins; " +
		"install a C compiler and build with CGO_ENABLED=1, or use the backend \"go\"")
}

// HasXLA reports whether a PJRT plugin is installed. This program cannot use one.
func HasXLA() bool { return false }

// Alias does nothing: only XLA can place a result in the memory of an argument.
func (b *Backend) Alias(argument *graph.Node, result int) bool { return false }
