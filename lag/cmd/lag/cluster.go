package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/job"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
)

// onCluster contains the flags of a command whose workers an engine may run.
type onCluster struct {
	flags    *flag.FlagSet
	engine   string
	wait     bool
	settings map[string]any // given ones, by the names that package cluster has for them
}

// A clusterFlag is a flag that sets a setting of an engine.
type clusterFlag struct {
	name, help string
	setting    string // if it has another name
	value      func(text string) (any, error)
}

func asText(text string) (any, error) { return text, nil }
func asBool(text string) (any, error) { return strconv.ParseBool(text) }

func asNumber(text string) (any, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no whole number", text)
	}
	return n, nil
}

var clusterFlagList = []clusterFlag{
	{"cores", "`cores` of each worker; results depend on them, so a study keeps its number (default 1)", "", asNumber},
	{"time", "`duration` that a worker may run at a time, such as 4h or 1d12h; it then saves and is queued again; with Kubernetes, that the whole Job may take", "", asText},
	{"notice", "`duration` before the end of -time at which a worker of Slurm saves (default 2m)", "", asText},
	{"memory", "`amount` of memory of each worker, such as 8G", "", asText},
	{"gpus", "`devices` of each worker: 0 or 1 (default 0)", "", asNumber},
	{"partition", "`name` of Slurm's partition", "", asText},
	{"account", "`name` of Slurm's account", "", asText},
	{"qos", "`name` of Slurm's quality of service", "", asText},
	{"sbatch", "one more `option` of sbatch, such as --constraint=avx512; may be repeated", "options", nil},
	{"image", "`name` of the image that Kubernetes runs, see docker/", "", asText},
	{"claim", "`name` of Kubernetes' PersistentVolumeClaim that holds what is beside the output directory", "", asText},
	{"context", "`name` of kubectl's context (default the current one)", "", asText},
	{"namespace", "`name` of Kubernetes' namespace (default that of the context)", "", asText},
	{"queue", "`name` of the local queue of Kueue", "", asText},
	{"user", "`number` of the user that the image has, 1000 in those of docker/; Kubernetes' pods then meet the restricted standard of pod security, which some namespaces ask for", "", asNumber},
	{"suspend", "submit Kubernetes' Job suspended", "", asBool},
}

// clusterFlags adds the flags for engines.
func clusterFlags(flags *flag.FlagSet) *onCluster {
	c := &onCluster{flags: flags, settings: make(map[string]any)}
	flags.StringVar(&c.engine, "on", "", "`engine` that runs the workers: "+strings.Join(cluster.Names(), " or ")+"; the command submits what is missing, and ends; -print shows what it would submit")
	flags.BoolVar(&c.wait, "wait", false, "with -on, follow the workers to their end; Ctrl-C leaves them alone")
	for _, f := range clusterFlagList {
		set := func(text string) error {
			if f.value == nil {
				list, _ := c.settings[f.setting].([]string)
				c.settings[f.setting] = append(list, text)
				return nil
			}
			v, err := f.value(text)
			c.settings[f.name] = v
			return err
		}
		if f.name == "suspend" {
			flags.BoolFunc(f.name, f.help, set)
		} else {
			flags.Func(f.name, f.help, set)
		}
	}
	return c
}

// given reports whether an engine runs the workers. Its error tells of flags that
// need one.
func (c *onCluster) given() (bool, error) {
	if c.engine != "" {
		return true, nil
	}
	var names []string
	c.flags.Visit(func(f *flag.Flag) {
		if f.Name == "wait" || slices.ContainsFunc(clusterFlagList, func(one clusterFlag) bool { return one.name == f.Name }) {
			names = append(names, "-"+f.Name)
		}
	})
	if len(names) > 0 {
		need := "needs"
		if len(names) > 1 {
			need = "need"
		}
		return false, usageError{fmt.Errorf("%s %s -on with one of %s", strings.Join(names, ", "), need, strings.Join(cluster.Names(), ", "))}
	}
	return false, nil
}

