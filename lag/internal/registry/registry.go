// Package registry holds what other packages register by name: model families
// and kinds of selection rules.
package registry

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Registry is a set of values with different names, ordered by name. Its
// methods can be called at the same time.
type Registry[T any] struct {
	owner, plural string
	name          func(T) string

	mu       sync.Mutex
	values   []T
	watchers []func()
}

// New returns an empty registry of the package owner. plural says in messages
// what it holds, such as "families"; name returns a value's name.
func New[T any](owner, plural string, name func(T) string) *Registry[T] {
	return &Registry[T]{owner: owner, plural: plural, name: name}
}

// Register adds a value, then calls the functions of [Registry.OnRegister]. It
// panics if there is a value with that name: packages register when they are
// initialized, where nobody could handle an error.
func (r *Registry[T]) Register(value T) {
	for _, watcher := range r.add(value) {
		watcher()
	}
}

// add returns the functions to call; they may use the registry.
func (r *Registry[T]) add(value T) []func() {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, found := slices.BinarySearchFunc(r.values, r.name(value), func(other T, name string) int {
		return strings.Compare(r.name(other), name)
	})
	if found {
		panic(fmt.Errorf("%s: two %s are named %q; use different names", r.owner, r.plural, r.name(value)))
	}
	r.values = slices.Insert(r.values, i, value)
	return slices.Clone(r.watchers)
}

// OnRegister has a function called after each registration that follows.
func (r *Registry[T]) OnRegister(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers = append(r.watchers, f)
}

// All returns the values, ordered by name.
func (r *Registry[T]) All() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.values)
}

// Names returns the names of all values, in order.
func (r *Registry[T]) Names() []string {
	var names []string
	for _, value := range r.All() {
		names = append(names, r.name(value))
	}
	return names
}

// Find returns the value with a name.
func (r *Registry[T]) Find(name string) (value T, ok bool) {
	for _, value := range r.All() {
		if r.name(value) == name {
			return value, true
		}
	}
	return value, false
}
