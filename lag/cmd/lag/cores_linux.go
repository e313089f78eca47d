package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/charmbracelet/log"
	"golang.org/x/sys/unix"
)

// takeCores keeps this process on its part of the cores. It comes before XLA is
// opened, which makes as many threads as it finds cores.
func takeCores(index, n int) error {
	var allowed, own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("asking for this process's cores: %w", err)
	}
	var list []int
	for core := range 8 * len(allowed) * 8 {
		if allowed.IsSet(core) {
			list = append(list, core)
		}
	}
	list = part(list, index, n)
	for _, core := range list {
		own.Set(core)
	}
	// Affinity is a thread's, and threads that Go has started keep theirs.
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			// A thread may have ended meanwhile.
			if err := unix.SchedSetaffinity(id, &own); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("keeping this process on its cores: %w", err)
			}
		}
	}
	log.Info("this process keeps to its cores", "worker", index, "cores", list)
	return nil
}
