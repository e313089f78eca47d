package lag

import "github.com/landscape-aware/growing/lag/backend"

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
