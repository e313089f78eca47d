package engine

import (
	"os"
	"strconv"

	"github.com/charmbracelet/log"
)

// takeAllotment restricts this process to as many cores as its job gives each worker,
// where it may use more: results depend on the number, which must be that of the
// other workers and not that of the node. Slurm says it in SLURM_CPUS_PER_TASK, who
// starts workers otherwise in LAG_CORES. Workers of one node take different cores as
// far as their numbers tell them apart. Call it before the backend is opened.
func takeAllotment() error {
	allowed, err := allowedCores()
	if err != nil {
		return err
	}
	own := allotment(allowed, os.Getenv)
	if own == nil {
		return nil
	}
	if err := restrict(own); err != nil {
		return err
	}
	log.Info("this process uses only as many cores as its job gives a worker", "cores", own, "of", len(allowed))
	return nil
}

// allotment returns the cores of this worker of those that are allowed, or nil if
// there is nothing to restrict.
func allotment(allowed []int, env func(string) string) []int {
	first := func(missing int, names ...string) int {
		for _, name := range names {
			if n, err := strconv.Atoi(env(name)); err == nil && n >= 0 {
				return n
			}
		}
		return missing
	}
	n := first(0, "SLURM_CPUS_PER_TASK", "LAG_CORES")
	if n == 0 || n >= len(allowed) {
		return nil
	}
	// Tasks of an array have consecutive numbers, and so have most jobs; then there are the pods of an Indexed Job of
	// Kubernetes and the nodes of SkyPilot, some of which may be on one machine.
	job := first(0, "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID", "JOB_COMPLETION_INDEX", "SKYPILOT_NODE_RANK", "LAG_INDEX")
	index := job*max(1, first(1, "SLURM_NTASKS")) + first(0, "SLURM_LOCALID")
	slot := index % (len(allowed) / n)
	return allowed[slot*n : (slot+1)*n]
}
