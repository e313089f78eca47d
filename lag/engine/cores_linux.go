package engine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"github.com/charmbracelet/log"
	"golang.org/x/sys/unix"
)

// usableCores is how many cores this process may use. XLA's CPU backend divides
// matrix products by it, which decides over their last bits.
func usableCores() int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return runtime.NumCPU()
	}
	return set.Count()
}

// TakeCores keeps this process on its part of the cores, the index-th of n, and
// returns what gives the others back. It comes before XLA is opened, which makes
// as many threads as it finds cores.
func TakeCores(index, n int) (release func() error, err error) {
	var allowed, own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return nil, fmt.Errorf("asking for this process's cores: %w", err)
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
	if err := setAffinity(&own); err != nil {
		return nil, err
	}
	log.Info("this process keeps to its cores", "worker", index, "cores", list)
	return func() error { return setAffinity(&allowed) }, nil
}

// setAffinity sets the cores of all threads of this process: affinity is a
// thread's, and threads that Go has started keep theirs.
func setAffinity(set *unix.CPUSet) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			// A thread may have ended meanwhile.
			if err := unix.SchedSetaffinity(id, set); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("keeping this process on its cores: %w", err)
			}
		}
	}
	return nil
}
