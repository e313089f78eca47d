package readme

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/plain"
)

// A Document is a README whose blocks can be run.
type Document struct {
	Path  string
	steps document
}

// Load reads a document. Its errors name lines.
func Load(path string) (*Document, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a document: %w", err)
	}
	d, err := parse(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Document{path, d}, nil
}

// InCheckout reports whether the document is to be run in the checkout itself.
func (d *Document) InCheckout() bool { return d.steps.inCheckout }

// Blocks returns the number of blocks.
func (d *Document) Blocks() (n int) {
	for _, s := range d.steps.steps {
		if s.language != "" {
			n++
		}
	}
	return n
}

// Options say how documents are run.
type Options struct {
	Dir    string        // in which the shell begins
	Files  string        // directory for the shell's own files
	Env    []string      // added to the environment of this process
	Full   bool          // small directives are not applied; $LAG_README is full, and not small
	Python string        // a Python with pandas and duckdb, or "" to skip what needs it
	Log    io.Writer     // what is run, and what it prints
	Report func(Outcome) // called after each block
}

// An Outcome is what became of a block, or of a command that a comment tells to run.
type Outcome struct {
	Line     int
	Language string   // "" for a command of a comment
	Skipped  []string // what was not run, and why
	Ran      bool     // something was run or written
	Took     time.Duration
	Err      error
	Last     []string // the last lines that were printed, if Err is not nil
}

// shownLines is how many lines of the output of a failed block are in its outcome.
const shownLines = 25

// Run runs the blocks in their order, and returns how many failed. A block ends at
// its first line that fails; the blocks after it are run all the same.
func (d *Document) Run(ctx context.Context, o Options) (failed int, err error) {
	size := "small"
	if o.Full {
		size = "full"
	}
	sh, err := open(ctx, o.Dir, o.Files, append(slices.Clone(o.Env), "LAG_README="+size))
	if err != nil {
		return 0, err
	}
	defer sh.close()
	for _, s := range d.steps.steps {
		r := runner{document: d, shell: sh, options: o, step: s}
		begun := time.Now()
		r.outcome = Outcome{Line: s.line, Language: s.language}
		r.outcome.Err = r.block(ctx)
		r.outcome.Took = time.Since(begun)
		if ctx.Err() != nil {
			return failed, ctx.Err()
		}
		if r.outcome.Err != nil {
			failed++
			lines := strings.Split(strings.TrimRight(r.printed.String(), "\n"), "\n")
			r.outcome.Last = lines[max(0, len(lines)-shownLines):]
		}
		o.Report(r.outcome)
	}
	return failed, nil
}

// A runner runs one block.
type runner struct {
	document *Document
	shell    *shell
	options  Options
	step     step
	outcome  Outcome
	printed  strings.Builder
}

