package plugin

import (
	"fmt"

	"github.com/gomlx/go-xla/installer"
)

func installDevice(kind, dir string) error {
	switch kind {
	case "cuda":
		return installer.CudaInstall(cudaPackage, cudaVersion, dir, false, installer.Normal)
	case "tpu":
		return installer.TPUInstall(tpuPackage, tpuVersion, dir, false, installer.Normal)
	}
	return fmt.Errorf("there is no plugin for %q, only for cuda and tpu", kind)
}
