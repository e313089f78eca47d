package lag

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/dirlock"
)

// TestCheckLocks checks that the second process finds a lock where there is one, and
// that it is said where there is none.
func TestCheckLocks(t *testing.T) {
	dir := t.TempDir()
	if err := checkLocks(t.Context(), dir); err != nil {
		t.Errorf("locks are kept here: %v", err)
	}
	other := t.TempDir()
	before := probed
	t.Cleanup(func() { probed = before })
	probed = func(string) string { return other } // as if the lock were not seen
	if err := checkLocks(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "does not keep locks between processes") {
		t.Errorf("where no lock is kept: %v", err)
	}
	probed = func(string) string { return filepath.Join(other, "missing") }
	if err := checkLocks(t.Context(), dir); err != nil {
		t.Errorf("where it cannot be known: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	l, ok, err := dirlock.Try(t.Context(), other)
	if err != nil || !ok {
		t.Errorf("the second process has not released its lock: %v, %v", ok, err)
		return
	}
	_ = l.Unlock()
}
