package cluster

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
)

func init() {
	Register(Kind{Name: "local", New: func() Engine { return NewLocal() }})
}

// Local runs the workers as processes of this machine, which go on when the program
// that has submitted them ends, or its terminal. It needs Unix and bash.
type Local struct {
	Resources
	Logs string `json:"logs"` // absolute path of the directory in which the processes are recorded; Submit sets it
}

// NewLocal returns the default settings: one core for each worker.
func NewLocal() *Local { return &Local{Resources: Resources{Cores: 1}} }

// Check implements [Engine].
func (l *Local) Check() error {
	switch {
	case l.Memory != "":
		return errors.New("memory: processes of this machine are not limited; leave it out")
	case l.Time != 0:
		return errors.New("time: processes of this machine have no time limit; leave it out")
	case l.GPUs != 0:
		return errors.New("gpus: workers of this engine compute on cores; without an engine, each worker gets a GPU of its own")
	}
	return l.Resources.Check()
}

//go:embed local.sh.tmpl
var localText string

var localTemplate = template.Must(template.New("local.sh").Funcs(template.FuncMap{"quote": plain.Quoted}).Parse(localText))

// localJob is what the script of a process needs to know.
type localJob struct {
	ID, From, Logs string
	Index, Cores   int
	After          []string // names of the workers' submissions, for the process after them
	Commands       []string
}

// script returns the script of a worker or, if index is negative, of the process
// after the workers.
func (l *Local) script(w Work, s Submission, index int) (string, error) {
	p := places{cmp.Or(w.Program, "lag"), w.configFile(), w.Dir, w.Data}
	job := localJob{ID: memberID(s.Name, index), From: w.From, Logs: w.logs(), Index: index, Cores: l.Cores, Commands: []string{quoted(w.worker(p))}}
	if index < 0 {
		job.ID, job.Index, job.After, job.Commands = lastID(s.Name), 0, append(slices.Clone(s.After), s.Name), []string{quoted(w.plain(p)), quoted(w.report(p))}
	}
	var b strings.Builder
	err := localTemplate.Execute(&b, job)
	return b.String(), err
}

func memberID(name string, index int) string { return name + "_" + strconv.Itoa(index) }
func lastID(name string) string              { return name + "-last" }

// Describe implements [Engine]. It returns the scripts of the first worker and of
// the process after the workers.
func (l *Local) Describe(w Work, s Submission) (string, error) {
	last, err := l.script(w, s, -1)
	if err != nil || s.Workers == 0 {
		return last, err
	}
	worker, err := l.script(w, s, 0)
	return fmt.Sprintf("%s\n# ---- so does each of %d workers, with its own number; when they have ended:\n\n%s", worker, s.Workers, last), err
}

// Submit implements [Engine].
func (l *Local) Submit(ctx context.Context, w Work, s Submission, accepted func(Submission) error) (err error) {
	if w.Program == "" {
		return errors.New("the command lag is not on the path; build it with `go install ./lag/cmd/lag`, and add `$(go env GOPATH)/bin` to the path")
	}
	now := *l
	now.Logs = w.logs()
	if s.Settings, err = json.Marshal(&now); err != nil {
		return err
	}
	if err := os.MkdirAll(now.Logs, 0o755); err != nil {
		return err
	}
	for index := range s.Workers {
		if err := now.begin(ctx, w, s, index); err != nil {
			return err
		}
		s.Jobs = []Array{{s.Name, index + 1}}
		if err := accepted(s); err != nil {
			return err
		}
	}
	if err := now.begin(ctx, w, s, -1); err != nil {
		return fmt.Errorf("the workers are started, the process after them is not: %w", err)
	}
	s.Last = lastID(s.Name)
	return accepted(s)
}

// process is a process that was started, as its record says.
type process struct {
	PID   int    `json:"pid"`
	Began string `json:"began"` // as the system says it, which tells it from a later process with its number
}

// begin starts a worker or, if index is negative, the process after the workers.
func (l *Local) begin(ctx context.Context, w Work, s Submission, index int) error {
	script, err := l.script(w, s, index)
	if err != nil {
		return err
	}
	id := memberID(s.Name, index)
	if index < 0 {
		id = lastID(s.Name)
	}
	log, err := os.OpenFile(filepath.Join(l.Logs, id+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own descriptor
	c := exec.Command("bash", "-c", script)
	c.Stdout, c.Stderr, c.Env = log, log, environment(os.Environ())
	if err := alone(c); err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("starting a worker: %w", err)
	}
	pid := c.Process.Pid
	go func() { _ = c.Wait() }() // so that it does not stay as a zombie; how it ended is in its file
	began, err := beganAt(ctx, pid)
	if err != nil {
		return err
	}
	text, err := json.Marshal(process{pid, began})
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(l.Logs, id+".pid"), text)
}

