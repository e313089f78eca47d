//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// PluginPath returns the file of the PJRT plugin that the backend runs on, or ""
// if there is none.
func (b *Backend) PluginPath() (string, error) {
	engine, ok := b.Backend.(*xla.Backend)
	if !ok {
		return "", nil
	}
	plugin, err := pjrt.GetPlugin(engine.PluginName())
	if err != nil {
		return "", err
	}
	return plugin.Path(), nil
}
