//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package compiled

/*
#cgo linux LDFLAGS: -ldl
#include <stdlib.h>
#include "pjrt.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"github.com/landscape-aware/growing/data/verified"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/backend/programs"
)

// Versions of the PJRT C API that are used. Older ones order their table in
// other ways.
const (
	major    = 0
	minMinor = 90
)

// A plugin is a plugin whose programs are kept.
type plugin struct {
	api    *C.pjrt_api
	before C.pjrt_function // compiles
	build  []string        // what determines its programs: the plugin, its settings and the processor

	mu    sync.Mutex
	store *programs.Store // nil if programs are not kept now
	cores int             // that the process could use when a client was made last
}

var installed struct {
	sync.Mutex
	plugins [C.SLOTS]*plugin
}

// Install makes the plugin at path keep its programs in the user's directory
// for them, see [programs.Dir], unless the user has switched that off. The plugin
// must be loaded.
//
// Call Install again for each client of the plugin, just after it was made: the
// client uses as many cores as there are at that time, and its programs depend on
// that number. So clients of one plugin must not be used by turns if their
// numbers of cores differ.
func Install(path string) error {
	installed.Lock()
	defer installed.Unlock()
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	api := C.table(name)
	if api == nil {
		return fmt.Errorf("%s is not loaded, or has no table of functions", path)
	}
	slot := slices.IndexFunc(installed.plugins[:], func(p *plugin) bool { return p != nil && p.api == api })
	if slot >= 0 {
		installed.plugins[slot].set(nil) // until the rest succeeds
	}
	store, err := open()
	if store == nil || err != nil {
		return err
	}
	if slot < 0 {
		if slot, err = install(api, path); slot < 0 || err != nil {
			return err
		}
	}
	installed.plugins[slot].set(store)
	return nil
}

// open opens the user's store, or returns nil if there is none.
func open() (*programs.Store, error) {
	dir, err := programs.Dir()
	if dir == "" || err != nil {
		return nil, err
	}
	return programs.Open(dir, programs.Limit)
}

// set sets where programs are kept, and the number of cores.
func (p *plugin) set(store *programs.Store) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.store, p.cores = store, cores.Usable()
}

// now returns what set has set.
func (p *plugin) now() (store *programs.Store, cores int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.store, p.cores
}

// install replaces the function of a plugin that compiles. It returns -1 if the
// user's settings need the plugin's own function.
func install(api *C.pjrt_api, path string) (slot int, err error) {
	if err := check(api); err != nil {
		return -1, err
	}
	settings, ok, err := environment()
	if !ok || err != nil {
		return -1, err
	}
	if slot = slices.Index(installed.plugins[:], nil); slot < 0 {
		return -1, fmt.Errorf("programs of more than %d plugins cannot be kept", C.SLOTS)
	}
	sum, err := verified.User().SHA256Of(path)
	if err != nil {
		return -1, err
	}
	version := fmt.Sprintf("%d.%d", api.version.major, api.version.minor)
	p := &plugin{api: api, build: append(settings, sum, version, processor())}
	if errno := C.replace(api, C.int(slot), &p.before); errno != 0 {
		return -1, fmt.Errorf("the plugin's table of functions cannot be changed: %w", syscall.Errno(errno))
	}
	installed.plugins[slot] = p
	return slot, nil
}

// check returns an error unless the table has the functions where they are
// expected.
func check(api *C.pjrt_api) error {
	if v := api.version; v.major != major || v.minor < minMinor {
		return fmt.Errorf("the plugin has version %d.%d of the PJRT C API; its programs can be kept from %d.%d on", v.major, v.minor, major, minMinor)
	}
	if uintptr(api.struct_size) < unsafe.Sizeof(*api)+(C.LAST_FUNCTION+1)*unsafe.Sizeof(C.pjrt_function(nil)) {
		return errors.New("the plugin's table of functions is too short")
	}
	return nil
}
