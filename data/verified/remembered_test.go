package verified

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestSHA256Of: the sum of a file is read once, found again, and read again when
// the file or the memory has changed.
func TestSHA256Of(t *testing.T) {
	path, sum := file(t, strings.Repeat("plugin", 100))
	old := time.Now().Add(-time.Hour)
	want := func(m *Memory, sum Sum) {
		t.Helper()
		if got, err := m.SHA256Of(path); err != nil || SHA256(got) != sum {
			t.Errorf("got %q, %v; want %s", got, err, sum)
		}
	}
	m := memoryIn(t.TempDir())
	defer func(before time.Duration) { Settle = before }(Settle)
	Settle = -time.Hour // so that files which have just been written are remembered
	want(m, sum)
	s, err := takeStamp(path)
	if err != nil {
		t.Fatal(err)
	}
	if !s.complete {
		t.Skip("this system does not tell when a file's inode changed")
	}
	if noted, ok := m.sum(s); !ok || SHA256(noted) != sum || !m.knows(s, sum) {
		t.Fatalf("the memory has %q, want %s", noted, sum)
	}
	want(m, sum)

	// A wrong sum in the memory is not a fact that was found.
	m.write(s.question(), s.question()+strings.Repeat("0", 64))
	want(m, sum)

	if err := os.WriteFile(path, []byte(strings.Repeat("other.", 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	changed := Of([]byte(strings.Repeat("other.", 100)))
	want(m, changed)
	want(m, changed)
	want(nil, changed)
	want(&Memory{}, changed)
	if _, err := m.SHA256Of(path + ".none"); err == nil {
		t.Error("a file that does not exist has a sum")
	}
}
