package nbrun

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/png"
	"os"
	"regexp"
	"strings"
)

// A notebook is the part of an .ipynb file that is judged here.
type notebook struct {
	Cells []cell
}

type cell struct {
	Type     string    `json:"cell_type"`
	Source   text      `json:"source"`
	Outputs  []output  `json:"outputs"`
	Metadata cellAttrs `json:"metadata"`
}

type cellAttrs struct{ Tags []string }

type output struct {
	Type      string                     `json:"output_type"`
	Name      string                     `json:"name"` // of a stream
	Text      text                       `json:"text"`
	Data      map[string]json.RawMessage `json:"data"`
	Ename     string
	Evalue    string
	Traceback []string
}

// text is what the format stores as a string or as a list of its lines.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var lines []string
	if err := json.Unmarshal(data, &lines); err == nil {
		*t = text(strings.Join(lines, ""))
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

func read(path string) (*notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the notebook: %w", err)
	}
	var nb notebook
	if err := json.Unmarshal(data, &nb); err != nil {
		return nil, fmt.Errorf("%s is not a notebook: %w", path, err)
	}
	return &nb, nil
}

// code counts the cells that run.
func (nb *notebook) code() (n int) {
	for _, c := range nb.Cells {
		if c.Type == "code" {
			n++
		}
	}
	return n
}

// A Failure is why a notebook failed, and where.
type Failure struct {
	Cell int // the cell's place in the notebook among all cells, from 1; 0 for none
	Line string
	Text string
}

func (f Failure) String() string {
	where := ""
	if f.Cell > 0 {
		where = fmt.Sprintf("cell %d", f.Cell)
		if f.Line != "" {
			where += " (" + f.Line + ")"
		}
		where += ": "
	}
	return where + f.Text
}

var (
	// GoNB takes a line for the shell only if its first character says so.
	shellLine = regexp.MustCompile(`(?m)^(//gonb:)?!.*$`)
	shellCell = regexp.MustCompile(`\A\s*%%(bash|sh|script)\b.*`)
	mainMark  = regexp.MustCompile(`(?m)^(%%.*$|%main.*$|func main\(\))`)
	plotCall  = regexp.MustCompile(`\bfigure\.(Show|Live)\w*\(`)
	imports   = regexp.MustCompile(`(?m)^import\s*(\([^)]*\)|.*$)`)
	comment   = regexp.MustCompile(`(?m)^\s*//.*$`)
	// What gonbui and GoNB say when output is lost on its way to the notebook.
	lostOutput = regexp.MustCompile(`(?i)(failed to (write to|read from) GoNB pipe|failed opening pipe|gob: type not registered|` +
		`gob: .*(not registered|duplicate type)|failed to publish|failed to marshal)`)
)

// PlotTag marks a cell that must show a plot though it calls no figure function itself.
const PlotTag = "lag:plot"

// forbidden finds what must not stand in a notebook: a shell line, since one
// that fails does not fail its cell in GoNB.
func (nb *notebook) forbidden() (failures []Failure) {
	for i, c := range nb.Cells {
		if c.Type != "code" {
			continue
		}
		line := shellLine.FindString(string(c.Source))
		if line == "" {
			line = shellCell.FindString(string(c.Source))
		}
		if line != "" {
			failures = append(failures, Failure{i + 1, c.firstLine(),
				fmt.Sprintf("shell line %q: one that fails would not fail the cell; do it in Go", strings.TrimSpace(line))})
		}
	}
	return failures
}

// judge finds the failures in an executed notebook.
func (nb *notebook) judge() (failures []Failure) {
	for i, c := range nb.Cells {
		if c.Type == "code" {
			for _, text := range c.judge() {
				failures = append(failures, Failure{i + 1, c.firstLine(), text})
			}
		}
	}
	return failures
}

func (c cell) judge() (problems []string) {
	var picture error
	pictures := 0
	for _, o := range c.Outputs {
		switch o.Type {
		case "error":
			return []string{o.errorText(c.stderr())} // the rest follows from it
		case "stream":
			if o.Name == "stderr" && lostOutput.MatchString(string(o.Text)) {
				problems = append(problems, "output was lost: "+lastLines(string(o.Text), 5))
			}
		default:
			if data, ok := o.Data["image/png"]; ok {
				if err := checkPNG(data); err != nil {
					picture = err
				} else {
					pictures++
				}
			}
		}
	}
	if picture != nil {
		problems = append(problems, fmt.Sprintf("a plot is damaged: %v", picture))
	} else if pictures == 0 && c.plots() {
		problems = append(problems, "a plot was lost: the cell shows a figure, but no image/png came out")
	}
	return problems
}

// plots tells whether the cell must show a plot.
func (c cell) plots() bool {
	for _, tag := range c.Metadata.Tags {
		if tag == PlotTag {
			return true
		}
	}
	return plotCall.MatchString(comment.ReplaceAllString(c.executed(), ""))
}

// executed is the part of a cell that runs: what follows a line of %%, which
// GoNB makes the body of main. Without one the cell only declares, unless it
// declares main.
func (c cell) executed() string {
	if at := mainMark.FindStringIndex(string(c.Source)); at != nil {
		return string(c.Source)[at[1]:]
	}
	return ""
}

// firstLine names a cell: its first line of code after the imports.
func (c cell) firstLine() string {
	for line := range strings.Lines(imports.ReplaceAllString(string(c.Source), "")) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "%") {
			if len(line) > 60 {
				line = line[:57] + "..."
			}
			return line
		}
	}
	return "imports alone"
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// errorText is what GoNB says of an error, and what the cell itself said last.
func (o output) errorText(stderr string) string {
	text := strings.Join(o.Traceback, "\n")
	if !strings.Contains(text, o.Evalue) {
		text = o.Evalue + "\n" + text
	}
	if stderr != "" {
		text += "\n" + lastLines(stderr, 20)
	}
	return ansi.ReplaceAllString(strings.TrimSpace(text), "")
}

// stderr is what the cell wrote there.
func (c cell) stderr() string {
	var all strings.Builder
	for _, o := range c.Outputs {
		if o.Type == "stream" && o.Name == "stderr" {
			all.WriteString(string(o.Text))
		}
	}
	return all.String()
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	if len(lines) > n {
		lines = append([]string{"..."}, lines[len(lines)-n:]...)
	}
	return strings.Join(lines, "\n")
}

// checkPNG tells whether the picture can be read and shows anything.
func checkPNG(data json.RawMessage) error {
	var encoded text
	if err := json.Unmarshal(data, &encoded); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(encoded)), ""))
	if err != nil {
		return err
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	b := img.Bounds()
	first := img.At(b.Min.X, b.Min.Y)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if img.At(x, y) != first {
				return nil
			}
		}
	}
	return fmt.Errorf("it is blank: %d x %d pixels of one colour", b.Dx(), b.Dy())
}
