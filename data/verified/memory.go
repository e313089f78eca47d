package verified

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/landscape-aware/growing/data/atomicfile"
)

// Memory remembers facts that were found to be true. Several goroutines and
// processes may use one directory. A nil Memory remembers nothing.
type Memory struct {
	dir   string // "" remembers nothing
	max   int    // number of entries after which the oldest go
	least int64  // size in bytes of the smallest file that is remembered
}

// newMemory returns the memory in a directory, which need not exist.
func newMemory(dir string) *Memory { return &Memory{dir, maxEntries, Small} }

// User returns the memory of the user on this machine: the directory
// lag/verified in the user's cache. It remembers nothing if the user has no
// cache directory.
func User() *Memory {
	cache, err := os.UserCacheDir()
	if err != nil {
		return &Memory{}
	}
	return newMemory(filepath.Join(cache, "lag", "verified"))
}

// Small is the size in bytes below which a file is read rather than remembered,
// because that takes less time than writing the memory.
const Small = 1 << 20

const (
	maxEntries = 1 << 15 // more than the files of most datasets; 128 MiB in blocks of 4 KiB
	sweepEvery = 256     // entries that a process adds between two looks at their number
)

// Settle is how long before it is read a file must have changed last, to be
// remembered. Some file systems count time in steps of two seconds. Only tests
// change it.
var Settle = 2 * time.Second

// version is part of every fact. Raise it when the meaning of facts changes.
const version = "lag verified 1\n"

func (m *Memory) path(fact string) string {
	sum := sha256.Sum256([]byte(version + fact))
	return filepath.Join(m.dir, hex.EncodeToString(sum[:16]))
}

// Knows reports whether a fact is remembered. The fact must say all that it
// depends on, since the memory compares only its text.
func (m *Memory) Knows(fact string) bool {
	if m == nil || m.dir == "" {
		return false
	}
	text, err := os.ReadFile(m.path(fact))
	return err == nil && string(text) == version+fact
}

// Remember remembers a fact. If that fails, the fact is only checked again next
// time, so there is no error.
func (m *Memory) Remember(fact string) { m.write(fact, fact) }

// write writes the entry that is named by the hash of a text.
func (m *Memory) write(name, text string) {
	if m == nil || m.dir == "" || os.MkdirAll(m.dir, 0o777) != nil {
		return
	}
	// Do not wait for the disk: an entry that a crash of the machine damages is
	// not believed.
	path := m.path(name)
	tmp := fmt.Sprintf("%s.%08x%s", path, rand.Uint32(), atomicfile.Ext)
	err := os.WriteFile(tmp, []byte(version+text), 0o666)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return
	}
	count, _ := added.LoadOrStore(m.dir, new(atomic.Int64))
	if n := count.(*atomic.Int64).Add(1); n%sweepEvery == 1 {
		m.sweep(n == 1)
	}
}

// added counts the entries that this process has added to each directory. A look
// at their number takes longer the more there are, so it is not taken for each.
var added sync.Map // from string to *atomic.Int64

// sweep removes the oldest entries if there are too many. If leftovers, it also
// removes what processes that were killed a day ago or earlier left.
func (m *Memory) sweep(leftovers bool) {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return
	}
	unfinished := func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), atomicfile.Ext) }
	if leftovers {
		for _, e := range entries {
			if !unfinished(e) {
				continue
			}
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
				os.Remove(filepath.Join(m.dir, e.Name()))
			}
		}
	}
	if entries = slices.DeleteFunc(entries, unfinished); len(entries) <= m.max {
		return
	}
	type aged struct {
		path string
		time time.Time
	}
	var all []aged
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else another process removed it
			all = append(all, aged{filepath.Join(m.dir, e.Name()), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Or(a.time.Compare(b.time), strings.Compare(a.path, b.path)) })
	// Some room, so that the next entries need no sorting.
	for _, a := range all[:max(0, len(all)-(m.max-m.max/8))] {
		os.Remove(a.path)
	}
}

// File checks the contents of a file by calling check, unless the file is known
// to have the given checksum. It remembers a file for which check returns nil,
// unless it is [Small]. The error is that of check, or says that the file changed while it was read.
func (m *Memory) File(path string, sum Sum, check func() error) error {
	before, err := takeStamp(path)
	if err != nil {
		return err
	}
	if m.knows(before, sum) {
		return nil
	}
	return m.check(before, sum, check)
}

// Known reports whether a file is known to have a checksum, so that
// [Memory.File] would not read it.
func (m *Memory) Known(path string, sum Sum) bool {
	s, err := takeStamp(path)
	return err == nil && m.knows(s, sum)
}

func (m *Memory) knows(s stamp, sum Sum) bool { return m.holds(s) && m.Knows(s.fact(sum)) }

// holds reports whether files such as this are remembered.
func (m *Memory) holds(s stamp) bool { return m != nil && s.complete && s.size >= m.least }

// Again checks a file by calling check in any case, and remembers the result as
// [Memory.File] does.
func (m *Memory) Again(path string, sum Sum, check func() error) error {
	before, err := takeStamp(path)
	if err != nil {
		return err
	}
	return m.check(before, sum, check)
}

func (m *Memory) check(before stamp, sum Sum, check func() error) error {
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
	if m.holds(before) && before.changed().Add(Settle).Before(start) {
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
