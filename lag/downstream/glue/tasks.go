// Package glue reads tasks of GLUE and SuperGLUE from files that somebody has: the
// official tab-separated files of GLUE (Wang et al. 2018, arXiv 1804.07461) and the
// official JSON lines of SuperGLUE (Wang et al. 2019, arXiv 1905.00537). It downloads
// nothing.
package glue

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// Example is a text or a pair of texts with its class.
type Example struct {
	First, Second string // Second is empty if the task has single texts
	Class         int    // position in [Task.Classes]
}

// Task is a task with its examples. The labels of the official test sets are secret,
// so there is none.
type Task struct {
	Name       string // such as "SST-2"
	Classes    []string
	Pairs      bool // examples are pairs
	Matthews   bool // is scored by Matthews' correlation instead of accuracy
	Train, Dev []Example
}

// A layout says where the parts of a task's examples are.
type layout struct {
	name          string // of the directory
	task          string // name of the task, if it is not that of the directory
	train, dev    string // files
	first, second string // columns or fields of the texts; second is empty for single texts
	word          string // field of a word that stands before both texts
	label         string // column or field
	classes       []string
	noHeader      []string // names of the columns of a file without a header
	skips         bool     // the official file has some lines with too few columns
	matthews      bool
}

var (
	negation   = []string{"entailment", "not_entailment"}
	binary     = []string{"0", "1"}
	trueOrNot  = []string{"false", "true"}
	threeOfNLI = []string{"entailment", "neutral", "contradiction"}
)

// layouts are the tasks that are known. MNLI's examples of the genres that it was not
// trained on are left out.
var layouts = []layout{
	{name: "CoLA", train: "train.tsv", dev: "dev.tsv", first: "sentence", label: "label", classes: binary, noHeader: []string{"source", "label", "mark", "sentence"}, matthews: true},
	{name: "SST-2", train: "train.tsv", dev: "dev.tsv", first: "sentence", label: "label", classes: binary},
	{name: "MRPC", train: "train.tsv", dev: "dev.tsv", first: "#1 String", second: "#2 String", label: "Quality", classes: binary},
	{name: "QQP", train: "train.tsv", dev: "dev.tsv", first: "question1", second: "question2", label: "is_duplicate", classes: binary, skips: true},
	{name: "MNLI", train: "train.tsv", dev: "dev_matched.tsv", first: "sentence1", second: "sentence2", label: "gold_label", classes: threeOfNLI},
	{name: "QNLI", train: "train.tsv", dev: "dev.tsv", first: "question", second: "sentence", label: "label", classes: negation},
	{name: "RTE", train: "train.tsv", dev: "dev.tsv", first: "sentence1", second: "sentence2", label: "label", classes: negation},
	{name: "WNLI", train: "train.tsv", dev: "dev.tsv", first: "sentence1", second: "sentence2", label: "label", classes: binary},

	{name: "BoolQ", train: "train.jsonl", dev: "val.jsonl", first: "question", second: "passage", label: "label", classes: trueOrNot},
	{name: "CB", train: "train.jsonl", dev: "val.jsonl", first: "premise", second: "hypothesis", label: "label", classes: threeOfNLI},
	{name: "RTE", task: "RTE (SuperGLUE)", train: "train.jsonl", dev: "val.jsonl", first: "premise", second: "hypothesis", label: "label", classes: negation},
	{name: "WiC", train: "train.jsonl", dev: "val.jsonl", first: "sentence1", second: "sentence2", word: "word", label: "label", classes: trueOrNot},
}

// Names returns the names of the tasks that can be read, in alphabetical order.
func Names() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, l.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Found is a task in a directory that has not been read yet.
type Found struct {
	Name string // as in [Task]
	Dir  string
	is   layout
}

