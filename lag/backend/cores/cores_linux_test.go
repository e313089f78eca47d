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
	if n := Online(); n < Usable() {
		t.Errorf("%d cores are online and %d usable", n, Usable())
	}
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-1,4-5,9": 5, "": 0, "3-1": 0, "a": 0, "0-": 0} {
		if got := countCores(list); got != want {
			t.Errorf("%q lists %d cores, want %d", list, got, want)
		}
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