// beganAt returns when a process began, in the words of the system, or "" if there is
// none with that number. Images of Linux may lack ps.
func beganAt(ctx context.Context, pid int) (string, error) {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return "", nil
		}
		// The name of the program, which may have spaces, is the second field, in parentheses.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		const state, began = 0, 19 // after the name
		if len(fields) <= began || fields[state] == "Z" {
			return "", nil
		}
		return fields[began], nil
	}
	out, err := question(ctx, "ps", "-o", "lstart=", "-p", strconv.Itoa(pid))
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return "", nil
	}
	return strings.TrimSpace(out), err
}

// Status implements [Engine].
func (l *Local) Status(ctx context.Context, list []Submission) (jobs []Job, err error) {
	var last []Job
	for _, s := range list {
		at := NewLocal()
		if err := json.Unmarshal(s.Settings, at); err != nil {
			return nil, err
		}
		for _, a := range s.Jobs {
			for index := range a.Workers {
				j, err := at.job(ctx, s, memberID(s.Name, index))
				if err != nil {
					return nil, err
				}
				j.Works = true
				jobs = append(jobs, j)
			}
		}
		if s.Last == "" {
			continue
		}
		j, err := at.job(ctx, s, s.Last)
		if err != nil {
			return nil, err
		}
		if _, missing := os.Stat(filepath.Join(at.Logs, j.ID+".turn")); missing != nil && j.State == Running {
			j.State, j.Words, j.Reason = Pending, "waiting", "for the workers"
		}
		j.Last = true
		last = append(last, j)
	}
	return append(jobs, last...), nil
}

// job returns what the files say of a process, and whether it is there.
func (l *Local) job(ctx context.Context, s Submission, id string) (j Job, err error) {
	j = Job{ID: id, State: Unknown, Batch: s.Name, Log: filepath.Join(Dir, logsName, id+".log")}
	path := filepath.Join(l.Logs, id)
	if text, err := os.ReadFile(path + ".exit"); err == nil {
		code := strings.TrimSpace(string(text))
		j.State, j.Words, j.Reason = Failed, "failed", "exit code "+code
		switch {
		case code == "0":
			j.State, j.Words, j.Reason = Done, "done", ""
		case s.Cancelled:
			j.State, j.Words, j.Reason = Cancelled, "cancelled", ""
		}
		return j, nil
	}
	p, err := l.process(id)
	if err != nil || p.PID == 0 {
		return j, err
	}
	began, err := beganAt(ctx, p.PID)
	switch {
	case err != nil:
		return j, err
	case began != "" && began == p.Began:
		host, _ := os.Hostname() // only shown
		j.State, j.Words, j.Node = Running, "running", host
		if info, err := os.Stat(path + ".pid"); err == nil {
			j.Began = info.ModTime()
		}
	case s.Cancelled:
		j.State, j.Words = Cancelled, "cancelled"
	default:
		j.State, j.Words, j.Reason = Failed, "gone", "it was killed, or the machine was started again"
	}
	return j, nil
}

// process returns the record of a process; its number is 0 if there is none.
func (l *Local) process(id string) (p process, err error) {
	text, err := os.ReadFile(filepath.Join(l.Logs, id+".pid"))
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	return p, err
}

// Cancel implements [Engine]. The processes save.
func (l *Local) Cancel(ctx context.Context, list []Submission, jobs []Job) error {
	var last, workers []string
	for _, s := range list {
		at := NewLocal()
		if err := json.Unmarshal(s.Settings, at); err != nil {
			return err
		}
		for _, j := range jobs {
			if j.Batch != s.Name {
				continue
			}
			p, err := at.process(j.ID)
			if err != nil {
				return err
			}
			// It may have ended since it was asked how it is.
			if began, err := beganAt(ctx, p.PID); err != nil || began != p.Began || p.PID <= 1 {
				continue
			}
			if j.Works {
				workers = append(workers, strconv.Itoa(p.PID))
			} else {
				last = append(last, strconv.Itoa(p.PID))
			}
		}
	}
	for _, pids := range [][]string{last, workers} {
		if len(pids) == 0 {
			continue
		}
		if _, err := order(ctx, "", append([]string{"kill", "-TERM"}, pids...)...); err != nil && !strings.Contains(err.Error(), "No such process") {
			return err
		}
	}
	return nil
}
