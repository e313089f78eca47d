//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package compiled

/*
#include "pjrt.h"
*/
import "C"

import (
	"errors"
	"io/fs"
	"runtime"
	"time"
	"unsafe"

	"github.com/charmbracelet/log"
	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/lag/backend/programs"
)

// least is the length of a program's text, in bytes, from which on it is kept.
// Shorter ones take some 50 ms to compile.
const least = 8 << 10

// lagCompile is what a plugin calls to compile a program, in place of its own
// function. A returned error belongs to the caller.
//
//export lagCompile
func lagCompile(slot C.int, args unsafe.Pointer) C.pjrt_error {
	// Install holds the lock while it replaces the function.
	installed.Lock()
	p := installed.plugins[slot]
	installed.Unlock()
	return p.compile((*C.compile_args)(args))
}

// compile loads a program, or compiles and keeps it.
func (p *plugin) compile(args *C.compile_args) C.pjrt_error {
	store, cores := p.now()
	if store == nil || args.program.code_size < least {
		return C.call(p.before, unsafe.Pointer(args))
	}
	key, err := p.key(args, cores)
	if err != nil {
		log.Warn("a compiled program is not kept", "error", err)
		return C.call(p.before, unsafe.Pointer(args))
	}
	e := entry{p, store, key}
	if done, failed := e.find(args); done {
		return failed
	}
	unlock, err := store.Lock(key, func() { log.Debug("another process compiles a program; waiting for it", "program", e) })
	if err != nil {
		log.Debug("a program is compiled, perhaps by another process too", "program", e, "why", err)
		return e.compile(args)
	}
	defer unlock()
	if done, failed := e.find(args); done { // by the process that had the lock
		return failed
	}
	return e.compile(args)
}

// An entry is a program in a store.
type entry struct {
	plugin *plugin
	store  *programs.Store
	key    programs.Key
}

// String returns enough of the key to tell programs apart in a log.
func (e entry) String() string { return e.key.String()[:12] }

// find loads a kept program. If it is known that the plugin cannot serialize this
// program, find compiles it.
func (e entry) find(args *C.compile_args) (done bool, failed C.pjrt_error) {
	start := time.Now()
	program, err := e.store.Load(e.key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		log.Warn("a compiled program is not used; it is compiled again", "error", err)
		return false, nil
	case len(program) == 0:
		return true, C.call(e.plugin.before, unsafe.Pointer(args))
	}
	if err := e.plugin.load(args, program); err != nil {
		log.Warn("the plugin does not load a program that it compiled; it is compiled again", "program", e, "error", errors.Join(err, e.store.Remove(e.key)))
		return false, nil
	}
	log.Debug("a program was loaded, not compiled", "program", e, "size", humanize.IBytes(uint64(len(program))), "took", time.Since(start).Round(time.Millisecond))
	return true, nil
}

// load has the plugin load a program.
func (p *plugin) load(args *C.compile_args, program []byte) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&program[0])
	load := C.load_args{client: args.client, bytes: (*C.char)(unsafe.Pointer(&program[0])), bytes_size: C.size_t(len(program))}
	load.struct_size = C.size_t(unsafe.Sizeof(load))
	if err := p.call(C.EXECUTABLE_DESERIALIZE_AND_LOAD, unsafe.Pointer(&load)); err != nil {
		return err
	}
	args.loaded = load.loaded
	return nil
}

// compile compiles a program and keeps it. If it cannot be kept, that is no error.
func (e entry) compile(args *C.compile_args) C.pjrt_error {
	start := time.Now()
	if failed := C.call(e.plugin.before, unsafe.Pointer(args)); failed != nil {
		return failed
	}
	took := time.Since(start)
	size, err := e.keep(args.loaded)
	if err != nil {
		log.Warn("a compiled program is not kept", "program", e, "error", err)
		return nil
	}
	log.Debug("a program was compiled, and is kept", "program", e, "size", humanize.IBytes(uint64(size)), "took", took.Round(time.Millisecond))
	return nil
}

// keep has the plugin serialize a program and saves it. If the plugin cannot
// serialize it, keep saves that, so that processes do not wait for each other in vain.
func (e entry) keep(loaded unsafe.Pointer) (size int, err error) {
	p := e.plugin
	get := C.get_executable_args{loaded: loaded}
	get.struct_size = C.size_t(unsafe.Sizeof(get))
	if err := p.call(C.LOADED_EXECUTABLE_GET_EXECUTABLE, unsafe.Pointer(&get)); err != nil {
		return 0, err
	}
	defer func() {
		destroy := C.destroy_args{object: get.executable}
		destroy.struct_size = C.size_t(unsafe.Sizeof(destroy))
		err = errors.Join(err, p.call(C.EXECUTABLE_DESTROY, unsafe.Pointer(&destroy)))
	}()
	serialize := C.serialize_args{executable: get.executable}
	serialize.struct_size = C.size_t(unsafe.Sizeof(serialize))
	if err := p.call(C.EXECUTABLE_SERIALIZE, unsafe.Pointer(&serialize)); err != nil {
		return 0, errors.Join(err, e.store.Save(e.key, nil))
	}
	defer C.destroy_serialized(&serialize)
	return int(serialize.bytes_size), e.store.Save(e.key, bytesAt(serialize.bytes, serialize.bytes_size))
}

// call calls one of the plugin's functions.
func (p *plugin) call(position C.int, args unsafe.Pointer) error {
	failed := C.call_at(p.api, position, args)
	if failed == nil {
		return nil
	}
	message := C.error_message_args{error: unsafe.Pointer(failed)}
	message.struct_size = C.size_t(unsafe.Sizeof(message))
	C.call_at(p.api, C.ERROR_MESSAGE, unsafe.Pointer(&message))
	err := errors.New(C.GoStringN(message.message, C.int(message.message_size)))
	destroy := C.destroy_args{object: unsafe.Pointer(failed)}
	destroy.struct_size = C.size_t(unsafe.Sizeof(destroy))
	C.call_at(p.api, C.ERROR_DESTROY, unsafe.Pointer(&destroy))
	return err
}
