package backend

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CUDAVisible is the environment variable that says which NVIDIA GPUs a process
// sees, by number or name, separated by commas.
const CUDAVisible = "CUDA_VISIBLE_DEVICES"

// smiLimit is the time for nvidia-smi, which takes seconds where no program uses
// the driver yet.
const smiLimit = 20 * time.Second

// CUDADevices returns what to put into [CUDAVisible] for a process that shall see
// one of the GPUs that this process sees, for each of them in their order. It opens
// none: it reads the variable or, if that is not set, what nvidia-smi lists. It
// returns nil if the named backend, see [Open], is another or nothing is known. GPUs
// that are divided into MIG instances are not known without the variable.
func CUDADevices(ctx context.Context, name string) []string {
	if name, _ = asked(name); name != Auto && !strings.Contains(name, "cuda") {
		return nil
	}
	if list, ok := os.LookupEnv(CUDAVisible); ok {
		names := strings.Split(list, ",")
		for i, one := range names {
			names[i] = strings.TrimSpace(one)
		}
		// What follows something that names no device is not seen.
		if end := slices.IndexFunc(names, func(one string) bool { return one == "" || strings.HasPrefix(one, "-") }); end >= 0 {
			names = names[:end]
		}
		return names
	}
	ctx, cancel := context.WithTimeout(ctx, smiLimit)
	defer cancel()
	c := exec.CommandContext(ctx, "nvidia-smi", "-L")
	c.WaitDelay = time.Second
	out, err := c.Output()
	if err != nil {
		return nil
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(strings.TrimSpace(line), "MIG ") {
			return nil
		}
		if strings.HasPrefix(line, "GPU ") {
			names = append(names, strconv.Itoa(len(names)))
		}
	}
	return names
}
