package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/charmbracelet/log"
	"golang.org/x/sys/unix"
)

// takeCores keeps this process on its part of the cores. It comes before XLA is
// loaded, which makes as many threads as it finds cores.
func takeCores(index, n int) error {
	var allowed, own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("asking for this process's cores: %w", err)
	}
	for _, core := range cores(index, n) {
		if allowed.IsSet(core) {
			own.Set(core)
		}
	}
	if own.Count() == 0 {
		return nil // a container has other cores than the first; the kernel divides them
	}
	// Affinity is a thread's, and threads that Go has started keep theirs.
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			if err := unix.SchedSetaffinity(id, &own); err != nil {
				return fmt.Errorf("keeping this process on its cores: %w", err)
			}
		}
	}
	log.Info("this process keeps to its cores", "worker", index, "cores", cores(index, n))
	return nil
}
