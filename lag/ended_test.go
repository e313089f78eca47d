package lag

import (
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/cluster"
)

// TestEnded: jobs that ended well, in a directory that this machine does not see, are
// not said to be cancelled.
func TestEnded(t *testing.T) {
	for want, jobs := range map[string][]cluster.Job{
		"on their volume":             {{Works: true, State: cluster.Done}, {Last: true, State: cluster.Done}},
		"perhaps they were cancelled": {{Works: true, State: cluster.Done}},
	} {
		if err := ended(t.TempDir(), jobs); !strings.Contains(err.Error(), want) {
			t.Errorf("of %+v: %v; want %q", jobs, err, want)
		}
	}
}
