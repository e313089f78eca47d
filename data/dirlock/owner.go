package dirlock

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/landscape-aware/growing/data/job"
)

// recorded reports whether lock files name their owner. Elsewhere a locked file
// cannot be written, or closing it ends the lock.
const recorded = runtime.GOOS != "windows" && runtime.GOOS != "aix" && runtime.GOOS != "solaris" && runtime.GOOS != "illumos"

// recordSize is the size of a record in bytes: one write.
const recordSize = 512

// owner is what a lock file says of its owner.
type owner struct {
	Host  string `json:"host"`
	Place string `json:"place,omitempty"` // boot and process namespace; empty if unknown
	PID   int    `json:"pid"`
	Start string `json:"start,omitempty"` // start time of the process; empty if unknown
	Nonce string `json:"nonce"`           // of the lock
	Beat  int    `json:"beat"`            // signs of life so far

	Job   string    `json:"job,omitempty"`  // see [job.Name]
	Since time.Time `json:"since,omitzero"` // when it was locked, by the owner's clock
}

// self describes this process.
var self = sync.OnceValue(func() owner {
	host, _ := os.Hostname() // only for messages where the place is known
	start, _ := startOf(os.Getpid())
	return owner{Host: host, Place: place(), PID: os.Getpid(), Start: start, Job: job.Name()}
})

func newOwner() owner {
	o := self()
	o.Nonce, o.Since = rand.Text(), time.Now().Truncate(time.Second)
	return o
}

// write writes the record to an open lock file.
func (o owner) write(f *os.File) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	for len(text) < recordSize-1 {
		text = append(text, ' ')
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	return err
}

// readOwner returns the record of a lock file. It is empty if there is none, or
// one that cannot be read.
func readOwner(path string) (o owner, err error) {
	f, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 2*recordSize))
	if err != nil || json.Unmarshal(text, &o) != nil {
		return owner{}, err
	}
	return o, nil
}

// holding are the locks of this process.
var holding struct {
	sync.Mutex
	nonces map[string]bool
	seen   map[string]sighting // owners elsewhere, by directory
}

// sighting is what this process has seen of an owner elsewhere.
type sighting struct {
	nonce string
	beat  int
	since time.Time // of the beat
}

func hold(nonce string, held bool) {
	holding.Lock()
	defer holding.Unlock()
	if holding.nonces == nil {
		holding.nonces, holding.seen = make(map[string]bool), make(map[string]sighting)
	}
	if held {
		holding.nonces[nonce] = true
	} else {
		delete(holding.nonces, nonce)
	}
}

func holds(nonce string) bool {
	holding.Lock()
	defer holding.Unlock()
	return holding.nonces[nonce]
}
