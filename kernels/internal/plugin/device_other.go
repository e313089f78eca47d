//go:build !(linux && amd64)

package plugin

import "fmt"

func installDevice(kind, _ string) error {
	return fmt.Errorf("there is none for %s, only for linux/amd64 (%s %s, libtpu %s)", Platform(), cudaPackage, cudaVersion, tpuVersion)
}
