package cores

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func usable() int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return runtime.NumCPU()
	}
	return set.Count()
}

func online() int {
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return runtime.NumCPU()
	}
	if n := countCores(strings.TrimSpace(string(text))); n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// countCores counts the cores of a list such as "0-3,8", and returns 0 if it is none.
func countCores(list string) (n int) {
	for part := range strings.SplitSeq(list, ",") {
		from, to, found := strings.Cut(part, "-")
		if !found {
			to = from
		}
		first, err := strconv.Atoi(from)
		if err != nil {
			return 0
		}
		last, err := strconv.Atoi(to)
		if err != nil || last < first {
			return 0
		}
		n += last - first + 1
	}
	return n
}

func load() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	x, _ := strconv.ParseFloat(first, 64)
	return x
}
