//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"os"
	"runtime"
)

// deviceFiles are files of which there is one at least where programs can use a
// device. WSL and Jetson boards have others than most machines.
var deviceFiles = map[string][]string{
	"cuda": {"/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/nvhost-gpu", "/dev/nvgpu"},
	"tpu":  {"/dev/accel0", "/dev/vfio/0", "/dev/vfio/1", "/dev/accel_0"},
}

var deviceNames = map[string]string{"cuda": "NVIDIA GPU", "tpu": "TPU"}

// withoutDevice returns text for an error in opening a kind of device, which says
// that this machine seems to have none and what to use, or "" if it may have one.
// It does not refuse a device by itself: a new kind of machine may have other files.
func withoutDevice(kind string) string {
	files := deviceFiles[kind]
	if files == nil {
		return ""
	}
	if runtime.GOOS == "linux" {
		for _, file := range files {
			if _, err := os.Stat(file); err == nil {
				return ""
			}
		}
	}
	return "; programs see no " + deviceNames[kind] + " on this machine (no " + files[0] + "): use the backend " + CPU + " or " + Go + ", in a notebook the kernel for the CPU"
}
