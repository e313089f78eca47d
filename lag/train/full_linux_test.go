package train_test

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// childLimit is the largest file that a child process may write, in bytes.
const childLimit = "TRAIN_TEST_LIMIT"

// limited tells whether limitFiles does anything on this system.
const limited = true

// limitFiles makes writes fail as on a full disk.
func limitFiles() {
	n, err := strconv.ParseUint(os.Getenv(childLimit), 10, 64)
	if err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		panic(err)
	}
}
