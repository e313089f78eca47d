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

	"github.com/landscape-aware/growing/data/strictjson"
)

// A notebook is the part of an .ipynb file that this package checks.
type notebook struct {
	Cells []cell
}

type cell struct {
	Type     string    `json:"cell_type"`
	Source   text      `json:"source"`
	Outputs  []output  `json:"outputs"`
	Metadata cellAttrs `json:"metadata"`
}

type cellAttrs struct {
	Tags   []string
	Expect []string `json:"lag:expect"` // patterns of what the output must say
}

type output struct {
	Type      string                     `json:"output_type"`
	Name      string                     `json:"name"` // name of a stream
	Text      text                       `json:"text"`
	Data      map[string]json.RawMessage `json:"data"`
	Metadata  map[string]json.RawMessage `json:"metadata"`
	Ename     string
	Evalue    string
	Traceback []string
}

// text is a string, which an .ipynb file may store as a list of lines.
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
	if err := strictjson.Unmarshal(data, &nb); err != nil {
		return nil, fmt.Errorf("%s is not a notebook: %w", path, err)
	}
	return &nb, nil
}

// code returns the number of code cells.
func (nb *notebook) code() (n int) {
	for _, c := range nb.Cells {
		if c.Type == "code" {
			n++
		}
	}
	return n
}

// A Failure is a failure of a notebook.
type Failure struct {
	Cell int // index among all cells, from 1; 0 for none
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
	// GoNB runs a line in the shell only if it begins with "!".
	shellLine = regexp.MustCompile(`(?m)^(//gonb:)?!.*$`)
	shellCell = regexp.MustCompile(`\A\s*%%(bash|sh|script)\b.*`)
	mainMark  = regexp.MustCompile(`(?m)^(%%.*$|%main.*$|func main\(\))`)
	imports   = regexp.MustCompile(`(?m)^import\s*(\([^)]*\)|.*$)`)
	comment   = regexp.MustCompile(`(?m)^\s*//.*$`)
	// Messages of gonbui, GoNB and package figure about lost output.
	lostOutput = regexp.MustCompile(`(?i)(failed to (write to|read from) GoNB pipe|failed opening pipe|gob: type not registered|` +
		`gob: .*(not registered|duplicate type)|failed to publish|failed to marshal|the live picture failed)`)
)

// forbidden returns the shell lines in a notebook. They are not allowed,
// because a failing one does not fail its cell in GoNB.
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
				fmt.Sprintf("shell line %q: its failure would not fail the cell; do it in Go", strings.TrimSpace(line))})
		}
	}
	return failures
}

// failures returns the failures in an executed notebook.
func (nb *notebook) failures() (list []Failure) {
	for i, c := range nb.Cells {
		if c.Type == "code" {
			for _, text := range c.problems() {
				list = append(list, Failure{i + 1, c.firstLine(), text})
			}
		}
	}
	return list
}

// problems returns what is wrong with the outputs of a cell.
func (c cell) problems() (list []string) {
	got := said{}
	var picture error
	for _, o := range c.Outputs {
		if o.Type == "error" {
			return []string{o.errorText(c.stderr())} // other problems are consequences
		}
		if o.Metadata[stoppedKey] != nil {
			return []string{"the cell was stopped: " + o.plain()}
		}
		if text := string(o.Text); lostOutput.MatchString(text) {
			list = append(list, "output was lost: "+lastLines(text, 5))
		}
		got.add(o)
		if data, ok := o.Data["image/png"]; ok {
			if err := checkPNG(data); err != nil {
				picture = err
			} else {
				got.pictures++
			}
		}
	}
	if picture != nil {
		return append(list, fmt.Sprintf("a plot is damaged: %v", picture))
	}
	return append(list, c.demands().unmet(got)...)
}

// executed returns the part of a cell that runs: the lines after a line with
// %%, which GoNB puts into main, or the body of main. Other cells only contain
// declarations.
func (c cell) executed() string {
	if at := mainMark.FindStringIndex(string(c.Source)); at != nil {
		return string(c.Source)[at[1]:]
	}
	return ""
}

// firstLine returns the first line of code after the imports, shortened, to
// identify the cell.
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
	return "only imports"
}

// stoppedKey is that of package notebook of lag, which would bring all that draws
// into this program.
const stoppedKey = "lag:stopped"

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// errorText returns the text of an error, followed by the last lines of the
// cell's stderr.
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

// stderr returns the text that the cell wrote to stderr.
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

// checkPNG returns an error if the picture is damaged or blank.
func checkPNG(data json.RawMessage) error {
	var encoded text
	if err := strictjson.UnmarshalPart(data, &encoded); err != nil {
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
