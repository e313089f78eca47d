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
	switch e.find(args) {
	case loaded:
		return nil
	case unkept:
		return C.call(p.before, unsafe.Pointer(args))
	case refused:
		return e.compile(args, true)
	}
	unlock, err := store.Lock(key, func() { log.Debug("another process compiles a program; waiting for it", "program", e) })
	if err != nil {
		log.Debug("a program is compiled, perhaps by another process too", "program", e, "why", err)
		return e.compile(args, false)
	}
	defer unlock()
	switch e.find(args) { // the process that had the lock may have kept it
	case loaded:
		return nil
	case unkept:
		return C.call(p.before, unsafe.Pointer(args))
	}
	return e.compile(args, false)
}

// An entry is a program in a store.
type entry struct {
	plugin *plugin
	store  *programs.Store
	key    programs.Key
}

// String returns enough of the key to tell programs apart in a log.
func (e entry) String() string { return e.key.String()[:12] }

// A status is what became of an attempt to load a program.
type status int

const (
	missing status = iota
	loaded
	unkept  // it is known that the plugin cannot serialize and load it
	refused // the plugin did not load it
)

// find loads a kept program.
func (e entry) find(args *C.compile_args) status {
	start := time.Now()
	program, err := e.store.Load(e.key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case err != nil:
		log.Warn("a compiled program is not used; it is compiled again", "error", err)
		return missing
	case len(program) == 0:
		return unkept
	}
	if args.loaded, err = e.plugin.load(args.client, program); err != nil {
		log.Warn("the plugin does not load a program that it compiled; it is compiled again", "program", e, "error", errors.Join(err, e.store.Remove(e.key)))
		return refused
	}
	log.Debug("a program was loaded, not compiled", "program", e, "size", humanize.IBytes(uint64(len(program))), "took", time.Since(start).Round(time.Millisecond))
	return loaded
}

// load has the plugin load a program. It returns a loaded executable.
func (p *plugin) load(client unsafe.Pointer, program []byte) (unsafe.Pointer, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&program[0])
	load := C.load_args{client: client, bytes: (*C.char)(unsafe.Pointer(&program[0])), bytes_size: C.size_t(len(program))}
	load.struct_size = C.size_t(unsafe.Sizeof(load))
	err := p.call(C.EXECUTABLE_DESERIALIZE_AND_LOAD, unsafe.Pointer(&load))
	return load.loaded, err
}

// destroy has the plugin destroy an object by one of its functions.
func (p *plugin) destroy(function C.int, object unsafe.Pointer) error {
	destroy := C.destroy_args{object: object}
	destroy.struct_size = C.size_t(unsafe.Sizeof(destroy))
	return p.call(function, unsafe.Pointer(&destroy))
}

// compile compiles a program and keeps it. If it cannot be kept, that is no
// error. If doubtful, the plugin must also be able to load it.
func (e entry) compile(args *C.compile_args, doubtful bool) C.pjrt_error {
	start := time.Now()
	if failed := C.call(e.plugin.before, unsafe.Pointer(args)); failed != nil {
		return failed
	}
	took := time.Since(start)
	size, err := e.keep(args, doubtful)
	if err != nil {
		log.Warn("a compiled program is not kept", "program", e, "error", err)
		return nil
	}
	log.Debug("a program was compiled, and is kept", "program", e, "size", humanize.IBytes(uint64(size)), "took", took.Round(time.Millisecond))
	return nil
}

// keep has the plugin serialize a program and saves it. If the plugin cannot do
// that, or is doubtful and cannot load it, keep saves that, so that processes do
// not try, and do not wait for each other, in vain.
func (e entry) keep(args *C.compile_args, doubtful bool) (size int, err error) {
	p := e.plugin
	get := C.get_executable_args{loaded: args.loaded}
	get.struct_size = C.size_t(unsafe.Sizeof(get))
	if err := p.call(C.LOADED_EXECUTABLE_GET_EXECUTABLE, unsafe.Pointer(&get)); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.destroy(C.EXECUTABLE_DESTROY, get.executable)) }()
	serialize := C.serialize_args{executable: get.executable}
	serialize.struct_size = C.size_t(unsafe.Sizeof(serialize))
	if err := p.call(C.EXECUTABLE_SERIALIZE, unsafe.Pointer(&serialize)); err != nil {
		return 0, errors.Join(err, e.store.Save(e.key, nil))
	}
	defer C.destroy_serialized(&serialize)
	program := bytesAt(serialize.bytes, serialize.bytes_size)
	if doubtful {
		again, err := p.load(args.client, program)
		if err != nil {
			return 0, errors.Join(err, e.store.Save(e.key, nil))
		}
		if err := p.destroy(C.LOADED_EXECUTABLE_DESTROY, again); err != nil {
			return 0, err
		}
	}
	return len(program), e.store.Save(e.key, program)
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
	C.call_at(p.api, C.ERROR_DESTROY, unsafe.Pointer(&destroy)) // it returns nothing, as does ERROR_MESSAGE
	return err
}
