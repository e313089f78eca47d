package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/growth"
)

// TestGrowByName: the flag -map takes the name of every strategy that
// `lag strategies -all` lists, with its init and its moments.
func TestGrowByName(t *testing.T) {
	pool, err := growth.NewPool(3, 6, &growth.Options{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range pool {
		got, err := growFlags{}.strategy(want.Name, 3, 6)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", want.Name, err, diff)
		}
	}
	reset, err := growFlags{moments: "reset"}.strategy("stack", 3, 6)
	if err != nil || reset.Moments != growth.MomentsReset {
		t.Errorf("-moments reset: got %q, %v", reset.Moments, err)
	}
}

// TestNoSuchStrategy: a misspelt strategy is said to be one, also where the number
// of layers is wrong too.
func TestNoSuchStrategy(t *testing.T) {
	for text, want := range map[string]string{"stak": `there is no strategy "stak" from 3 layers`, "stack": "cannot grow from 3 layers to 3"} {
		if _, err := (growFlags{}).strategy(text, 3, 3); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
