package cell

import (
	"strings"
	"testing"
)

const program = `package main

import (
	"fmt"
	"io"
	"net/http"
	other "os"
	v "example.com/odd/v2"
	"example.com/go-odd"
	_ "embed"
)

// limit is for get.
const limit = 3

const (
	first = iota
	second
)

var effect = compute()

type (
	client struct{ http.Client }
	shown  struct{ text string }
)

func (s shown) String() string { return s.text + late }

func (c client) fetch() { odd.Do() }

// get is not needed.
func get() client {
	_ = limit
	other.Exit(1)
	return client{}
}

func compute() int { return second }

const late = "late"

func init() { io.WriteString(nil, "") }

func unused() { get(); get() }

func registered() { v.Do() }

func main() {
	fmt.Println(shown{"x"}, effect)
}
`

func TestPrune(t *testing.T) {
	p, err := prune([]byte(program))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.source) != len(program) || p.whole {
		t.Fatalf("%d bytes of %d, whole %v", len(p.source), len(program), p.whole)
	}
	before, after := strings.Split(program, "\n"), strings.Split(string(p.source), "\n")
	var left []string
	for i, line := range after {
		switch {
		case line == before[i]:
		case strings.TrimSpace(line) == "":
			left = append(left, strings.TrimSpace(before[i]))
		default:
			t.Errorf("line %d is %q", i+1, line)
		}
	}
	want := []string{`"net/http"`, `other "os"`, "// limit is for get.", "const limit = 3",
		"client struct{ http.Client }", "func (c client) fetch() { odd.Do() }",
		"// get is not needed.", "func get() client {", "_ = limit", "other.Exit(1)", "return client{}", "}",
		"func unused() { get(); get() }"}
	if strings.Join(left, "\n") != strings.Join(want, "\n") {
		t.Errorf("left out:\n%s\nwant:\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}
}

// TestPruneRest: what was declared before is the same if only main changes, and
// the imports that main alone uses.
func TestPruneRest(t *testing.T) {
	rest := func(source string) string {
		p, err := prune([]byte(source))
		if err != nil {
			t.Fatal(err)
		}
		return p.rest
	}
	first := rest(program)
	for _, now := range []string{
		strings.Replace(program, `{"x"}`, `{"y"}`, 1),
		strings.NewReplacer("\t\"fmt\"\n", "", "fmt.Println(", "print(").Replace(program),
	} {
		if rest(now) != first {
			t.Errorf("what was declared is another in:\n%s", now)
		}
	}
	for old, now := range map[string]string{"limit = 3": "limit = 4", `"net/http"`: `"other/http"`, "get(); ": "", `s.text + late`: `s.text`} {
		if rest(strings.Replace(program, old, now, 1)) == first {
			t.Errorf("%s instead of %s does not change what was declared", now, old)
		}
	}
}

// TestPruneNothing: what main needs is kept, and a file that cannot be read is an error.
func TestPruneNothing(t *testing.T) {
	if p, err := prune([]byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n")); err != nil || !p.whole {
		t.Errorf("%v, %v", p.whole, err)
	}
	if _, err := prune([]byte("package main\n\nfunc main() {")); err == nil {
		t.Error("no error for half a program")
	}
}
