package cluster

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// Work is what the workers of a directory do.
type Work struct {
	Command   string   // of lag: study or stack
	Name      string   // of the study or the stacking
	Config    []byte   // its configuration, as JSON
	Hash      string   // of what the configuration computes
	Dir       string   // absolute path of its directory
	Data      string   // absolute path of the directory of prepared data
	Backend   string   // name of the backend
	Arguments []string // more arguments, the same for all
	Program   string   // path of the command lag on the nodes, where they share the file system; empty if it is not known
	From      string   // absolute path of the directory to which the configuration's paths are relative
	Again     string   // what people type to submit what is missing, for [Again]; may be empty
}

// places are the paths on the machine that does the work.
type places struct{ program, config, dir, data string }

// plain returns the command that does everything that is left, and the analysis.
func (w Work) plain(p places) []string {
	line := []string{p.program, w.Command, "-config", p.config, "-out", p.dir, "-data", p.data, "-backend", w.Backend}
	return append(line, w.Arguments...)
}

// worker returns the command of a worker.
func (w Work) worker(p places) []string { return append(w.plain(p), "-join") }

// report returns the command that writes the page.
func (w Work) report(p places) []string { return []string{p.program, "report", p.dir} }

// quoted returns a command as a shell reads it.
func quoted(command []string) string {
	var words []string
	for _, word := range command {
		words = append(words, plain.Quoted(word))
	}
	return strings.Join(words, " ")
}

// longestName is the length of names that Kubernetes takes for Jobs whose pods are
// numbered, with room for the suffix.
const longestName = 40

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// submissionName returns the name of the jobs of a submission. The suffix tells it
// from others of the same study.
func (w Work) submissionName(suffix string) string {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(w.Name), "-"), "-")
	if len(name) > longestName {
		name = strings.Trim(name[:longestName], "-")
	}
	if name == "" {
		return "lag-" + suffix
	}
	return "lag-" + name + "-" + suffix
}

// check returns an error if the work cannot be described.
func (w Work) check() error {
	if strings.ContainsAny(w.Name, "\n\r") {
		return fmt.Errorf("the name %q has a line break", w.Name)
	}
	for _, one := range [][2]string{{"directory", w.Dir}, {"directory of data", w.Data}, {"directory of work", w.From}} {
		if !path.IsAbs(one[1]) {
			return fmt.Errorf("the %s is %q, which is no absolute path", one[0], one[1])
		}
		if strings.ContainsAny(one[1], "\n\r\"\\") {
			return fmt.Errorf("the %s %q has a quote, a backslash or a line break in its name, which batch systems do not take", one[0], one[1])
		}
	}
	return nil
}
