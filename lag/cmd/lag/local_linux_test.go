package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/cluster"
)

// TestLocal runs a study as processes of this machine that nobody waits for. They are
// cancelled, and the same command goes on to the result of a study in one process.
func TestLocal(t *testing.T) {
	root := t.TempDir()
	arguments := append(studyArguments(t, filepath.Join(root, "alone", "study"), backend.Go), "-steps", "500")
	want := finish(t, slices.Clone(arguments))

	dir := filepath.Join(root, "it's apart", "study")
	arguments[6] = dir
	c := clusterStudy{t, dir}
	arguments = append(arguments, "-on", "local", "-workers", "2")
	if out := says(t, arguments...); !strings.HasPrefix(out, "Submitted 2 workers as job lag-smoke-") || !strings.Contains(out, "-last after them for the analysis.") {
		t.Errorf("it says %s", out)
	}
	t.Cleanup(func() { _, _ = cluster.Cancel(t.Context(), dir) })
	s := c.until("both train", func(s state) bool { return len(s.jobs) == 3 && s.trains(s.jobs[0].ID) && s.trains(s.jobs[1].ID) })
	if last := s.jobs[2]; !last.Last || last.State != cluster.Pending || last.Reason != "for the workers" {
		t.Errorf("the process after the workers is %+v", last)
	}
	if out := says(t, arguments...); !strings.HasPrefix(out, "Nothing is missing in ") {
		t.Errorf("with two workers alive it says %s", out)
	}
	if out := says(t, "cancel", dir); !strings.HasPrefix(out, "Cancelled 3 jobs.") {
		t.Errorf("lag cancel says %s", out)
	}
	s = c.until("all have ended", func(s state) bool { return s.alive() == 0 })
	for _, j := range s.jobs {
		if j.State != cluster.Cancelled {
			t.Errorf("after the cancellation it is %+v", j)
		}
	}
	if out := says(t, "status", dir); !strings.Contains(out, "What is missing is submitted by the same command: lag study -preset smoke ") {
		t.Errorf("lag status says %s", out)
	}
	if out := says(t, append(arguments, "-wait")...); !strings.HasPrefix(out, "Submitted 2 workers as job ") {
		t.Errorf("after the cancellation it says %s", out)
	}
	if !bytes.Equal(resultOf(t, dir), want) {
		t.Error("result.json differs from that of one process")
	}
	trainedOnce(t, dir, 3)
}
