package cores

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUsable: a thread that may use one core is told so, whatever the machine has.
func TestUsable(t *testing.T) {
	if x := Load(); x < 0 {
		t.Errorf("the load is %v", x)
	}
	if n := Usable(); n < 1 || n > runtime.NumCPU() {
		t.Errorf("%d cores are usable of %d", n, runtime.NumCPU())
	}
	runtime.LockOSThread() // and never unlocked, so that the thread ends with the test
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	for core := 0; one.Count() == 0; core++ {
		if all.IsSet(core) {
			one.Set(core)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	if n := Usable(); n != 1 {
		t.Errorf("%d cores are usable of one", n)
	}
}
