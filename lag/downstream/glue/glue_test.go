package glue_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag/downstream/glue"
)

// write writes files below a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, files map[string]string) []*glue.Task {
	t.Helper()
	found, _, err := glue.Find(write(t, files))
	if err != nil {
		t.Fatal(err)
	}
	var tasks []*glue.Task
	for _, f := range found {
		task, err := f.Read()
		if err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, task)
	}
	return tasks
}

const mrpcHeader = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"

// TestLayouts reads a few lines of every layout, in the official order of the columns.
func TestLayouts(t *testing.T) {
	mnli := "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
	for _, c := range []struct {
		dir, file, text string
		dev, devText    string // if they differ
		want            glue.Example
		task            glue.Task
	}{
		{dir: "CoLA", file: "train.tsv", dev: "dev.tsv", text: "gj04\t1\t\tOur \"friends\" won't.\ngj04\t0\t*\tThey drank the pub.\n",
			want: glue.Example{First: "Our \"friends\" won't.", Class: 1}, task: glue.Task{Name: "CoLA", Classes: []string{"0", "1"}, Matthews: true}},
		{dir: "SST-2", file: "train.tsv", dev: "dev.tsv", text: "sentence\tlabel\ncontains no wit \t0\n", want: glue.Example{First: "contains no wit "}, task: glue.Task{Name: "SST-2", Classes: []string{"0", "1"}}},
		{dir: "mrpc", file: "train.tsv", dev: "dev.tsv", text: mrpcHeader + "1\t7\t8\tHe said \"so.\tSo he said.\r\n", want: glue.Example{First: "He said \"so.", Second: "So he said.", Class: 1},
			task: glue.Task{Name: "MRPC", Classes: []string{"0", "1"}, Pairs: true}},
		{dir: "QQP", file: "train.tsv", dev: "dev.tsv", text: "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n5\t1\t2\tWhy?\tHow?\t0\n", want: glue.Example{First: "Why?", Second: "How?"},
			task: glue.Task{Name: "QQP", Classes: []string{"0", "1"}, Pairs: true}},
		{dir: "MNLI", file: "train.tsv", dev: "dev_matched.tsv", text: mnli + "0\t1\t2\tg\t(a)\t(b)\tA\tB\tIt rains.\tIt is dry.\tneutral\tcontradiction\n",
			devText: strings.Replace(mnli, "label1", "label1\tlabel2", 1) + "0\t1\t2\tg\t(a)\t(b)\tA\tB\tIt rains.\tIt is dry.\tneutral\tneutral\tcontradiction\n",
			want:    glue.Example{First: "It rains.", Second: "It is dry.", Class: 2}, task: glue.Task{Name: "MNLI", Classes: []string{"entailment", "neutral", "contradiction"}, Pairs: true}},
		{dir: "QNLI", file: "train.tsv", dev: "dev.tsv", text: "index\tquestion\tsentence\tlabel\n0\tWho?\tHe.\tentailment\n", want: glue.Example{First: "Who?", Second: "He."},
			task: glue.Task{Name: "QNLI", Classes: []string{"entailment", "not_entailment"}, Pairs: true}},
		{dir: "RTE", file: "train.tsv", dev: "dev.tsv", text: "index\tsentence1\tsentence2\tlabel\n0\tNo.\tYes.\tnot_entailment\n", want: glue.Example{First: "No.", Second: "Yes.", Class: 1},
			task: glue.Task{Name: "RTE", Classes: []string{"entailment", "not_entailment"}, Pairs: true}},
		{dir: "WNLI", file: "train.tsv", dev: "dev.tsv", text: "index\tsentence1\tsentence2\tlabel\n0\tIt broke.\tThe cup broke.\t1", want: glue.Example{First: "It broke.", Second: "The cup broke.", Class: 1},
			task: glue.Task{Name: "WNLI", Classes: []string{"0", "1"}, Pairs: true}},
		{dir: "BoolQ", file: "train.jsonl", dev: "val.jsonl", text: `{"question": "is it", "passage": "It is.", "idx": 0, "label": true}`, want: glue.Example{First: "is it", Second: "It is.", Class: 1},
			task: glue.Task{Name: "BoolQ", Classes: []string{"false", "true"}, Pairs: true}},
		{dir: "CB", file: "train.jsonl", dev: "val.jsonl", text: `{"premise": "a", "hypothesis": "b", "label": "neutral", "idx": 0}`, want: glue.Example{First: "a", Second: "b", Class: 1},
			task: glue.Task{Name: "CB", Classes: []string{"entailment", "neutral", "contradiction"}, Pairs: true}},
		{dir: "RTE", file: "train.jsonl", dev: "val.jsonl", text: `{"premise": "a", "hypothesis": "b", "label": "entailment", "idx": 0}`, want: glue.Example{First: "a", Second: "b"},
			task: glue.Task{Name: "RTE (SuperGLUE)", Classes: []string{"entailment", "not_entailment"}, Pairs: true}},
		{dir: "WiC", file: "train.jsonl", dev: "val.jsonl", text: `{"word": "bank", "sentence1": "A bank.", "sentence2": "The bank.", "idx": 0, "label": false, "start1": 2}`,
			want: glue.Example{First: "bank: A bank.", Second: "bank: The bank."}, task: glue.Task{Name: "WiC", Classes: []string{"false", "true"}, Pairs: true}},
	} {
		dev := c.text
		if c.devText != "" {
			dev = c.devText
		}
		tasks := read(t, map[string]string{c.dir + "/" + c.file: c.text, c.dir + "/" + c.dev: dev})
		if len(tasks) != 1 {
			t.Errorf("%s: %d tasks", c.dir, len(tasks))
			continue
		}
		got := *tasks[0]
		if len(got.Train) == 0 || got.Train[0] != c.want || !reflect.DeepEqual(got.Train, got.Dev) {
			t.Errorf("%s: train %+v, dev %+v, want %+v", c.dir, got.Train, got.Dev, c.want)
		}
		if got.Train, got.Dev = nil, nil; !reflect.DeepEqual(got, c.task) {
			t.Errorf("%+v, want %+v", got, c.task)
		}
	}
}

