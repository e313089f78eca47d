package testbackend

import (
	"errors"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestFailing checks that a failing backend computes the same as the wrapped
// one, asks before every kind of operation, and fails when told to.
func TestFailing(t *testing.T) {
	sum := func(fails Operation) (value float32, asked []Operation, err error) {
		b := Failing(Go(t), func(op Operation) error {
			if asked = append(asked, op); op == fails {
				return errors.New("no " + string(op))
			}
			return nil
		})
		out, err := CallOnce(b.Backend, func(x *Node) *Node { return ReduceAllSum(x) }, []float32{1, 2, 3.5})
		if err != nil {
			return 0, asked, err
		}
		values, err := tensors.CopyFlatData[float32](out)
		if err != nil {
			return 0, asked, err
		}
		return values[0], asked, nil
	}
	operations := []Operation{Compile, Run, Upload, Download}
	value, asked, err := sum("")
	if err != nil || value != 6.5 {
		t.Errorf("the sum is %v, %v", value, err)
	}
	for _, op := range operations {
		if !slices.Contains(asked, op) {
			t.Errorf("it does not ask before it does %s; it asks before %v", op, asked)
		}
		if _, _, err := sum(op); err == nil {
			t.Errorf("it does not fail in %s", op)
		}
	}
}
