//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gomlx/go-xla/pjrt"

	"github.com/landscape-aware/growing/kernels/internal/doctor/report"
)

// inspect gets the version and devices of a plugin.
func inspect(name string, r *report.Probe) error {
	path, ok := strings.CutPrefix(name, "xla:")
	if !ok || !filepath.IsAbs(path) {
		return nil // a name, which only opening the backend resolves
	}
	plugin, err := pjrt.GetPlugin(path)
	if err != nil {
		return err
	}
	r.Major, r.Minor = plugin.Version()
	options := pjrt.NamedValuesMap{}
	if plugin.IsCPU() {
		options["cpu_device_count"] = int64(1) // as lag/backend opens it
	}
	if plugin.IsCUDA() {
		options["preallocate"] = false
	}
	client, err := plugin.NewClient(options)
	if err != nil {
		return fmt.Errorf("opening the plugin's devices: %w", err)
	}
	for _, device := range client.AddressableDevices() {
		description, err := device.GetDescription()
		if err != nil {
			return fmt.Errorf("asking a device for its description: %w", err)
		}
		r.Devices = append(r.Devices, description.DebugString())
	}
	return client.Destroy()
}
