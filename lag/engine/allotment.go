package engine

import (
	"os"
	"strconv"

	"github.com/charmbracelet/log"
)

// takeAllotment restricts this process to as many cores as Slurm gives each task
// (SLURM_CPUS_PER_TASK), where the cluster lets it use more: results depend on the
// number, which must be that of the other workers and not that of the node. Workers
// of one node take different cores as far as their numbers tell them apart. Call it
// before the backend is opened.
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
	log.Info("this process uses only as many cores as Slurm gives a task", "cores", own, "of", len(allowed))
	return nil
}

// allotment returns the cores of this task of those that are allowed, or nil if
// there is nothing to restrict.
func allotment(allowed []int, env func(string) string) []int {
	number := func(name string, missing int) int {
		n, err := strconv.Atoi(env(name))
		if err != nil || n < 0 {
			return missing
		}
		return n
	}
	n := number("SLURM_CPUS_PER_TASK", 0)
	if n == 0 || n >= len(allowed) {
		return nil
	}
	// Tasks of an array have consecutive numbers, and so have most jobs.
	job := number("SLURM_ARRAY_TASK_ID", number("SLURM_JOB_ID", 0))
	index := job*max(1, number("SLURM_NTASKS", 1)) + number("SLURM_LOCALID", 0)
	slot := index % (len(allowed) / n)
	return allowed[slot*n : (slot+1)*n]
}
