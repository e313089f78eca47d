package lag

import (
	"testing"

	"github.com/landscape-aware/growing/lag/backend"
)

// WrapBackend has studies and stackings that a test opens use another backend in
// place of theirs.
func WrapBackend(t *testing.T, wrap func(*backend.Backend) *backend.Backend) {
	openBackend = func(name string) (*backend.Backend, error) {
		b, err := backend.Open(name)
		if err != nil {
			return nil, err
		}
		return wrap(b), nil
	}
	t.Cleanup(func() { openBackend = backend.Open })
}