// Find returns the tasks in a directory, by name, such as that which GLUE's or
// SuperGLUE's own program downloads: each in a subdirectory of its name. The directory
// may also be that of one task. others are subdirectories with examples of tasks that
// cannot be read. It is an error if there is no task, or one twice.
func Find(dir string) (tasks []Found, others []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the directory of GLUE or SuperGLUE: %w", err)
	}
	absolute, err := filepath.Abs(dir) // "." has no name
	if err != nil {
		return nil, nil, err
	}
	if found, ok := findIn(absolute, filepath.Base(absolute)); ok {
		found.Dir = dir
		return []Found{found}, nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if found, ok := findIn(path, e.Name()); ok {
			tasks = append(tasks, found)
		} else if has(path, "train.tsv") || has(path, "train.jsonl") {
			others = append(others, path)
		}
	}
	slices.SortStableFunc(tasks, func(a, b Found) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(tasks); i++ {
		if tasks[i].Name == tasks[i-1].Name {
			return nil, others, fmt.Errorf("%s and %s are both %s; move one away", tasks[i-1].Dir, tasks[i].Dir, tasks[i].Name)
		}
	}
	if len(tasks) == 0 {
		return nil, others, fmt.Errorf("%s has no task of GLUE or SuperGLUE that can be read: these have train.tsv or train.jsonl in subdirectories with the names %s", dir, strings.Join(Names(), ", "))
	}
	return tasks, others, nil
}

// findIn returns the task in a directory with the given name.
func findIn(dir, name string) (Found, bool) {
	short := func(name string) string {
		return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
	}
	for _, l := range layouts {
		if short(l.name) == short(name) && has(dir, l.train) {
			return Found{cmp.Or(l.task, l.name), dir, l}, true
		}
	}
	return Found{}, false
}

func has(dir, file string) bool {
	info, err := os.Stat(filepath.Join(dir, file))
	return err == nil && info.Mode().IsRegular()
}

// Read reads the examples of a task. An error names the file and the line.
func (f Found) Read() (*Task, error) {
	t := &Task{Name: f.Name, Classes: f.is.classes, Pairs: f.is.second != "", Matthews: f.is.matthews}
	var err error
	if t.Train, err = f.is.read(filepath.Join(f.Dir, f.is.train)); err != nil {
		return nil, err
	}
	t.Dev, err = f.is.read(filepath.Join(f.Dir, f.is.dev))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has %s but no %s (%w); copy all files of the task", f.Dir, f.is.train, f.is.dev, fs.ErrNotExist)
	}
	return t, err
}

// mostBytes is the greatest possible size of a file, whose examples are in memory. MNLI's
// train.tsv, the largest official one, is a third of it.
const mostBytes = 256 << 20

// read reads a file of examples.
func (l layout) read(path string) ([]Example, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > mostBytes {
		return nil, fmt.Errorf("%s is no file of at most %s, as the official ones of %s are; get it again", path, humanize.IBytes(mostBytes), l.name)
	}
	read := l.readTSV
	if strings.HasSuffix(path, ".jsonl") {
		read = l.readJSONL
	}
	list, err := read(f)
	if wrong, ok := errors.AsType[*lineError](err); ok {
		return nil, fmt.Errorf("%s, line %d: %w; it is not the official file of %s, or it is damaged: get it again", path, wrong.line, wrong.err, l.name)
	}
	if err == nil && len(list) == 0 {
		err = errors.New("there are no examples in it; get the file again")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// lineError is what is wrong in a line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }

// emptyError says that a text is empty. Large files have a few such lines.
type emptyError struct{ column string }

func (e *emptyError) Error() string { return fmt.Sprintf("%q is empty", e.column) }

// example returns an example of what a line has.
func (l layout) example(first, second, label string) (Example, error) {
	class := slices.Index(l.classes, label)
	switch {
	case class < 0:
		return Example{}, fmt.Errorf("the label %s is none of %s", shown(label), strings.Join(l.classes, ", "))
	case strings.TrimSpace(first) == "":
		return Example{}, &emptyError{l.first}
	case l.second != "" && strings.TrimSpace(second) == "":
		return Example{}, &emptyError{l.second}
	}
	return Example{strings.Clone(first), strings.Clone(second), class}, nil // without the rest of the line, which MNLI has much of
}
