package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/closest"
)

func init() {
	Register(Kind{Name: "slurm", New: func() Engine { return NewSlurm() }})
}

// Slurm submits workers as an array of jobs, by the commands sbatch, sacct, squeue
// and scancel. The directories must be on a file
// system that the nodes share, and the command lag too.
type Slurm struct {
	Resources
	Partition string   `json:"partition"` // empty for the cluster's own
	Account   string   `json:"account"`   // empty for the user's own
	QOS       string   `json:"qos"`       // empty for the user's own
	Options   []string `json:"options"`   // more options of sbatch, such as --constraint=avx512
	Notice    Duration `json:"notice"`    // before its time limit, at which a worker saves and is queued again
	Retries   int      `json:"retries"`   // times that a worker is queued again though nobody has trained a step meanwhile
}

// NewSlurm returns the default settings: one core, the rest as the cluster gives.
func NewSlurm() *Slurm {
	return &Slurm{Resources: Resources{Cores: 1}, Notice: Duration(2 * time.Minute), Retries: 3}
}

// ours are the options of sbatch that the other settings determine.
var ours = []string{"array", "job-name", "nodes", "ntasks", "cpus-per-task", "time", "mem", "gres", "gpus", "partition", "account", "qos",
	"requeue", "no-requeue", "open-mode", "signal", "output", "error", "chdir", "dependency", "parsable", "wait", "wrap", "export"}

var (
	oneWord    = regexp.MustCompile(`^[^\s"'\\#]*$`)
	optionForm = regexp.MustCompile(`^--([a-z][a-z0-9-]*)(=[^"\n\r\\]*)?$`)
)

// Check implements [Engine].
func (s *Slurm) Check() error {
	if err := s.Resources.Check(); err != nil {
		return err
	}
	for _, one := range [][2]string{{"partition", s.Partition}, {"account", s.Account}, {"qos", s.QOS}} {
		if !oneWord.MatchString(one[1]) {
			return fmt.Errorf("%s: %q is no name; names have no spaces and no quotes", one[0], one[1])
		}
	}
	for _, option := range s.Options {
		m := optionForm.FindStringSubmatch(option)
		if m == nil {
			return fmt.Errorf("options: %q is no option of sbatch; write --NAME=VALUE, such as --constraint=avx512", option)
		}
		if slices.Contains(ours, m[1]) {
			return fmt.Errorf("options: --%s follows from other settings and cannot be given here", m[1])
		}
	}
	if s.Notice < Duration(10*time.Second) {
		return fmt.Errorf("notice: %s is too short to save; use 10s or more", s.Notice)
	}
	// Slurm looks at time limits once a minute, and gives the notice up to a minute early.
	if least := s.Notice + Duration(2*time.Minute); s.Time > 0 && s.Time < least {
		return fmt.Errorf("time: %s is too short with a notice of %s before its end; use %s or more", s.Time, s.Notice, least)
	}
	if s.Retries < 0 {
		return fmt.Errorf("retries: %d is not possible; use 0 or more", s.Retries)
	}
	return nil
}

// Describe implements [Engine]. It returns the scripts of the workers, as one
// array, and of the job after them.
func (s *Slurm) Describe(w Work, sub Submission) (string, error) {
	last, err := s.script(w, sub, 0, append(slices.Clone(sub.After), "WORKERS"))
	if err != nil || sub.Workers == 0 {
		return last, err
	}
	workers, err := s.script(w, sub, sub.Workers, nil)
	return workers + "\n# ---- and, when these have ended:\n\n" + last, err
}

// Submit implements [Engine].
func (s *Slurm) Submit(ctx context.Context, w Work, sub Submission, accepted func(Submission) error) error {
	if w.Program == "" {
		return errors.New("the command lag is not on the path, so no node can run it; build it with `go install ./lag/cmd/lag` (what `go run` builds is removed at its end), and add `$(go env GOPATH)/bin` to the path")
	}
	most := mostInArray(ctx)
	for left := sub.Workers; left > 0; left -= most {
		n := min(left, most)
		id, err := s.sbatch(ctx, w, sub, n, nil)
		if err != nil {
			return err
		}
		sub.Jobs = append(sub.Jobs, Array{id, n})
		if err := accepted(sub); err != nil {
			return err
		}
	}
	after := slices.Clone(sub.After)
	for _, a := range sub.Jobs {
		after = append(after, a.ID)
	}
	var err error
	if sub.Last, err = s.sbatch(ctx, w, sub, 0, after); err != nil {
		return fmt.Errorf("the workers are submitted, the job after them is not: %w", err)
	}
	return accepted(sub)
}

// sbatch submits an array of n workers, or the job after others. It gives the
// options of the script as arguments too: variables of the environment, such as
// SBATCH_PARTITION, count more than a script, and arguments count more than these.
func (s *Slurm) sbatch(ctx context.Context, w Work, sub Submission, n int, after []string) (id string, err error) {
	script, err := s.script(w, sub, n, after)
	if err != nil {
		return "", err
	}
	options, err := s.options(w, sub, n, after)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(w.logs(), 0o755); err != nil {
		return "", err
	}
	out, err := order(ctx, script, append([]string{"sbatch", "--parsable"}, options...)...)
	if err != nil {
		return "", s.explain(ctx, err)
	}
	id, _, _ = strings.Cut(strings.TrimSpace(out), ";") // of a federation: ID;CLUSTER
	if _, err := strconv.Atoi(id); err != nil {
		return "", fmt.Errorf("sbatch answered %q, which is no number of a job", out)
	}
	return id, nil
}

// explain adds to an error of sbatch what can be done.
func (s *Slurm) explain(ctx context.Context, err error) error {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return err
	}
	switch {
	case errors.Is(err, errNotInstalled):
		return fmt.Errorf("%w: this machine is no login node of a Slurm cluster, or its commands are elsewhere", err)
	case strings.Contains(r.said, "invalid partition") || strings.Contains(r.said, "Invalid partition"):
		if out, listErr := question(ctx, "sinfo", "-h", "-o", "%R"); listErr == nil {
			there := strings.Fields(out)
			slices.Sort(there)
			return fmt.Errorf("%w%s; there are %s", err, closest.Hint(s.Partition, there), strings.Join(slices.Compact(there), ", "))
		}
	}
	return err
}

// usualArray is MaxArraySize where Slurm's configuration says nothing of it.
const usualArray = 1001

var maxArraySize = regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*(\d+)`)

// mostInArray returns the number of jobs that an array may have.
func mostInArray(ctx context.Context) int {
	out, err := question(ctx, "scontrol", "show", "config")
	if m := maxArraySize.FindStringSubmatch(out); err == nil && m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			return n
		}
	}
	return usualArray
}

// Cancel implements [Engine]. The jobs after the workers go first, so that none
// begins.
func (s *Slurm) Cancel(ctx context.Context, _ []Submission, jobs []Job) error {
	var last, workers []string
	for _, j := range jobs {
		if whole := wholeID(j.ID); j.Works && !slices.Contains(workers, whole) {
			workers = append(workers, whole)
		} else if !j.Works {
			last = append(last, j.ID)
		}
	}
	for _, ids := range [][]string{last, workers} {
		if len(ids) == 0 {
			continue
		}
		_, err := order(ctx, "", append([]string{"scancel"}, ids...)...)
		if r, ok := errors.AsType[*refusal](err); ok && !strings.Contains(r.said, "Invalid job id") { // it is not there any more
			return err
		}
	}
	return nil
}

// wholeID returns the number of an array without that of its member.
func wholeID(id string) string {
	whole, _, _ := strings.Cut(id, "_")
	return whole
}
