package engine

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/charmbracelet/log"
	"golang.org/x/sys/unix"
)

// TakeCores restricts this process to its share of the cores, the index-th of
// n, and returns a function that undoes this. Call it before XLA is opened,
// because XLA starts as many threads as it finds cores.
func TakeCores(index, n int) (release func() error, err error) {
	allowed, err := allowedCores()
	if err != nil {
		return nil, err
	}
	own := coreShare(allowed, index, n)
	if err := restrict(own); err != nil {
		return nil, err
	}
	log.Info("this process uses only its share of the cores", "worker", index, "cores", own)
	return func() error { return restrict(allowed) }, nil
}

// allowedCores returns the cores that this process may use.
func allowedCores() (list []int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("reading this process's cores: %w", err)
	}
	for core := range 8 * len(set) * 8 {
		if set.IsSet(core) {
			list = append(list, core)
		}
	}
	return list, nil
}

// restrict sets the cores that this process may use.
func restrict(cores []int) error {
	var before, set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("reading this process's cores: %w", err)
	}
	if err := setAffinity(&set); err != nil {
		return errors.Join(err, setAffinity(&before))
	}
	return nil
}

// setAffinity sets the cores of all threads of this process. Each thread has
// its own affinity; a new one has that of the thread that starts it. One that is
// not set yet may start others meanwhile, so setAffinity looks until it finds
// no new ones.
func setAffinity(set *unix.CPUSet) error {
	done := make(map[string]bool)
	for {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		found := false
		for _, t := range threads {
			id, err := strconv.Atoi(t.Name())
			if err != nil || done[t.Name()] {
				continue
			}
			done[t.Name()], found = true, true
			// A thread may have ended in the meantime.
			if err := unix.SchedSetaffinity(id, set); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("setting this process's cores: %w", err)
			}
		}
		if !found {
			return nil
		}
	}
}
