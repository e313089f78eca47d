package closest

import "testing"

func TestName(t *testing.T) {
	names := []string{"smoke", "quick", "bert", "ul2", "stack-last", "random-top", "lag"}
	for word, want := range map[string]string{
		"smoek": "smoke", "qick": "quick", "QUICK": "quick", "brt": "bert", "ul": "ul2", "stack-lst": "stack-last",
		"stack": "stack-last", "random": "random-top", "ran": "random-top", "ra": "", "": "", "x": "", "abacus": "", "late": "lag", "quarterly": "",
	} {
		if got, ok := Name(word, names); got != want || ok != (want != "") {
			t.Errorf("%q means %q, %v, want %q", word, got, ok, want)
		}
	}
	if got := Hint("qick", names); got != ` (did you mean "quick"?)` {
		t.Errorf("the hint is %q", got)
	}
	if got := Hint("abacus", names); got != "" {
		t.Errorf("there is a hint %q", got)
	}
}
