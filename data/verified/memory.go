package verified

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// Memory remembers facts that were found to be true. Several goroutines and
// processes may use one directory.
type Memory struct {
	dir string // "" remembers nothing
	max int    // number of entries after which the oldest half goes
}

// New returns the memory in a directory, which need not exist.
func New(dir string) *Memory { return &Memory{dir, maxEntries} }

// User returns the memory of the user on this machine: the directory
// lag/verified in the user's cache. It remembers nothing if the user has no
// cache directory.
func User() *Memory {
	cache, err := os.UserCacheDir()
	if err != nil {
		return &Memory{}
	}
	return New(filepath.Join(cache, "lag", "verified"))
}

const (
	// settle is how long before reading a file must have changed last, to be
	// remembered. Some file systems count time in steps of two seconds.
	settle = 2 * time.Second

	maxEntries = 4096 // 1 MiB or so
)

// version is part of every fact. Raise it when the meaning of facts changes.
const version = "lag verified 1\n"

func (m *Memory) path(fact string) string {
	sum := sha256.Sum256([]byte(version + fact))
	return filepath.Join(m.dir, hex.EncodeToString(sum[:16]))
}

// Knows reports whether a fact is remembered. The fact must say all that it
// depends on, since the memory compares only its text.
func (m *Memory) Knows(fact string) bool {
	if m.dir == "" {
		return false
	}
	text, err := os.ReadFile(m.path(fact))
	return err == nil && string(text) == version+fact
}

// Remember remembers a fact. If that fails, the fact is only checked again next
// time, so there is no error.
func (m *Memory) Remember(fact string) {
	if m.dir == "" || os.MkdirAll(m.dir, 0o777) != nil {
		return
	}
	// Do not wait for the disk: an entry that a crash of the machine damages is
	// not believed.
	path := m.path(fact)
	tmp := fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), atomicfile.Ext)
	err := os.WriteFile(tmp, []byte(version+fact), 0o666)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return
	}
	m.sweep()
}

// sweep removes the oldest half of the entries if there are too many, and what
// processes that were killed a day ago or earlier left.
func (m *Memory) sweep() {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return
	}
	type aged struct {
		path string
		time time.Time
	}
	var all []aged
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // another process removed it
		}
		path := filepath.Join(m.dir, e.Name())
		if !strings.HasSuffix(path, atomicfile.Ext) {
			all = append(all, aged{path, info.ModTime()})
		} else if time.Since(info.ModTime()) > 24*time.Hour {
			os.Remove(path)
		}
	}
	if len(all) <= m.max {
		return
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Or(a.time.Compare(b.time), strings.Compare(a.path, b.path)) })
	for _, a := range all[:len(all)/2] {
		os.Remove(a.path)
	}
}

// File checks the contents of a file by calling check, unless the file is known
// to have the given checksum. It remembers a file for which check returns nil.
// The error is that of check, or says that the file changed while it was read.
func (m *Memory) File(path string, sum Sum, check func() error) error {
	before, err := takeStamp(path)
	if err != nil {
		return err
	}
	if before.complete && m.Knows(before.fact(sum)) {
		return nil
	}
	start := time.Now()
	if err := check(); err != nil {
		return err
	}
	return m.remember(before, sum, start)
}

// Known reports whether a file is known to have a checksum.
func (m *Memory) Known(path string, sum Sum) bool {
	s, err := takeStamp(path)
	return err == nil && s.complete && m.Knows(s.fact(sum))
}

// Again checks a file by calling check in any case, and remembers the result as
// [Memory.File] does.
func (m *Memory) Again(path string, sum Sum, check func() error) error {
	before, err := takeStamp(path)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := check(); err != nil {
		return err
	}
	return m.remember(before, sum, start)
}

func (m *Memory) remember(before stamp, sum Sum, start time.Time) error {
	after, err := takeStamp(before.path)
	if err != nil {
		return err
	}
	if after != before {
		return fmt.Errorf("%s changed while it was read", before.path)
	}
	if before.complete && before.changed().Add(settle).Before(start) {
		m.Remember(before.fact(sum))
	}
	return nil
}

// stamp is the state of a file as far as it can be known without reading it.
type stamp struct {
	path                   string // absolute
	size, modified, change int64  // bytes, and nanoseconds since 1970
	inode                  uint64
	complete               bool // whether the system tells inode and change
}

// takeStamp returns the stamp of a file. It follows links.
func takeStamp(path string) (stamp, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return stamp{}, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return stamp{}, err
	}
	s := stamp{path: abs, size: info.Size(), modified: info.ModTime().UnixNano()}
	s.inode, s.change, s.complete = identity(info)
	return s, nil
}

// changed returns when the file changed last.
func (s stamp) changed() time.Time { return time.Unix(0, max(s.modified, s.change)) }

// fact says that the file in this state has a checksum.
func (s stamp) fact(sum Sum) string {
	return fmt.Sprintf("file %q\nsize %d\nmodified %d\nchanged %d\ninode %d\n%s\n", s.path, s.size, s.modified, s.change, s.inode, sum)
}
