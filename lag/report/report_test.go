package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/landscape-aware/growing/lag/internal/synthetic"
	"github.com/landscape-aware/growing/lag/result"
)

func htmlOf(t *testing.T, r *result.Study, meta Meta) string {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, r, meta); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestHTML(t *testing.T) {
	r := synthetic.Result(6, 16, 1)
	meta := Meta{
		Command:  "lag study -preset quick",
		Config:   map[string]any{"hidden": 64},
		Versions: []Version{{"gomlx", "v0.28.3"}},
	}
	page := htmlOf(t, r, meta)
	if page != htmlOf(t, r, meta) {
		t.Error("two reports of one result differ")
	}
	if dir := os.Getenv("LAG_FIGURES"); dir != "" { // for visual inspection
		if err := os.WriteFile(filepath.Join(dir, "report.html"), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		text := Table(r) + "\n" + Picks(r) + "\n" + Signals(r) + "\n" + Curve(r, 80) + Table(synthetic.Result(6, 16, 3)) + Picks(synthetic.Result(6, 16, 3))
		if err := os.WriteFile(filepath.Join(dir, "report.txt"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	position := -1
	for _, want := range []string{
		"<!DOCTYPE html>", "Growing bert from 3 to 6 layers", "Read this first",
		"One seed: how much", "LAG picks repeat-middle-1", "<h2>Figures</h2>", "<svg", "<h2>Picks</h2>", "loss-at-init",
		"<h2>Strategies</h2>", "← LAG", "diverged", "<h2>Noise</h2>", "not measured", "gradient norm, step 0", "<h2>Correlation", "Definitions",
		"lag study -preset quick", "gomlx", "&#34;hidden&#34;: 64", "</html>",
	} {
		found := strings.Index(page[position+1:], want)
		if found < 0 {
			t.Errorf("no %q after the parts before it", want)
			continue
		}
		position += 1 + found
	}
	if n := strings.Count(page, "<figure>"); n != 12 {
		t.Errorf("%d figures, want 12", n)
	}
	if n := strings.Count(page, `class="map"`); n != 16 {
		t.Errorf("%d layer maps, want 16", n)
	}
	for _, unwanted := range []string{"ZgotmplZ", "NaN", "%!"} {
		if strings.Contains(strings.ReplaceAll(page, "isNaN", ""), unwanted) {
			t.Errorf("the page contains %q", unwanted)
		}
	}
}

// TestNoiseTable: the strategies' spread needs no second seed, and what does is
// said or left out.
func TestNoiseTable(t *testing.T) {
	for seeds := 1; seeds <= 2; seeds++ {
		r := synthetic.Result(6, 8, seeds)
		page := htmlOf(t, r, Meta{})
		_, table, _ := strings.Cut(page, "<h2>Noise</h2>")
		table, _, _ = strings.Cut(table, "</table>")
		cell := regexp.MustCompile(`final losses</td><td class="n">([0-9.]+) nats`).FindStringSubmatch(table)
		if cell == nil || seeds > 1 && cell[1] != Number(r.Noise.Strategies, 4) {
			t.Errorf("%d seeds: the spread of the strategies is %q, want that of the noise, %v: %s", seeds, cell, r.Noise.Strategies, table)
		}
		if several := seeds > 1; strings.Contains(table, "Ratio of the two") != several || strings.Contains(table, "it takes two seeds") == several || strings.Contains(table, "–") {
			t.Errorf("%d seeds: %s", seeds, table)
		}
	}
}

// TestHTMLIsSelfContained checks that the page refers to nothing outside
// itself.
func TestHTMLIsSelfContained(t *testing.T) {
	page := htmlOf(t, synthetic.Result(6, 8, 2), Meta{})
	if m := regexp.MustCompile(`(?i)https?:|//[a-z]|@import|url\(|<link|<iframe|<script[^>]+src`).FindAllString(page, -1); m != nil {
		// Base64 may contain // followed by a letter.
		for _, found := range m {
			if !regexp.MustCompile(`^//[a-zA-Z]$`).MatchString(found) || strings.Contains(page, `"`+found) {
				t.Errorf("the page contains %q", found)
			}
		}
	}
	for _, src := range regexp.MustCompile(`(?:src|href)="([^"]{0,20})`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(src[1], "data:image/") {
			t.Errorf("the page loads %q", src[1])
		}
	}
}

func TestHTMLEscapes(t *testing.T) {
	r := synthetic.Result(6, 4, 1)
	evil := `<script>alert("x")</script>`
	r.Strategies[0].Name, r.Strategies[0].Init = evil, evil
	r.Verdict, r.Family, r.Warnings = evil, evil, []string{evil}
	r.Picks[0].Strategy, r.Rules[1].Rule = evil, evil
	page := htmlOf(t, r, Meta{Title: evil, Command: evil, Config: evil, Versions: []Version{{evil, evil}}})
	if strings.Contains(page, "<script>alert") {
		t.Error("a name became markup")
	}
	if n := strings.Count(page, "<script>"); n != 1 {
		t.Errorf("%d scripts, want 1", n)
	}
}

func TestEmptyResult(t *testing.T) {
	r := &result.Study{Family: "bert", From: 3, To: 6}
	page := htmlOf(t, r, Meta{})
	if !strings.Contains(page, "never") {
		t.Error("a missing lag time is not printed as never")
	}
	if got := Curve(r, 80); got != "no correlations\n" {
		t.Errorf("Curve: %q", got)
	}
	Table(r)
	Picks(r)
}

func TestHTMLConfigError(t *testing.T) {
	if err := HTML(&bytes.Buffer{}, synthetic.Result(6, 4, 1), Meta{Config: func() {}}); err == nil {
		t.Error("no error for a configuration that is not JSON")
	}
}

type failingWriter struct{}

var errFull = errors.New("disk full")

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	r := synthetic.Result(6, 4, 1)
	if err := HTML(failingWriter{}, r, Meta{}); !errors.Is(err, errFull) {
		t.Errorf("HTML: %v", err)
	}
	if err := CSV(failingWriter{}, r); !errors.Is(err, errFull) {
		t.Errorf("CSV: %v", err)
	}
}

// TestCSV checks that the CSV keeps losses to the last bit.
func TestCSV(t *testing.T) {
	r := synthetic.Result(6, 6, 2)
	r.Strategies[0].Name = "with, comma and \"quotes\""
	var out bytes.Buffer
	if err := CSV(&out, r); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines[0], " "); got != "strategy map init moments seed status step loss final encoder_map" {
		t.Errorf("header: %s", got)
	}
	i := 1
	for _, o := range r.Strategies {
		for _, p := range o.Curve {
			line := lines[i]
			i++
			loss, err := strconv.ParseFloat(line[7], 64)
			if err != nil || loss != float64(p.Loss) || line[0] != o.Name || line[6] != strconv.Itoa(p.Step) {
				t.Fatalf("line %d: %v, want %s at step %d: %v", i, line, o.Name, p.Step, p.Loss)
			}
			if final := float64(o.Final); math.IsNaN(final) != (line[8] == "") {
				t.Fatalf("line %d: final %q, want %v", i, line[8], final)
			}
		}
	}
	if i != len(lines) {
		t.Errorf("%d lines, want %d", len(lines), i)
	}
}

func TestTableIsAligned(t *testing.T) {
	r := synthetic.Result(6, 16, 2)
	lines := strings.Split(strings.TrimSpace(Table(r)), "\n")
	if want := 2 + r.PoolSize() + 2; len(lines) != want {
		t.Fatalf("%d lines, want %d", len(lines), want)
	}
	if !strings.Contains(lines[0], "seed 1  seed 2") {
		t.Error("no columns for the seeds")
	}
	width := utf8.RuneCountInString(lines[0])
	for _, line := range lines[2 : len(lines)-2] {
		if n := utf8.RuneCountInString(line); n != width {
			t.Errorf("%d characters wide, the head %d: %q", n, width, line)
		}
		if strings.ContainsRune(line, '\x1b') {
			t.Errorf("escape codes: %q", line)
		}
	}
	if strings.Count(Table(r), " *2/2 ") != 1 {
		t.Errorf("LAG's pick should be starred once, with both seeds:\n%s", Table(r))
	}
}

// TestControls checks that controls have a table and a section only if the
// study has controls.
func TestControls(t *testing.T) {
	if text, page := Controls(synthetic.Result(6, 8, 1)), htmlOf(t, synthetic.Result(6, 8, 1), Meta{}); text != "" || strings.Contains(page, "<h2>From scratch</h2>") {
		t.Errorf("a study without controls has %q", text)
	}
	r := synthetic.Controlled(6, 8, 2)
	page := htmlOf(t, r, Meta{})
	for _, want := range []string{"<h2>From scratch</h2>", "scratch-steps", "5,028", "8.38 trainings", "Losses are means over the seeds"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if text := Controls(r); strings.Count(text, "\n") != 4 || !strings.Contains(text, "8.38 trainings") {
		t.Errorf("the table is\n%s", text)
	}
	r.Controls[0].Status = result.StatusFailed
	if text := Controls(r); !strings.Contains(text, " failed ") {
		t.Errorf("a failed control is shown as\n%s", text)
	}
	var csv strings.Builder
	if err := CSV(&csv, r); err != nil || !strings.Contains(csv.String(), "control: scratch-steps,,,,1,complete,600,") {
		t.Errorf("the CSV has no line of a control's end: %v", err)
	}
}

func TestStacking(t *testing.T) {
	for _, seeds := range []int{1, 3} {
		r := synthetic.Stacking(6, seeds)
		text := Stacking(r)
		for _, want := range []string{"adaptive", "2 → 4 → 6", "above best", "grown by", "58%"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d seeds: no %q in\n%s", seeds, want, text)
			}
		}
		if strings.Contains(text, "seed 3") != (seeds == 3) {
			t.Errorf("%d seeds: want a column for each of several seeds:\n%s", seeds, text)
		}
		var out bytes.Buffer
		if err := StackingHTML(&out, r, Meta{Command: "lag stack", Config: map[string]int{"hidden": 64}}); err != nil {
			t.Fatal(err)
		}
		page := out.String()
		for _, want := range []string{"Stacking bert", "<h2>Arms</h2>", "<h2>Growths</h2>", "<h2>Plan</h2>", "lag stack", "&#34;hidden&#34;", "</html>"} {
			if !strings.Contains(page, want) {
				t.Errorf("%d seeds: no %q in the page", seeds, want)
			}
		}
		if n := strings.Count(page, "<figure>"); n != 3 {
			t.Errorf("%d figures, want 3", n)
		}
		nests(t, page)
		if dir := os.Getenv("LAG_FIGURES"); dir != "" && seeds == 3 {
			for name, data := range map[string]string{"stacking.html": page, "stacking.txt": text} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := StackingHTML(&bytes.Buffer{}, &result.Stacking{}, Meta{}); err != nil {
		t.Errorf("a page for an empty result: %v", err)
	}
}

func TestCurveWidth(t *testing.T) {
	r := synthetic.Result(6, 16, 1)
	for _, width := range []int{20, 40, 80} {
		for line := range strings.Lines(Curve(r, width)) {
			if strings.HasPrefix(line, "rho ") { // a sentence, not part of the plot
				continue
			}
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%d characters, want at most %d: %q", n, width, line)
			}
		}
	}
	if c := Curve(r, 40); !strings.Contains(c, " 600\n") {
		t.Errorf("the last step is missing:\n%s", c)
	}
}

// TestHTMLNests checks that every element of the page is closed in order.
func TestHTMLNests(t *testing.T) {
	nests(t, htmlOf(t, synthetic.Result(6, 4, 1), Meta{Command: "lag", Config: 1}))
	nests(t, htmlOf(t, synthetic.TwoStacks(6, 4, 3), Meta{}))
}

func nests(t *testing.T, page string) {
	t.Helper()
	body := page[strings.Index(page, "<body>"):strings.Index(page, "<script>")] + "</body>"
	decoder := xml.NewDecoder(strings.NewReader(body))
	decoder.Entity = xml.HTMLEntity
	for {
		if _, err := decoder.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Error(err)
			}
			return
		}
	}
}

// TestFinalEvaluations checks that a report says what final losses are means of, and
// that the CSV has what the analysis used.
func TestFinalEvaluations(t *testing.T) {
	r := synthetic.Result(6, 8, 2)
	plain := Table(r)
	r.FinalEvaluations = 3
	if err := r.Again(context.Background()); err != nil {
		t.Fatal(err)
	}
	if text := Table(r); strings.Contains(plain, "mean of last") || !strings.Contains(text, "mean of last 3") || strings.Contains(text, "  at 600 ") {
		t.Errorf("the table is\n%s", text)
	}
	page := htmlOf(t, r, Meta{})
	for _, want := range []string{"<th class=\"n\">mean of last 3</th>", "is the mean of the last 3 evaluations, at the steps 400, 500, 600;", "Final losses are means of the last 3 evaluations"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	var out strings.Builder
	if err := CSV(&out, r); err != nil {
		t.Fatal(err)
	}
	o := r.Strategies[0]
	mean := (o.At(400) + o.At(500) + o.At(600)) / 3
	if line := fmt.Sprintf(",600,%v,%v,", o.At(600), float64(o.Final)); math.Abs(float64(o.Final)-mean) > 1e-12 || !strings.Contains(out.String(), line) {
		t.Errorf("the CSV has no %q; the mean is %v", line, mean)
	}
}
