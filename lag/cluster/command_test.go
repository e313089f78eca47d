package cluster

import (
	"strings"
	"testing"
)

// TestEnvironment: a job that a notebook's cell has submitted is no cell.
func TestEnvironment(t *testing.T) {
	t.Setenv("GONB_PIPE", "/tmp/pipe")
	t.Setenv("LAG_BACKEND", "go")
	text := "\n" + strings.Join(environment(), "\n") + "\n"
	if strings.Contains(text, "\nGONB_") || !strings.Contains(text, "\nLAG_BACKEND=go\n") || !strings.Contains(text, "\nSLURM_BITSTR_LEN=0\n") {
		t.Errorf("the environment is %s", text)
	}
}
