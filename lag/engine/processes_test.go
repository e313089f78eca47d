package engine

import (
	"runtime"
	"slices"
	"testing"
)

// TestCoreShare checks that n workers get all cores, each once, in parts that differ
// by at most one core. With fewer cores than workers, each worker gets one core,
// and each core has a worker.
func TestCoreShare(t *testing.T) {
	for cores := 1; cores <= 9; cores++ {
		allowed := make([]int, cores)
		for i := range allowed {
			allowed[i] = 3*i + 1 // as a container may have it
		}
		for n := 1; n <= 9; n++ {
			var all []int
			for i := range n {
				p := coreShare(allowed, i, n)
				if least := max(1, cores/n); len(p) < least || len(p) > max(1, (cores+n-1)/n) {
					t.Errorf("worker %d of %d gets the cores %v of %d", i, n, p, cores)
				}
				all = append(all, p...)
			}
			slices.Sort(all)
			if n > cores {
				all = slices.Compact(all)
			}
			if !slices.Equal(all, allowed) {
				t.Errorf("%d workers get the cores %v of %v", n, all, allowed)
			}
		}
	}
}

// TestTakeCores checks that a worker keeps to its part of the cores until it
// releases it, and that one of many workers has a core.
func TestTakeCores(t *testing.T) {
	before := usableCores()
	for _, n := range []int{1, 2, 64} {
		for _, index := range []int{0, n - 1} {
			release, err := TakeCores(index, n)
			if err != nil {
				t.Fatal(err)
			}
			want := before
			if runtime.GOOS == "linux" {
				want = max(1, (index+1)*before/n-index*before/n)
			}
			// On every thread, not only on that which asks.
			done := make(chan int)
			for range 3 {
				go func() {
					runtime.LockOSThread()
					done <- usableCores()
				}()
			}
			got := []int{usableCores(), <-done, <-done, <-done}
			if err := release(); err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(got, func(cores int) bool { return cores != want }) {
				t.Errorf("worker %d of %d may use %v cores, want %d of %d", index, n, got, want, before)
			}
			if after := usableCores(); after != before {
				t.Errorf("after release, %d cores are usable, want %d", after, before)
			}
		}
	}
}
