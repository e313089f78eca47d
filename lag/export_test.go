package lag

import (
	"time"

	"github.com/landscape-aware/growing/lag/backend"
)

func init() {
	lookEvery, askEvery = 10*time.Millisecond, 20*time.Millisecond // engines of tests answer at once
}

// WithBackend returns options that wrap each backend after opening it.
func (o Options) WithBackend(wrap func(*backend.Backend) *backend.Backend) Options {
	o.openBackend = func(name string) (*backend.Backend, error) {
		b, err := backend.Open(name)
		if err != nil {
			return nil, err
		}
		return wrap(b), nil
	}
	return o
}
