package readme

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// fence is three backquotes, which a raw string cannot have.
const fence = "```"

// blocks returns a document of blocks: each is its first line, such as sh, and
// its content. One that begins with "<!--" is a comment.
func blocks(list ...string) string {
	var b strings.Builder
	for _, one := range list {
		if strings.HasPrefix(one, "<!--") {
			b.WriteString(one + "\n")
		} else {
			b.WriteString("\n" + fence + strings.TrimRight(one, "\n") + "\n" + fence + "\n\n")
		}
	}
	return b.String()
}

// ran is what became of a document.
type ran struct {
	dir      string
	outcomes []Outcome
	failed   int
	log      string
}

// do runs a document in an empty directory.
func do(t *testing.T, document string, change ...func(*Options)) ran {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil || runtime.GOOS == "windows" {
		t.Skip("no bash here")
	}
	r := ran{dir: t.TempDir()}
	path := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(path, []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	o := Options{Dir: r.dir, Files: t.TempDir(), Log: &log, Report: func(out Outcome) { r.outcomes = append(r.outcomes, out) }}
	for _, c := range change {
		c(&o)
	}
	if r.failed, err = d.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r.log = log.String()
	return r
}

// want checks the errors of the outcomes: "" for none, or a part of it.
func (r ran) want(t *testing.T, errs ...string) {
	t.Helper()
	failed := 0
	for i, want := range errs {
		if i == len(r.outcomes) {
			t.Fatalf("%d outcomes, want %d", i, len(errs))
		}
		err := r.outcomes[i].Err
		if want != "" {
			failed++
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("block %d: %v, want %q", i, err, want)
		}
	}
	if len(r.outcomes) != len(errs) || r.failed != failed {
		t.Errorf("%d outcomes and %d failures, want %d and %d", len(r.outcomes), r.failed, len(errs), failed)
	}
}

func (r ran) file(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestOrderAndState(t *testing.T) {
	r := do(t, blocks("sh\nmkdir deep; cd deep   # there\nx=one", "<!-- ci: do: echo told >> order -->", "sh\necho $x >> order\n\necho two >> order", "text\nnot run", "sh\ncat order"))
	r.want(t, "", "", "", "", "")
	if got := r.file(t, "deep/order"); got != "told\none\ntwo\n" {
		t.Errorf("the blocks wrote %q", got)
	}
	if !strings.Contains(r.log, "README.md:3: mkdir deep") {
		t.Errorf("the log does not say what was run: %s", r.log)
	}
}

func TestFailingBlocks(t *testing.T) {
	r := do(t, blocks("sh\ntrue\necho why; false\ntouch after", "sh\ntouch next", "sh\nfalse; true", "sh\nfalse | true", "sh\ntrue\nno-such-program", "sh\n) (", "sh\nfalse || true"))
	r.want(t, "line 4, `echo why; false`: exit code 1", "", "exit code 1", "exit code 1", "exit code 127", "not a command of bash", "")
	r.file(t, "next")
	if _, err := os.Stat(filepath.Join(r.dir, "after")); err == nil {
		t.Error("the block went on after a line that failed")
	}
	if last := r.outcomes[0].Last; !slices.Equal(last, []string{"why"}) {
		t.Errorf("the last lines of the failed block are %q", last)
	}
	do(t, blocks("sh\nexit 3", "sh\ntrue")).want(t, "it ended the shell", "the shell ended before")
}

func TestCommandsOfSeveralLines(t *testing.T) {
	r := do(t, blocks("sh\ncat > a << END\n  one\nEND\necho \\\n  two > b\nfor i in 1 2; do\n\n  echo $i\ndone > c\necho 'x\ny' > d", "sh\necho 'open"))
	r.want(t, "", "is not a command of bash")
	for name, want := range map[string]string{"a": "  one\n", "b": "two\n", "c": "1\n2\n", "d": "x\ny\n"} {
		if got := r.file(t, name); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
}

func TestSkippedIsNamed(t *testing.T) {
	r := do(t, blocks("<!-- ci: skip: needs a GPU -->", "sh\ntouch gpu", "<!-- ci: skip `touch b`: not here -->", "sh\ntouch a\ntouch b # a comment\ntouch c", "<!-- ci: skip `touch`: x -->", "sh\ntouching", "python\nprint(1)"))
	r.want(t, "", "", "`touch`, which no line of it has", "")
	for i, want := range []string{"all of it: needs a GPU", "`touch b`: not here", "", "all of it: no Python with pandas and duckdb was named"} {
		if got := strings.Join(r.outcomes[i].Skipped, "; "); got != want {
			t.Errorf("block %d skipped %q, want %q", i, got, want)
		}
	}
	for name, want := range map[string]bool{"a": true, "b": false, "c": true, "gpu": false} {
		if _, err := os.Stat(filepath.Join(r.dir, name)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", name, err == nil, want)
		}
	}
	if r.outcomes[0].Ran || r.outcomes[3].Ran {
		t.Error("a skipped block counts as one that ran")
	}
}

// TestSmall: flags are added to commands, however they are called, and no word of
// them is lost.
func TestSmall(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"lag", "go"} {
		script := "#!/bin/sh\necho " + name + " \"$@\" >> calls\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := func(o *Options) {
		o.Env = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
	}
	document := blocks("<!-- ci:\nsmall `lag study`: -steps 2\nsmall `lag study -big`: -steps 3\n  -name 'a b'\n-->",
		"sh\nlag study -from 1 > out; lag runs\ngo run ./lag/cmd/lag study -big\nlag studying\ngo test", "sh\nlag study; [ \"$LAG_README\" = small ]")
	r := do(t, document, path)
	r.want(t, "", "")
	want := "lag study -from 1 -steps 2\nlag runs\ngo run ./lag/cmd/lag study -big -steps 3 -name a b\nlag studying\ngo test\nlag study\n"
	if got := r.file(t, "calls"); got != want {
		t.Errorf("called were\n%swant\n%s", got, want)
	}
	r = do(t, strings.ReplaceAll(document, "small ]", "full ]"), path, func(o *Options) { o.Full = true })
	r.want(t, "", "")
	if got := r.file(t, "calls"); strings.Contains(got, "-steps") {
		t.Errorf("at full size, called were\n%s", got)
	}
	do(t, blocks("<!-- ci: small `lag stack`: -steps 2 -->", "sh\nlag study"), path).want(t, "adds \"-steps 2\" to `lag stack`, which no command of it is")
}

func TestUntil(t *testing.T) {
	serve := "sh\necho ready && sleep 60"
	r := do(t, blocks("<!-- ci: until `echo ready`: rea.y -->", serve+"\ntouch after", "<!-- ci: until `echo`: http -->", "sh\necho none", "<!-- ci: limit: 300ms -->", serve, "sh\ntouch end"))
	r.want(t, "", "before it printed what \"http\" matches", "the block took longer than 300ms", "")
	r.file(t, "after")
	r.file(t, "end")
}

// TestUntilOfGoRun: go run ends with 1 when it is interrupted. Only what it says
// of its program tells whether that failed.
func TestUntilOfGoRun(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\ntrap 'echo \"$said\"; exit 1' INT\necho ready\nsleep 60\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{"": "", "exit status 130": "", "exit status 2": "exit code 1"} {
		do(t, blocks("<!-- ci: until `go run`: ready -->", "sh\ngo run ./server"), func(o *Options) {
			o.Env = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "said=" + said}
		}).want(t, want)
	}
}

func TestPlaceholders(t *testing.T) {
	r := do(t, blocks("<!-- ci: put `<hash>`: $(echo 12) -->", "sh\necho runs/<hash> > out", "<!-- ci: put `NAME`: x -->", "sh\necho y"))
	r.want(t, "", "`NAME`, which no line of it has")
	if got := r.file(t, "out"); got != "runs/12\n" {
		t.Errorf("the command wrote %q", got)
	}
}

func TestFilesAndPrograms(t *testing.T) {
	r := do(t, blocks("<!-- ci: file: ../mine it's/a.go -->", "go\npackage a", "<!-- ci: main: main.go fmt example.org/b -->", "go\nfmt.Println(b.C)", "<!-- ci: file: c.json -->", "json\n{}"),
		func(o *Options) {
			o.Dir = filepath.Join(o.Dir, "growing")
			if err := os.Mkdir(o.Dir, 0o755); err != nil {
				t.Fatal(err)
			}
		})
	r.want(t, "", "", "")
	if got := r.file(t, "mine it's/a.go"); got != "package a\n" {
		t.Errorf("the file has %q", got)
	}
	program := r.file(t, "growing/main.go")
	file, err := parser.ParseFile(token.NewFileSet(), "", program, 0)
	if err != nil || len(file.Imports) != 2 || !strings.Contains(program, "//line README.md:10\n") {
		t.Errorf("the program is %s, %v", program, err)
	}
}

func TestOutputs(t *testing.T) {
	shown := "\nname   loss at 30\n-----\nstack  2.1\n\nrule  cost\nlag:30  1\n"
	for printed, want := range map[string]string{
		`'name loss at 5\nother 7\n\n\nrule   cost\n'`: "",
		`'rule cost\nname loss at 5\n'`:                `"rule  cost"`,
		`'name cost'`:                                  `does not print the line "name   loss at 30"`,
	} {
		do(t, blocks("sh\ntrue\nprintf "+printed, shown)).want(t, want)
	}
}

// TestPython: a block is the standard input of the interpreter that was named.
func TestPython(t *testing.T) {
	python := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(python, []byte("#!/bin/sh\ncat > \"in$1\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := do(t, blocks("python\nprint(1)", "sql\nSELECT 1;"), func(o *Options) { o.Python = python })
	r.want(t, "", "")
	if r.file(t, "in-") != "print(1)\n" || r.file(t, "in-c") != "SELECT 1;\n" {
		t.Error("a block did not reach the interpreter")
	}
}

func TestFaultsOfDocuments(t *testing.T) {
	for document, want := range map[string]string{
		blocks("go\nx := 1"):                                     "line 3: a comment must say into which file",
		blocks("ruby\nputs 1"):                                   "blocks in ruby cannot be run",
		blocks("\nlayout"):                                       "no language",
		blocks("text\nlayout", "\nmore"):                         "no language",
		blocks("sh\ntrue") + "words\n" + blocks("\nmore"):        "no language",
		"words\n\n    indented\n":                                "fence it",
		blocks("<!-- ci: skip: x -->"):                           "line 1: no block follows",
		blocks("<!-- ci: skp: x -->", "sh\ntrue"):                `no directive "skp"`,
		blocks("<!-- ci: skip -->", "sh\ntrue"):                  "is no directive",
		blocks("<!-- ci: skip: -->", "sh\ntrue"):                 "says nothing",
		blocks("<!-- ci: small: -steps 2 -->", "sh\ntrue"):       "needs to know what it is for",
		blocks("<!-- ci: limit `x`: 5m -->", "sh\ntrue"):         "whole blocks",
		blocks("<!-- ci: limit: long -->", "sh\ntrue"):           "not a positive time",
		blocks("<!-- ci: put `lag study`: true -->", "sh\ntrue"): "placeholder",
		blocks("<!-- ci: until `x`: ( -->", "sh\ntrue"):          "missing closing",
		blocks("<!-- ci: put `X`: 1 -->", "text\nX"):             "only sh blocks",
		blocks("<!-- ci: place: elsewhere -->"):                  "not \"elsewhere\"",
	} {
		if _, err := parse([]byte(document)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %q", document, err, want)
		}
	}
	list := "1. Do it:\n\n   <!-- ci: skip `a`:\n     because -->\n   " + fence + "sh\n   a b\n   " + fence + "\n"
	d, err := parse([]byte(list))
	if err != nil || len(d.steps) != 1 || d.steps[0].source != "a b\n" || d.steps[0].line != 6 || d.steps[0].marks.skips[0].text != "because" {
		t.Errorf("a block in a list is %+v, %v", d.steps, err)
	}
}

// TestCopy: a copy has what git follows or would follow, as it is now.
func TestCopy(t *testing.T) {
	root, to := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{".gitignore": "/runs/\n", "README.md": "a", "lag/README.md": "b", "lag/ü x.go": "c", "runs/1": "d"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("git", "-C", root, "init", "-q").CombinedOutput(); err != nil {
		t.Skipf("no git here: %v, %s", err, out)
	}
	names, err := Documents(t.Context(), root)
	if err != nil || !slices.Equal(names, []string{"README.md", "lag/README.md"}) {
		t.Errorf("the documents are %q, %v", names, err)
	}
	if err := Copy(t.Context(), root, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "lag", "ü x.go")); err != nil || string(got) != "c" {
		t.Errorf("the copy has %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(to, "runs")); err == nil {
		t.Error("the copy has what git ignores")
	}
}
