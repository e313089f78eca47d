package selection_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/selection"
)

// middle is a user's own rule: it picks the candidate with the median loss
// after some steps.
type middle struct{ after int }

func (r middle) String() string               { return fmt.Sprintf("middle:%d", r.after) }
func (r middle) Validate(steps int) error     { return nil }
func (r middle) Evaluations(int) []int        { return []int{r.after} }
func (r middle) Branches() []selection.Branch { return nil }

func (r middle) Pick(ctx context.Context, c selection.Candidates) (selection.Choice, error) {
	m := selection.NewMeter(c)
	all := make([]int, m.Len())
	for i := range all {
		all[i] = i
	}
	losses, err := m.Losses(ctx, all, r.after)
	if err != nil {
		return selection.Choice{}, err
	}
	for i, x := range losses {
		below := 0
		for _, y := range losses {
			if y < x {
				below++
			}
		}
		if below == len(losses)/2 {
			return m.Choice(i), nil
		}
	}
	return m.Choice(-1), nil
}

func init() {
	selection.Register(selection.Kind{Form: "middle:K", Help: "the one in the middle after K steps", Parse: selection.Integers(func(n [1]int) selection.Rule { return middle{n[0]} })})
}

// TestOwnRule checks that a registered rule is parsed and listed, and picks.
func TestOwnRule(t *testing.T) {
	r := parse(t, "middle:20")
	choice, extra, err := selection.Pick(t.Context(), r, recorded())
	if err != nil || choice.Index != 1 || extra[0] != 20 || extra[1] != 0 || extra[2] != 20 {
		t.Errorf("it picks %d at a cost of %v, %v", choice.Index, extra, err)
	}
	if !strings.Contains(selection.Forms(), "middle:K") {
		t.Errorf("the forms are %s", selection.Forms())
	}
	_, err = selection.Parse("centre:20")
	if unknown, ok := errors.AsType[*selection.UnknownRuleError](err); !ok || !strings.Contains(err.Error(), "middle:K") {
		t.Errorf("got %v, %v", unknown, err)
	}
	if _, err := selection.Parse("middle:x"); err == nil || !strings.Contains(err.Error(), "write middle:K") {
		t.Errorf("got %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a kind can be registered twice")
		}
	}()
	selection.Register(selection.Kind{Form: "lag:X"})
}
