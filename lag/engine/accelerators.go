package engine

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/backend"
)

// DeviceShare returns the environment variables that give a process its share of
// the GPUs that this process sees, see [backend.CUDADevices]: the index-th of n
// processes, in each of which some devices train together. This process is the one
// with index 0: it sees them all and uses the first. If there are fewer GPUs than
// processes, some have the same. It returns nil if there is nothing to share. A TPU
// belongs to the process that opens it first, and is not shared.
func DeviceShare(gpus []string, index, n, together int) ([]string, error) {
	own, err := deviceShare(gpus, index, n, max(1, together))
	if own == nil || err != nil {
		return nil, err
	}
	value := strings.Join(own, ",")
	log.Info("a worker uses its share of the GPUs", "worker", index, "GPUs", value, "of", len(gpus))
	return []string{backend.CUDAVisible + "=" + value}, nil
}

// deviceShare returns the index-th of n shares of devices, each of the same size.
func deviceShare(all []string, index, n, size int) ([]string, error) {
	switch {
	case len(all) == 0 || len(all) == 1 && size == 1:
		return nil, nil
	case len(all) >= n*size:
		return all[index*size : (index+1)*size], nil
	case size > 1:
		return nil, fmt.Errorf("%s that train with %s each need %d, and this process sees %d; use fewer workers or devices", plain.Count(n, "worker"), plain.Count(size, "device"), n*size, len(all))
	}
	return all[index%len(all):][:1], nil
}
