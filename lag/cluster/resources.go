package cluster

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/landscape-aware/growing/data/strictjson"
)

// Resources are what one worker gets.
type Resources struct {
	Cores  int      `json:"cores"`  // results depend on it, so it stays the same for a study
	Memory string   `json:"memory"` // such as 8G; empty for what the engine gives
	Time   Duration `json:"time"`   // that a worker may take at a time, with Kubernetes all of them together; 0 for what the engine allows
	GPUs   int      `json:"gpus"`   // 0 or 1
}

// OnGPU reports whether a worker gets a device of its own.
func (r Resources) OnGPU() bool { return r.GPUs > 0 }

// Check returns an error if the resources are impossible.
func (r Resources) Check() error {
	if r.Cores < 1 {
		return fmt.Errorf("cores: %d is not possible; use 1 or more", r.Cores)
	}
	if _, _, err := r.memory(); err != nil {
		return err
	}
	if r.Time < 0 || r.Time > 0 && r.Time < Duration(time.Minute) {
		return fmt.Errorf("time: %s is not possible; use a minute or more", r.Time)
	}
	if r.GPUs < 0 || r.GPUs > 1 {
		return fmt.Errorf("gpus: %d is not possible; a worker uses one device, so use 0 or 1, and as many workers as there are devices", r.GPUs)
	}
	return nil
}

var memoryForm = regexp.MustCompile(`^([1-9][0-9]*)([KMGT])i?B?$`)

// memory returns the number and the unit of the memory. The unit is empty if none
// is given.
func (r Resources) memory() (number, unit string, err error) {
	if r.Memory == "" {
		return "", "", nil
	}
	m := memoryForm.FindStringSubmatch(r.Memory)
	if m == nil {
		return "", "", fmt.Errorf("memory: %q is not an amount; write a whole number and one of K, M, G, T, which are powers of 1024 bytes, such as 8G", r.Memory)
	}
	return m[1], m[2], nil
}

// Duration is a time that is written like 4h, 90m or 1d12h.
type Duration time.Duration

var (
	daysForm  = regexp.MustCompile(`^([0-9]{1,4})d(.*)$`)
	slurmForm = regexp.MustCompile(`^(?:([0-9]{1,4})-)?([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?$`)
)

// ParseDuration reads a duration, also one in Slurm's forms that have a colon, such
// as 04:00:00 and 1-12:00. Without seconds and without days it is minutes and
// seconds there, which is easily taken for hours, so that one is an error.
func ParseDuration(text string) (Duration, error) {
	if m := slurmForm.FindStringSubmatch(text); m != nil && (m[1] != "" || m[4] != "") {
		d := time.Duration(0)
		for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
			n, _ := strconv.Atoi("0" + m[i+1]) // at most four digits
			d += time.Duration(n) * unit
		}
		return Duration(d), nil
	}
	days, rest := 0, text
	if m := daysForm.FindStringSubmatch(text); m != nil {
		days, _ = strconv.Atoi(m[1]) // at most four digits
		rest = m[2]
	}
	d := time.Duration(0)
	if rest != "" || text == "" {
		var err error
		if d, err = time.ParseDuration(rest); err != nil || d < 0 {
			return 0, fmt.Errorf("time: %q is not a duration; write 90m, 4h, 1d12h or 04:00:00", text)
		}
	}
	return Duration(d + time.Duration(days)*24*time.Hour), nil
}

// String returns the duration as [ParseDuration] reads it.
func (d Duration) String() string {
	const day = 24 * time.Hour
	if days, rest := time.Duration(d)/day, time.Duration(d)%day; days > 0 {
		if rest == 0 {
			return fmt.Sprintf("%dd", days)
		}
		return fmt.Sprintf("%dd%s", days, rest)
	}
	return time.Duration(d).String()
}

// MarshalJSON writes the duration as text.
func (d Duration) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte(`""`), nil
	}
	return json.Marshal(d.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := strictjson.UnmarshalPart(text, &s); err != nil {
		return fmt.Errorf("time: it must be a text such as \"4h\": %w", err)
	}
	if s == "" {
		*d = 0
		return nil
	}
	parsed, err := ParseDuration(s)
	*d = parsed
	return err
}

// seconds returns the duration in seconds.
func (d Duration) seconds() float64 { return time.Duration(d).Seconds() }

// minutes returns the duration in whole minutes, rounded up.
func (d Duration) minutes() int {
	return int((time.Duration(d) + time.Minute - 1) / time.Minute)
}
