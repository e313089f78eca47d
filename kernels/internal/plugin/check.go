package plugin

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/landscape-aware/growing/kernels/internal/binary"
)

// Ours reports whether a plugin has the place and the name of the one that
// [Ensure] installs from PyPI. Ensure installs it again if its contents differ,
// and leaves others alone.
func (p Plugin) Ours() bool {
	home, err := Home()
	wheel, ok := Wheels[Platform()]
	return ok && err == nil && filepath.Base(p.Path) == wheel.fileName() && filepath.Dir(p.Path) == home
}

// Check returns why a plugin's file cannot be used, or nil: a part is missing,
// or it is not what Ensure installed. Loading such a file may crash.
func (p Plugin) Check() error {
	if err := binary.Check(p.Path); err != nil {
		return err
	}
	if !p.Ours() {
		return nil
	}
	wheel := Wheels[Platform()]
	err := verify(p.Path, wheel.MemberSHA256)
	if sum, ok := errors.AsType[*SumError](err); ok {
		return fmt.Errorf("it is another file than set-up installed from %s %s, or was changed: its sha256 is %.12s..., not %.12s", wheel.Package, wheel.Version, sum.Got, sum.Want)
	}
	return err
}