// TestFind finds tasks beside each other, and one alone by the name of its directory.
func TestFind(t *testing.T) {
	sst := "sentence\tlabel\ngood\t1\n"
	dir := write(t, map[string]string{"SST-2/train.tsv": sst, "SST-2/dev.tsv": sst, "RTE/train.tsv": "", "STS-B/train.tsv": "", "empty/x": "", "notes.txt": ""})
	tasks, others, err := glue.Find(dir)
	if err != nil || len(tasks) != 2 || tasks[0].Name != "RTE" || tasks[1].Name != "SST-2" || len(others) != 1 || filepath.Base(others[0]) != "STS-B" {
		t.Errorf("found %v, others %v, %v", tasks, others, err)
	}
	both := write(t, map[string]string{"SST-2/train.tsv": sst, "sst_2/train.tsv": sst, "RTE/train.tsv": ""})
	if _, _, err := glue.Find(both); err == nil || !strings.Contains(err.Error(), "are both SST-2; move one away") {
		t.Errorf("a task that is there twice: %v", err)
	}
	one, _, err := glue.Find(filepath.Join(dir, "SST-2"))
	if err != nil || len(one) != 1 || one[0].Name != "SST-2" {
		t.Errorf("found %v, %v", one, err)
	}
	if _, _, err := glue.Find(filepath.Join(dir, "empty")); err == nil || !strings.Contains(err.Error(), "CoLA") {
		t.Errorf("a directory without tasks: %v", err)
	}
	if _, _, err := glue.Find(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}

// TestDamage names the file and the line of what is wrong.
func TestDamage(t *testing.T) {
	const sst, rte = "sentence\tlabel\ngood\t1\n", "index\tsentence1\tsentence2\tlabel\n"
	many := "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n" + strings.Repeat("5\t1\t2\tWhy?\tHow?\t0\n", 1500)
	for _, c := range []struct{ file, text, want string }{
		{"SST-2/train.tsv", "sentence\tlabel\ngood\t1\nbad", "train.tsv, line 3: it has 1 column, not 2"},
		{"SST-2/train.tsv", "sentence\tlabel\ngood\t1\nbad\t2\n", `line 3: the label "2" is none of 0, 1`},
		{"SST-2/train.tsv", "sentence\tlabel\ngood\t1\textra\n", "line 2: it has 3 columns, not 2"},
		{"SST-2/train.tsv", "text\tlabel\ngood\t1\n", `line 1: there is no column "sentence"; the columns are "text, label"`},
		{"SST-2/train.tsv", "sentence\tlabel\n", "no examples"},
		{"SST-2/train.tsv", "", "no examples"},
		{"SST-2/train.tsv", "sentence\tlabel\n\xff\xfe\t1\n", "line 2: it is not text"},
		{"SST-2/train.tsv", "sentence\tlabel\ngo\x00od\t1\n", "line 2: it is not text"},
		{"SST-2/train.tsv", "sentence\tlabel\n \t1\n", `line 2: "sentence" is empty`},
		{"SST-2/train.tsv", "sentence\tlabel\n" + strings.Repeat("a", 5<<20) + "\t1\n", "line 2: it is longer"},
		{"RTE/train.tsv", rte + "0\ta\t\tentailment\n", `line 2: "sentence2" is empty`},
		{"QQP/train.tsv", many + "5\t1\t2\n5\t1\t2\n", "line 1502: it has 3 columns, not 6, as more lines"},
		{"QQP/train.tsv", many + "5\t1\t2\n", ""},            // the official file has such lines
		{"QQP/train.tsv", many + "5\t1\t2\tWhy?\t\t0\n", ""}, // and some without a text
		{"CoLA/train.tsv", "sentence\tlabel\na\t1\n", "line 1: it has 2 columns, not 4"},
		{"CB/train.jsonl", "{\"premise\": \"a\", \"hypo", "line 1: it is no JSON object"},
		{"CB/train.jsonl", `{"premise": "a", "label": "neutral"}`, `line 1: it has no field "hypothesis"`},
		{"CB/train.jsonl", `{"premise": 1, "hypothesis": "b", "label": "neutral"}`, `field "premise" is not a text`},
		{"CB/train.jsonl", `{"premise": "a", "hypothesis": "b"}`, `no field "label"`},
		{"BoolQ/train.jsonl", `{"question": "a", "passage": "b", "label": 1}`, `the label "1" is none of false, true`},
	} {
		dir, name := filepath.Split(c.file)
		dev := map[string]string{"train.tsv": "dev.tsv", "train.jsonl": "val.jsonl"}[name]
		found, _, err := glue.Find(write(t, map[string]string{c.file: c.text, dir + dev: c.text}))
		if err == nil {
			_, err = found[0].Read()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.file, err, c.want)
		}
	}
	found, _, err := glue.Find(write(t, map[string]string{"SST-2/train.tsv": sst}))
	if err == nil {
		_, err = found[0].Read()
	}
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no dev.tsv") {
		t.Errorf("without dev.tsv: %v", err)
	}
}

