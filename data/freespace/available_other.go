//go:build !linux && !darwin

package freespace

import (
	"errors"
	"fmt"
)

func available(dir string) (int64, error) {
	return 0, fmt.Errorf("the free space of the file system of %s is not known: %w", dir, errors.ErrUnsupported)
}
