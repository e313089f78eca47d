package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/landscape-aware/growing/lag/backend/cores"
)

// conditions is where and when something was measured.
type conditions struct {
	Time    string  `json:"time"`
	Commit  string  `json:"commit"`
	Go      string  `json:"go"`
	CPU     string  `json:"cpu"`
	Cores   int     `json:"cores"`
	Memory  float64 `json:"memory_MB"`
	Load    float64 `json:"load"` // mean number of running processes in the minute before the command
	Rounds  int     `json:"rounds"`
	Backend string  `json:"backend"`
}

// busy is a load from which on the machine is not idle.
const busy = 0.5

// before is the load before this command. Later it is the command's own.
var before = cores.Load()

func conditionsNow(ctx context.Context, root, backend string, rounds int) conditions {
	return conditions{
		Time: time.Now().UTC().Format("2006-01-02 15:04"), Commit: commit(ctx, root), Go: runtime.Version(), CPU: cpuModel(),
		Cores: runtime.NumCPU(), Memory: statusMB("/proc/meminfo", "MemTotal:"), Load: before, Rounds: rounds, Backend: backend,
	}
}

// commit returns the checkout's commit, with a plus if files differ from it.
func commit(ctx context.Context, root string) string {
	hash, err := exec.CommandContext(ctx, "git", "-C", root, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	name := strings.TrimSpace(string(hash))
	// The results themselves may have been written.
	changed, err := exec.CommandContext(ctx, "git", "-C", root, "status", "--porcelain", "--untracked-files=no", "--",
		".", ":!lag/bench/README.md", ":!lag/bench/results.json").Output()
	if err != nil || len(changed) > 0 {
		name += "+"
	}
	return name
}

// cpuModel returns the processor's name, where Linux says it.
func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func (c conditions) String() string {
	text := fmt.Sprintf("%s UTC, commit %s, %s, %s, %d cores, %.0f GB, %s", c.Time, c.Commit, c.Go, c.CPU, c.Cores, c.Memory/1000, c.Backend)
	if c.Load > busy {
		text += fmt.Sprintf("; the machine was not idle: its load before was %.1f", c.Load)
	}
	return text
}
