package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/data/preview"
)

// mostFailed is the number of jobs that failed whose logs are named.
const mostFailed = 5

// Failure is what is known of a job that failed.
type Failure struct {
	Text string // the job, how it ended, and what shows its output
	Line string // the last one of its log, or that there is none; empty if neither is known
}

// Failures describes the first few of the jobs that failed, and counts the others.
// dir is the directory of the study.
func Failures(dir string, jobs []Job) (list []Failure, more int) {
	for _, j := range jobs {
		switch {
		case j.State != Failed:
		case len(list) == mostFailed:
			more++
		default:
			list = append(list, j.failure(dir))
		}
	}
	return list, more
}

// failure describes how a job failed.
func (j Job) failure(dir string) (f Failure) {
	why := strings.ToLower(j.Words)
	if j.Reason != "" {
		why += ", " + j.Reason
	}
	log, see := filepath.Join(dir, j.Log), j.Command
	if see == "" {
		see = log
	}
	f.Text = fmt.Sprintf("%s (%s), see %s", j.ID, preview.Visible(why), see)
	if j.Log != "" {
		if _, err := os.Stat(log); errors.Is(err, os.ErrNotExist) {
			f.Line = fmt.Sprintf("it has written no log: could its node write to %s, is that on a file system that all nodes see?", filepath.Dir(log))
		} else {
			f.Line = preview.Visible(lastLineOf(log))
		}
	}
	return f
}

// lastLineOf returns the last line of a log that is not empty; "" if it cannot be
// read.
func lastLineOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	const end = 4096 // bytes, more than a line
	if info, err := f.Stat(); err == nil && info.Size() > end {
		if _, err := f.Seek(-end, io.SeekEnd); err != nil {
			return ""
		}
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