// block runs the block.
func (r *runner) block(ctx context.Context) error {
	s := r.step
	if s.marks.skip != "" {
		r.skip("all of it", s.marks.skip)
		return nil
	}
	limit := s.marks.limit
	if limit == 0 {
		limit = Limit
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the block took longer than %s", limit))
	defer cancel()
	var err error
	switch {
	case s.marks.file != "":
		err = r.write(ctx, s.marks.file, s.source)
	case s.marks.main != nil:
		err = r.write(ctx, s.marks.main[0], r.program())
	case s.language == "":
		err = r.command(ctx, command{s.line, s.source}, nil)
	case s.language == languageText:
	case s.language == languagePython:
		err = r.python(ctx, "-", s.source)
	case s.language == languageSQL:
		err = r.python(ctx, `-c 'import sys, duckdb; print(duckdb.sql(sys.stdin.read()))'`, s.source)
	default:
		err = r.lines(ctx)
	}
	if err == nil && s.output != "" {
		err = sameShape(s.output, r.printed.String())
	}
	return err
}

func (r *runner) skip(what, reason string) {
	r.outcome.Skipped = append(r.outcome.Skipped, what+": "+reason)
}

// lines runs the lines of a block of shell commands.
func (r *runner) lines(ctx context.Context) error {
	m := r.step.marks
	for _, p := range m.put {
		if !strings.Contains(r.step.source, p.of) {
			return missing(p)
		}
		r.step.source = strings.ReplaceAll(r.step.source, p.of, p.text)
	}
	list, err := commands(ctx, r.step)
	if err != nil {
		return err
	}
	for _, p := range slices.Concat(m.skips, m.until) {
		if !slices.ContainsFunc(list, func(c command) bool { return begins(c.source, p.of) }) {
			return missing(p)
		}
	}
	if err := r.add(ctx, m.small); err != nil {
		return err
	}
	for _, c := range list {
		if p, ok := first(m.skips, c); ok {
			r.skip("`"+p.of+"`", p.text)
			continue
		}
		var until *regexp.Regexp
		if p, ok := first(m.until, c); ok {
			until = regexp.MustCompile(p.text)
		}
		if err := r.command(ctx, c, until); err != nil {
			return err
		}
	}
	return r.added(m.small)
}

// first returns the first of the marks that a command begins with.
func first(marks []pair, c command) (pair, bool) {
	for _, p := range marks {
		if begins(c.source, p.of) {
			return p, true
		}
	}
	return pair{}, false
}

func missing(p pair) error {
	return fmt.Errorf("the comment before this block is about `%s`, which no line of it has", p.of)
}

// command runs a command in the shell.
func (r *runner) command(ctx context.Context, c command, until *regexp.Regexp) error {
	r.outcome.Ran = true
	fmt.Fprintf(r.options.Log, "--- %s:%d: %s\n", r.document.Path, c.line, c.source)
	output, err := r.shell.run(ctx, c.source, until)
	r.printed.WriteString(output)
	fmt.Fprintln(r.options.Log, output)
	if err != nil {
		fmt.Fprintf(r.options.Log, "--- failed: %v\n", err)
		return fmt.Errorf("line %d, `%s`: %w", c.line, strings.TrimSpace(c.source), err)
	}
	return nil
}

// add tells the shell what to add to which commands, the longest beginnings first.
func (r *runner) add(ctx context.Context, small []pair) error {
	if r.options.Full {
		small = nil
	}
	small = longestFirst(small)
	var begin, flags []string
	for _, p := range small {
		begin, flags = append(begin, plain.Quoted(p.of)), append(flags, plain.Quoted(p.text))
	}
	source := fmt.Sprintf("__begin=(%s) __small=(%s); : >\"$__used\"", strings.Join(begin, " "), strings.Join(flags, " "))
	if output, err := r.shell.run(ctx, source, nil); err != nil {
		return fmt.Errorf("preparing the shell: %w: %s", err, output)
	}
	return nil
}

// added returns an error if something was added to no command.
func (r *runner) added(small []pair) error {
	if r.options.Full || len(small) == 0 {
		return nil
	}
	used, err := os.ReadFile(r.shell.used())
	if err != nil {
		return fmt.Errorf("reading what was added to which command: %w", err)
	}
	for i, p := range longestFirst(small) {
		if !slices.Contains(strings.Fields(string(used)), strconv.Itoa(i)) {
			return fmt.Errorf("the comment before this block adds %q to `%s`, which no command of it is", p.text, p.of)
		}
	}
	return nil
}

func longestFirst(list []pair) []pair {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b pair) int { return len(b.of) - len(a.of) })
	return list
}

// write writes a file, below the directory of the shell if the path is relative.
func (r *runner) write(ctx context.Context, path, content string) error {
	source, err := r.keep(content)
	if err != nil {
		return err
	}
	return r.command(ctx, command{r.step.line, fmt.Sprintf("mkdir -p %s && cp %s %s", plain.Quoted(filepath.Dir(path)), plain.Quoted(source), plain.Quoted(path))}, nil)
}

// keep writes a block to a file of the shell.
func (r *runner) keep(content string) (path string, err error) {
	path = filepath.Join(r.shell.dir, fmt.Sprintf("line%d", r.step.line))
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		return "", fmt.Errorf("writing a block: %w", err)
	}
	return path, nil
}

// program returns the block as the main function of a program.
func (r *runner) program() string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for _, path := range r.step.marks.main[1:] {
		fmt.Fprintf(&b, "\t%q\n", path)
	}
	fmt.Fprintf(&b, ")\n\nfunc main() {\n//line %s:%d\n%s}\n", filepath.Base(r.document.Path), r.step.line, r.step.source)
	return b.String()
}

// python runs a block through a Python, on its standard input.
func (r *runner) python(ctx context.Context, arguments, content string) error {
	if r.options.Python == "" {
		r.skip("all of it", "no Python with pandas and duckdb was named")
		return nil
	}
	source, err := r.keep(content)
	if err != nil {
		return err
	}
	return r.command(ctx, command{r.step.line, fmt.Sprintf("%s %s <%s", plain.Quoted(r.options.Python), arguments, plain.Quoted(source))}, nil)
}
