package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	{"time", "`duration` that a worker may run at a time, such as 4h or 1d12h; it then saves and is queued again", "", asText},
	{"memory", "`amount` of memory of each worker, such as 8G", "", asText},
	{"gpus", "`devices` of each worker: 0 or 1 (default 0)", "", asNumber},
	{"partition", "`name` of Slurm's partition", "", asText},
	{"account", "`name` of Slurm's account", "", asText},
	{"qos", "`name` of Slurm's quality of service", "", asText},
	{"sbatch", "one more `option` of sbatch, such as --constraint=avx512; may be repeated", "options", nil},
	{"image", "`name` of the image that Kubernetes runs, see docker/", "", asText},
	{"claim", "`name` of Kubernetes' PersistentVolumeClaim that holds what is beside the output directory", "", asText},
	{"namespace", "`name` of Kubernetes' namespace", "", asText},
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
		return false, usageError{fmt.Errorf("%s needs -on with one of %s", strings.Join(names, ", "), strings.Join(cluster.Names(), ", "))}
	}
	return false, nil
}

// carry submits the workers of a task, or prints what it would submit. join tells
// whether -join was given, which excludes this.
func (c *onCluster) carry(ctx context.Context, t task, o lag.Options, dry, join bool) error {
	if join {
		return usageError{errors.New("-join makes this process a worker, and -on has an engine run them; remove one")}
	}
	settings, err := json.Marshal(c.settings)
	if err != nil {
		return err
	}
	if o.Backend == backend.Auto && c.settings["gpus"] == 1 {
		o.Backend = backend.CUDA
	}
	engine, err := cluster.Parse(c.engine, settings)
	if err != nil {
		return usageError{c.withFlags(err)}
	}
	w, err := t.work(o)
	if err != nil {
		return err
	}
	workers := max(1, o.Workers)
	if dry {
		text, err := cluster.Describe(engine, w, workers)
		if err == nil {
			_, err = fmt.Print(text)
		}
		return err
	}
	done, err := t.progress(ctx, w.Dir, w.Hash)
	if err != nil {
		return err
	}
	started, err := cluster.Start(ctx, engine, w, workers, done)
	if err != nil {
		return c.withFlags(err)
	}
	tellStarted(o.Dir, started, done.Complete)
	if c.wait && !started.Complete {
		return follow(ctx, o.Dir)
	}
	return nil
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

// tellStarted says what was submitted. seen tells whether the result is in the
// directory.
func tellStarted(dir string, s cluster.Started, seen bool) {
	alive := plain.Count(s.Alive, "worker")
	switch {
	case s.Complete && seen:
		fmt.Printf("%s is complete; nothing was submitted.\n", dir)
		return
	case s.Complete:
		fmt.Printf("The jobs for %s ended well, so the result is on their volume; nothing was submitted.\n", dir)
		return
	case s.Submitted == 0 && s.Last == "":
		fmt.Printf("Nothing is missing in %s, with %s alive; nothing was submitted.\n", dir, alive)
	case s.Submitted == 0:
		fmt.Printf("Submitted %s for the analysis of %s; nothing is left to train.\n", s.Last, dir)
	default:
		fmt.Printf("Submitted %s as %s", plain.Count(s.Submitted, "worker"), strings.Join(s.Jobs, " and "))
		if s.Alive > 0 {
			fmt.Printf(", beside %s that were alive", alive)
		}
		if s.Last != "" && !slices.Contains(s.Jobs, s.Last) {
			fmt.Printf(", and %s after them for the analysis", s.Last)
		}
		fmt.Println(".")
	}
	fmt.Printf("`lag status %s` shows how far they are; `lag cancel %s` cancels them.\n", dir, dir)
}
