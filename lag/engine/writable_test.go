package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWritableTogether: a directory that another process makes and removes, because
// it fails before it has written anything, is one that can be written to.
func TestWritableTogether(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = os.Remove(dir) // as Session.Close does
			}
		}
	}()
	for range 500 {
		if err := writable(dir); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	<-stopped
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if writable(file) == nil || writable(filepath.Join(file, "below")) == nil {
		t.Error("a file is a directory that can be written to")
	}
}