// TestLarge refuses a file that is larger than any official one before it is read.
func TestLarge(t *testing.T) {
	dir := write(t, map[string]string{"SST-2/train.tsv": "sentence\tlabel\ngood\t1\n"})
	if err := os.Truncate(filepath.Join(dir, "SST-2", "train.tsv"), 1<<30); err != nil {
		t.Fatal(err)
	}
	found, _, err := glue.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := found[0].Read(); err == nil || !strings.Contains(err.Error(), "at most 256 MiB") {
		t.Errorf("a file of 1 GiB: %v", err)
	}
}

// FuzzRead reads damaged files, which must give examples or an error.
func FuzzRead(f *testing.F) {
	f.Add("sentence\tlabel\ngood\t1\n")
	f.Add("\ufeffsentence\tlabel\r\n\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := write(t, map[string]string{"SST-2/train.tsv": text, "SST-2/dev.tsv": text})
		found, _, err := glue.Find(dir)
		if err != nil {
			t.Fatal(err)
		}
		task, err := found[0].Read()
		if err == nil && len(task.Train) == 0 {
			t.Error("neither examples nor an error")
		}
	})
}

func Example() {
	dir, err := os.MkdirTemp("", "glue-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		path := filepath.Join(dir, "RTE", name)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		_ = os.WriteFile(path, []byte("index\tsentence1\tsentence2\tlabel\n0\tIt rains hard.\tIt rains.\tentailment\n"), 0o644)
	}
	found, _, err := glue.Find(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	task, err := found[0].Read()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Name, task.Classes, task.Train[0].First, task.Train[0].Second, task.Classes[task.Train[0].Class])
	// Output: RTE [entailment not_entailment] It rains hard. It rains. entailment
}
