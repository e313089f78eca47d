//go:build cgo && ((linux && (amd64 || arm64)) || (darwin && arm64))

package compiled

/*
#include "pjrt.h"
*/
import "C"

import (
	"crypto/sha256"
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/backend/programs"
)

// environment returns the settings of XLA in the environment. If ok is false,
// they ask XLA to write something while it compiles, so it must compile.
func environment() (settings []string, ok bool, err error) {
	for _, setting := range os.Environ() {
		name, value, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(name, "XLA_") && !slices.Contains([]string{"NPROC", "PJRT_NPROC", "OMP_NUM_THREADS"}, name) {
			continue
		}
		settings = append(settings, setting)
		if name == "XLA_FLAGS" && value != "" && !strings.HasPrefix(strings.TrimSpace(value), "-") {
			flags, err := os.ReadFile(value) // XLA takes the name of a file, too
			if err != nil {
				return nil, false, err
			}
			value = string(flags)
			settings = append(settings, value)
		}
		if strings.Contains(value, "dump") {
			return nil, false, nil
		}
	}
	slices.Sort(settings)
	return settings, true, nil
}

// key returns the hash of all that a compiled program depends on. started is the
// number of cores that the client found.
func (p *plugin) key(args *C.compile_args, started int) (programs.Key, error) {
	version := C.platform_version_args{client: args.client}
	version.struct_size = C.size_t(unsafe.Sizeof(version))
	if err := p.call(C.CLIENT_PLATFORM_VERSION, unsafe.Pointer(&version)); err != nil {
		return programs.Key{}, err
	}
	kinds, err := p.kinds(args.client)
	if err != nil {
		return programs.Key{}, err
	}
	h := sha256.New()
	write := func(part []byte) {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part)))) // parts do not run into each other
		h.Write(part)
	}
	write([]byte("lag program 1 " + runtime.GOOS + " " + runtime.GOARCH))
	for _, list := range [][]string{p.build, kinds, {strconv.Itoa(started), strconv.Itoa(cores.Usable())}} {
		write([]byte(strconv.Itoa(len(list))))
		for _, s := range list {
			write([]byte(s))
		}
	}
	write(bytesAt(version.version, version.version_size))
	write(bytesAt(args.options, args.options_size))
	write(bytesAt(args.program.format, args.program.format_size))
	write(bytesAt(args.program.code, args.program.code_size))
	return programs.Key(h.Sum(nil)), nil
}

// kinds returns the kind of each device of a client.
func (p *plugin) kinds(client unsafe.Pointer) ([]string, error) {
	devices := C.addressable_devices_args{client: client}
	devices.struct_size = C.size_t(unsafe.Sizeof(devices))
	if err := p.call(C.CLIENT_ADDRESSABLE_DEVICES, unsafe.Pointer(&devices)); err != nil {
		return nil, err
	}
	var kinds []string
	for _, device := range unsafe.Slice(devices.devices, devices.devices_size) {
		description := C.get_description_args{device: device}
		description.struct_size = C.size_t(unsafe.Sizeof(description))
		if err := p.call(C.DEVICE_GET_DESCRIPTION, unsafe.Pointer(&description)); err != nil {
			return nil, err
		}
		kind := C.device_kind_args{description: description.description}
		kind.struct_size = C.size_t(unsafe.Sizeof(kind))
		if err := p.call(C.DEVICE_DESCRIPTION_KIND, unsafe.Pointer(&kind)); err != nil {
			return nil, err
		}
		kinds = append(kinds, string(bytesAt(kind.kind, kind.kind_size)))
	}
	return kinds, nil
}

// bytesAt returns the bytes of a C string, without copying them.
func bytesAt(text *C.char, size C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(text)), size)
}
