// Package binary checks that a program or a library on disk is whole. One of
// which the end is missing often loads, and crashes later.
package binary

import (
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dustin/go-humanize"
)

// ErrFormat is the error for a file that is no program or library.
var ErrFormat = errors.New("it is not a program or a library")

// Check returns an error if a file is not a program or a library, or if a part
// that its headers name is missing.
func Check(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end, err := end(f)
	switch {
	case errors.Is(err, ErrFormat):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("it is incomplete: it ends after %s", humanize.Bytes(uint64(info.Size())))
	case err != nil:
		return fmt.Errorf("it is incomplete or damaged, with %s: %w", humanize.Bytes(uint64(info.Size())), err)
	case end > uint64(info.Size()):
		return fmt.Errorf("it is incomplete: it has %s of %s", humanize.Bytes(uint64(info.Size())), humanize.Bytes(end))
	}
	return nil
}

// end returns where the last part of a file ends that is loaded when it runs.
func end(f *os.File) (last uint64, err error) {
	var magic [4]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil {
		return 0, ErrFormat
	}
	switch {
	case string(magic[:]) == elf.ELFMAG:
		e, err := elf.NewFile(f)
		if err != nil {
			return 0, err
		}
		for _, p := range e.Progs {
			last = max(last, p.Off+p.Filesz)
		}
	case string(magic[:2]) == "MZ":
		p, err := pe.NewFile(f)
		if err != nil {
			return 0, err
		}
		for _, s := range p.Sections {
			last = max(last, uint64(s.Offset)+uint64(s.Size))
		}
	default:
		return endMacho(f)
	}
	return last, nil
}

func endMacho(f *os.File) (last uint64, err error) {
	if fat, err := macho.NewFatFile(f); err == nil {
		for _, a := range fat.Arches {
			last = max(last, uint64(a.Offset)+uint64(a.Size))
		}
		return last, nil
	}
	m, err := macho.NewFile(f)
	if bad, ok := errors.AsType[*macho.FormatError](err); ok {
		return 0, fmt.Errorf("%w (%s)", ErrFormat, bad)
	}
	if err != nil {
		return 0, err
	}
	for _, l := range m.Loads {
		if s, ok := l.(*macho.Segment); ok {
			last = max(last, s.Offset+s.Filesz)
		}
	}
	return last, nil
}
