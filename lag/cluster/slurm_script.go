package cluster

import (
	"cmp"
	_ "embed"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/landscape-aware/growing/data/plain"
)

//go:embed slurm.sh.tmpl
var slurmText string

var slurmTemplate = template.Must(template.New("slurm.sh").Funcs(template.FuncMap{"quote": plain.Quoted}).Parse(slurmText))

// slurmJob is what a script needs to know.
type slurmJob struct {
	*Slurm
	Header   []string // options of sbatch
	What, ID string   // ID is a shell expression
	Dir      string
	Logs     string
	Commands []string
}

// options returns the options of sbatch for an array of n workers or, if n is 0, for
// the job after others.
func (s *Slurm) options(w Work, sub Submission, n int, after []string) (list []string, err error) {
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	log := "%j.log"
	add("--job-name=%s", sub.Name)
	if n > 0 {
		log = "%A_%a.log"
		add("--array=0-%d", n-1)
	} else if len(after) > 0 {
		add("--dependency=afterany:%s", strings.Join(after, ":"))
	}
	add("--nodes=1")
	add("--ntasks=1")
	add("--cpus-per-task=%d", s.Cores)
	if s.Memory != "" {
		number, unit, err := s.memory()
		if err != nil {
			return nil, err
		}
		add("--mem=%s%s", number, unit)
	}
	if s.Time > 0 {
		add("--time=%d", s.Time.minutes())
	}
	if s.GPUs > 0 {
		add("--gres=gpu:%d", s.GPUs)
	}
	for _, one := range [][2]string{{"partition", s.Partition}, {"account", s.Account}, {"qos", s.QOS}} {
		if one[1] != "" {
			add("--%s=%s", one[0], one[1])
		}
	}
	list = append(list, s.Options...)
	add("--requeue")
	add("--open-mode=append")
	add("--signal=B:USR1@%d", int(s.Notice.seconds()))
	add("--chdir=%s", w.From)
	// Slurm replaces what begins with a percent sign.
	add("--output=%s", filepath.Join(strings.ReplaceAll(w.logs(), "%", "%%"), log))
	return list, nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// inScript returns an option as sbatch reads it in a script.
func inScript(option string) string {
	if name, value, ok := strings.Cut(option, "="); ok && !plainWord.MatchString(value) {
		return fmt.Sprintf("%s=\"%s\"", name, value)
	}
	return option
}

// script returns the script of an array of n workers or, if n is 0, of the job
// after others.
func (s *Slurm) script(w Work, sub Submission, n int, after []string) (string, error) {
	if err := w.check(); err != nil {
		return "", err
	}
	p := places{cmp.Or(w.Program, "lag"), w.configFile(), w.Dir, w.Data}
	job := slurmJob{Slurm: s, Dir: w.Dir, Logs: w.logs()}
	if n > 0 {
		job.What = fmt.Sprintf("One of the workers of %s: it takes the runs that no other holds, and ends when none is left.", w.Name)
		job.ID = "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
		job.Commands = []string{quoted(w.worker(p))}
	} else {
		job.What = fmt.Sprintf("After the workers of %s: what they could not do, the analysis and the report.", w.Name)
		job.ID = "$SLURM_JOB_ID"
		job.Commands = []string{quoted(w.plain(p)), quoted(w.report(p))}
	}
	options, err := s.options(w, sub, n, after)
	if err != nil {
		return "", err
	}
	for _, option := range options {
		job.Header = append(job.Header, inScript(option))
	}
	var b strings.Builder
	if err := slurmTemplate.Execute(&b, job); err != nil {
		return "", err
	}
	return b.String(), nil
}