// carry submits the workers of a task, or prints what it would submit. join tells
// whether -join was given, which excludes this.
func (c *onCluster) carry(ctx context.Context, t task, o lag.Options, dry, join bool) error {
	if join {
		return usageError{errors.New("-join makes this process a worker, and -on has an engine run them; remove one")}
	}
	if o.Workers == lag.AutoWorkers {
		return usageError{errors.New("-workers auto measures this machine; with -on, give the number of workers")}
	}
	settings, err := json.Marshal(c.settings)
	if err != nil {
		return err
	}
	engine, err := cluster.Parse(c.engine, settings)
	if err != nil {
		return usageError{c.withFlags(err)}
	}
	o.On, o.Again = engine, commandLine()
	if dry {
		w, err := t.work(o)
		if err != nil {
			return err
		}
		text, err := cluster.Describe(engine, w, max(1, o.Workers))
		if err == nil {
			_, err = fmt.Print(text)
		}
		return err
	}
	if o.Backend == backend.Auto && c.engine == "slurm" && !backend.HasXLA() {
		log.Warn("no XLA plugin is installed here; if the nodes have none either, workers compute in pure Go, an order of magnitude slower; `go run ./kernels setup` installs one")
	}
	started, err := t.submit(ctx, o)
	if err != nil {
		return c.withFlags(err)
	}
	tellStarted(o.Dir, started)
	if c.wait && !started.Complete {
		return follow(ctx, o.Dir)
	}
	return nil
}

// commandLine returns the command that this process is, as a shell reads it.
func commandLine() string {
	words := []string{"lag"}
	for _, word := range os.Args[1:] {
		words = append(words, plain.Quoted(word))
	}
	return strings.Join(words, " ")
}

// withFlags returns an error with the names of flags for settings that have
// another name there.
func (c *onCluster) withFlags(err error) error {
	for _, f := range clusterFlagList {
		name := f.setting
		if name == "" {
			name = f.name
		}
		if rest, ok := strings.CutPrefix(err.Error(), name+": "); ok {
			return fmt.Errorf("-%s: %s", f.name, rest)
		}
	}
	return err
}

// tellStarted says what was submitted.
func tellStarted(dir string, s cluster.Started) {
	alive := plain.Count(s.Alive, "worker")
	switch {
	case s.Complete && !s.Unseen:
		fmt.Printf("%s is complete; nothing was submitted.\n", dir)
		return
	case s.Complete:
		fmt.Printf("The jobs for %s ended well, so the result is on their volume; nothing was submitted.\n", dir)
		return
	case s.Submitted == 0 && s.Last == "":
		fmt.Printf("Nothing is missing in %s, with %s alive; nothing was submitted.\n", dir, alive)
	case s.Submitted == 0:
		fmt.Printf("Submitted job %s for the analysis of %s; nothing is left to train.\n", s.Last, dir)
	default:
		fmt.Printf("Submitted %s as job %s", plain.Count(s.Submitted, "worker"), strings.Join(s.Jobs, " and job "))
		if s.Alive > 0 {
			fmt.Printf(", beside %s that were alive", alive)
		}
		if s.Last != "" && !slices.Contains(s.Jobs, s.Last) {
			fmt.Printf(", and job %s after them for the analysis", s.Last)
		}
		fmt.Println(".")
	}
	fmt.Printf("`lag status %s` shows how far they are; `lag cancel %s` cancels them.\n", plain.Quoted(dir), plain.Quoted(dir))
}

// checkAlone returns an error if an engine's workers are alive in a directory in
// which this process would train as well, unless it is one of their jobs.
func checkAlone(ctx context.Context, dir string) error {
	if job.Name() != "" {
		return nil
	}
	if err := checkDir(dir, "a study or a stacking"); err != nil {
		return err
	}
	jobs, err := cluster.Look(ctx, dir)
	if err != nil {
		log.Warn("workers may be alive in the directory; it cannot be asked now", "dir", dir, "error", err)
		return nil
	}
	alive := state{jobs: jobs}.alive()
	if alive == 0 {
		return nil
	}
	return usageError{fmt.Errorf("%s of a cluster may train in %s now: -on follows them and adds workers, -join makes this process one more, and `lag cancel %s` ends them",
		plain.Count(alive, "job"), dir, plain.Quoted(dir))}
}
