package growth

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomMap returns a random map of depth layers for a source of from layers.
// One layer in five is new.
func randomMap(rng *rand.Rand, from, depth int) Map {
	m := make(Map, depth)
	for i := range m {
		m[i] = rng.IntN(from)
		if rng.IntN(5) == 0 {
			m[i] = New
		}
	}
	return m
}

func TestParseMap(t *testing.T) {
	for _, c := range []struct {
		text string
		want Map
	}{
		{"0 1 2 2", Map{0, 1, 2, 2}},
		{" [0, 1,2 ,2]\n", Map{0, 1, 2, 2}},
		{"N n - -1 10", Map{New, New, New, New, 10}},
		{"7", Map{7}},
	} {
		got, err := ParseMap(c.text)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("ParseMap(%q) = %v, %v; want %v", c.text, got, err, c.want)
		}
	}
}

func TestParseMapErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "is empty"},
		{" \t", "is empty"},
		{"[]", "is empty"},
		{"[0 1", "bracket"},
		{"0 1]", `place 1 is "1]"`},
		{"0 x 2", `place 1 is "x"`},
		{"0 -2", `place 1 is "-2"`},
		{"0 1.5", `place 1 is "1.5"`},
		{"99999999999999999999", "place 0"},
	} {
		wantError(t, "ParseMap "+c.text, second(ParseMap(c.text)), c.want)
	}
}

func TestMapStringParsesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		m := randomMap(rng, 1+rng.IntN(12), 1+rng.IntN(24))
		got, err := ParseMap(m.String())
		if err != nil || !slices.Equal(got, m) {
			t.Fatalf("ParseMap(%q) = %v, %v", m.String(), got, err)
		}
	}
}

func TestMapValidate(t *testing.T) {
	for _, m := range []Map{{0, 1, 2}, {2, 2, 2, 2}, {New, New, New}, {0, 1, New, 2}} {
		if err := m.Validate(3); err != nil {
			t.Errorf("%v: %v", m, err)
		}
	}
	for _, c := range []struct {
		m    Map
		from int
		want string
	}{
		{Map{0}, 0, "at least 1"},
		{Map{0}, -1, "at least 1"},
		{nil, 3, "is empty"},
		{Map{0, 1}, 3, "fewer than the source's 3"},
		{Map{0, 1, 3}, 3, "place 2 has source layer 3"},
		{Map{0, -2, 1}, 3, "place 1 has source layer -2"},
	} {
		wantError(t, c.m.String(), c.m.Validate(c.from), c.want)
	}
}

func TestDuplicates(t *testing.T) {
	got := Map{2, New, 0, New, 2, 0, 1}.Duplicates()
	want := []bool{false, false, false, false, true, true, false}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestKeepsOrder(t *testing.T) {
	for _, c := range []struct {
		m    Map
		want bool
	}{
		{Map{0, 1, 2}, true},
		{Map{0, 1, 2, 0, 1, 2}, true},
		{Map{0, 0, 1, 0, 2, 2}, true},
		{Map{2, 0, 1, 2}, false}, // layer 2's first use is at the bottom
		{Map{0, 1, 1, 0}, false}, // layer 2 is gone
		{Map{0, 1, 2, New}, false},
	} {
		if got := c.m.KeepsOrder(3); got != c.want {
			t.Errorf("%v: got %v, want %v", c.m, got, c.want)
		}
	}
}

func TestDraw(t *testing.T) {
	for _, c := range []struct {
		m    Map
		from int
		want string
	}{
		{Map{0, 1, 2, 0, New}, 3, "[0][1][2](0)<N>"},
		{Map{1, 1, 1}, 3, "[1](1)(1) without 0 2"},
		{Map{9, 10, 9, New}, 11, "[ 9][10]( 9)< N> without 0 1 2 3 4 5 6 7 8"},
		{nil, 0, ""},
	} {
		if got := c.m.Draw(c.from); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// second returns only the error of a call.
func second[T any](_ T, err error) error { return err }

func wantError(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: no error, want one with %q", what, want)
	case !strings.Contains(err.Error(), want):
		t.Errorf("%s: error %q, want one with %q", what, err, want)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("%s: error %q is longer than a line", what, err)
	}
}
