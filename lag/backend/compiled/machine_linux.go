//go:build cgo

package compiled

import (
	"bufio"
	"os"
	"strings"
)

// processor describes the processor, as far as code can depend on it: for each
// field of its first core that is not a measurement, its value.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	var fields []string
	lines := bufio.NewScanner(f) // reads no more than the first core's block or two
	lines.Buffer(nil, 1<<16)
	for lines.Scan() && lines.Text() != "" {
		name, _, _ := strings.Cut(lines.Text(), ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
			"features", "cpu implementer", "cpu architecture", "cpu variant", "cpu part", "cpu revision":
			fields = append(fields, lines.Text())
		}
	}
	return strings.Join(fields, "\n")
}
