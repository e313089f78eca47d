//go:build !(cgo && ((linux && (amd64 || arm64)) || (darwin && arm64)))

package backend

// PluginPath returns "": this program has no PJRT plugins.
func (b *Backend) PluginPath() (string, error) { return "", nil }
