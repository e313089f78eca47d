package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func words() *Registry[string] { return New("test", "words", strings.ToUpper) }

func TestOrderAndFind(t *testing.T) {
	r := words()
	for _, w := range []string{"stack", "lag", "oracle"} {
		r.Register(w)
	}
	if got := r.Names(); !slices.Equal(got, []string{"LAG", "ORACLE", "STACK"}) {
		t.Errorf("names %q", got)
	}
	if got := r.All(); !slices.Equal(got, []string{"lag", "oracle", "stack"}) {
		t.Errorf("values %q", got)
	}
	if got, ok := r.Find("ORACLE"); !ok || got != "oracle" {
		t.Errorf("found %q, %v", got, ok)
	}
	if got, ok := r.Find("oracle"); ok {
		t.Errorf("found %q by a name that nothing has", got)
	}
}

func TestSameName(t *testing.T) {
	r := words()
	r.Register("lag")
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), `test: two words are named "LAG"`) {
			t.Errorf("panic: %v", p)
		}
		if got := r.All(); !slices.Equal(got, []string{"lag"}) {
			t.Errorf("values %q after the refusal", got)
		}
		r.Register("stack") // the lock is free
	}()
	r.Register("Lag")
}

// What is called may register more: a worker that finds its family starts to work.
func TestOnRegister(t *testing.T) {
	r := words()
	r.Register("before")
	var seen []string
	r.OnRegister(func() {
		seen = r.Names()
		if len(seen) == 2 {
			r.Register("third")
		}
	})
	r.Register("second")
	if !slices.Equal(seen, []string{"BEFORE", "SECOND", "THIRD"}) {
		t.Errorf("the last call saw %q", seen)
	}
}
