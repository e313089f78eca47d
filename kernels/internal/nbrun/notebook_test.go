package nbrun

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lagnotebook "github.com/landscape-aware/growing/lag/notebook"
)

func picture(t *testing.T, mark bool) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4, 4))
	if mark {
		img.Set(2, 2, color.White)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// notebookOf writes a notebook with one code cell after a text cell.
func notebookOf(t *testing.T, source, outputs string) *notebook {
	t.Helper()
	quoted, err := json.Marshal(source)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "n.ipynb")
	text := fmt.Sprintf(`{"cells":[{"cell_type":"markdown","source":["!not a shell line"]},
		{"cell_type":"code","source":%s,"outputs":[%s],"metadata":{}}],"nbformat":4}`, quoted, outputs)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	nb, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

func TestForbidden(t *testing.T) {
	for source, want := range map[string]bool{
		"%%\nfmt.Println(!ok)":           false,
		"!ls":                            true,
		"%%bash\nls":                     true,
		"%%\nif !ok {\n\tpanic(1)\n}":    false,
		"// a comment\nimport \"fmt\"\n": false,
	} {
		failures := notebookOf(t, source, "").forbidden()
		if got := len(failures) > 0; got != want {
			t.Errorf("%q: forbidden %v, want %v", source, failures, want)
		}
		for _, f := range failures {
			if f.Cell != 2 {
				t.Errorf("%q: found in cell %d, want 2", source, f.Cell)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	good, blank := picture(t, true), picture(t, false)
	show := "%%\nfigure.Show(f)"
	display := `{"output_type":"display_data","data":{"image/png":%q}}`
	tests := []struct{ name, source, outputs, want string }{
		{"no output", "%%\nx()", "", ""},
		{"a plot", show, fmt.Sprintf(display, good), ""},
		{"plot in lines", show, fmt.Sprintf(`{"output_type":"display_data","data":{"image/png":[%q,"\n"]}}`, good), ""},
		{"lost plot", show, `{"output_type":"stream","name":"stdout","text":["done\n"]}`, "plot was lost"},
		{"live plot lost", "%%\nlive := figure.LiveLosses(p)", "", "plot was lost"},
		{"plot in a comment", "%%\n// figure.Show(f) would show it", "", ""},
		{"plot in a declaration", "func show() {\n\tfigure.Show(f)\n}", "", ""},
		{"plot after a declaration", "func f() {}\n%%\nfigure.Show(f())", "", "plot was lost"},
		{"plot in main", "func main() {\n\tfigure.Show(f)\n}", "", "plot was lost"},
		{"blank plot", show, fmt.Sprintf(display, blank), "blank"},
		{"truncated plot", show, fmt.Sprintf(display, good[:40]), "damaged"},
		{"error", show, `{"output_type":"error","ename":"ERROR","evalue":"exit status 1","traceback":["\u001b[31mpanic: oh\u001b[0m"]}`, "exit status 1\npanic: oh"},
		{"lost output", "%%\nx()", `{"output_type":"stream","name":"stderr","text":"E1 gonbui: failed to write to GoNB pipe \"p\""}`, "output was lost"},
		{"warning", "%%\nx()", `{"output_type":"stream","name":"stderr","text":"WARN slow"}`, ""},
		{"live picture failed", "%%\nx()", `{"output_type":"stream","name":"stdout","text":"Warning: the live picture failed and is no longer updated"}`, "output was lost"},
		{"stopped", "%%\nx()", `{"output_type":"display_data","data":{"text/plain":"Stopped at step 1 of 2; saved."},"metadata":{"lag:stopped":true}}`, "the cell was stopped: Stopped at step 1 of 2; saved."},
		{"one plot of two", "%%\nif ok {\n\tnotebook.Show(a(1, 2), b)\n}", fmt.Sprintf(display, good), "shows 2 figures, but 1 came out"},
		{"both plots", "%%\nnotebook.Show(a(1, 2), b)", fmt.Sprintf(display, good) + "," + fmt.Sprintf(display, good), ""},
		{"a list of plots", "%%\nnotebook.Show(all...)", fmt.Sprintf(display, good), ""},
		{"prints nothing", "%%\nfmt.Println(x)", `{"output_type":"stream","name":"stdout","text":"\n"}`, "prints, but nothing came out"},
		{"prints on stderr alone", "%%\nfmt.Printf(x)", `{"output_type":"stream","name":"stderr","text":"x"}`, "prints, but nothing came out"},
		{"prints", "%%\nfmt.Print(x)", `{"output_type":"stream","name":"stdout","text":["x\n"]}`, ""},
		{"prints in a declaration", "func f() {\n\tfmt.Println()\n}\n%%\nf()", "", ""},
		{"HTML lost", "%%\nnotebook.HTML(x)", `{"output_type":"stream","name":"stdout","text":"x"}`, "no text/html came out"},
		{"HTML", "%%\nnotebook.HTML(x)", `{"output_type":"display_data","data":{"text/html":"<b>x</b>"}}`, ""},
	}
	for _, test := range tests {
		failures := notebookOf(t, test.source, test.outputs).failures()
		if test.want == "" {
			if len(failures) > 0 {
				t.Errorf("%s: %v, want no failure", test.name, failures)
			}
			continue
		}
		if len(failures) != 1 || !strings.Contains(failures[0].String(), test.want) || failures[0].Cell != 2 {
			t.Errorf("%s: %v, want one in cell 2 that says %q", test.name, failures, test.want)
		}
	}
}

// TestExpectations: what a cell's metadata expects must be in its text, in that of
// its displays, or in its HTML.
func TestExpectations(t *testing.T) {
	const outputs = `[{"output_type":"stream","name":"stdout","text":"rule  regret\nlag:30  0.0104\n"},` +
		`{"output_type":"display_data","data":{"text/plain":"A curve. It rises."}},` +
		`{"output_type":"display_data","data":{"text/html":["<style>.sentinel {}</style><b>a &amp; ","b</b>"]}}]`
	for pattern, want := range map[string]string{
		`(?m)^lag:30 +0\.\d{4}$`: "", "It rises": "", "a & b": "",
		"halving:": "says less than it should", "sentinel": "says less than it should", "(": "not a pattern",
	} {
		var c cell
		source := fmt.Sprintf(`{"cell_type":"code","source":"%%%%\nx()","metadata":{"lag:expect":[%q]},"outputs":%s}`, pattern, outputs)
		if err := json.Unmarshal([]byte(source), &c); err != nil {
			t.Fatal(err)
		}
		list := c.problems()
		if want == "" && len(list) > 0 || want != "" && (len(list) != 1 || !strings.Contains(list[0], want)) {
			t.Errorf("%q: %q, want %q", pattern, list, want)
		}
	}
}

func TestStoppedKey(t *testing.T) {
	if stoppedKey != lagnotebook.StoppedKey {
		t.Errorf("stopped cells are marked with %q, and looked for by %q", lagnotebook.StoppedKey, stoppedKey)
	}
}

func TestTagDemandsPlot(t *testing.T) {
	c := cell{Source: "%%\nshowAll()", Metadata: cellAttrs{Tags: []string{PlotTag}}}
	if len(c.problems()) == 0 {
		t.Error("a cell tagged " + PlotTag + " passes without a plot")
	}
}

func TestReadRejectsOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "n.ipynb")
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := read(path); err == nil || !strings.Contains(err.Error(), "not a notebook") {
		t.Errorf("error %v", err)
	}
}
