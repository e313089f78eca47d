package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// TestServer asks for the page in allowed and other ways.
func TestServer(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	s, err := NewServer(New(doneStudy(t)), server.Listener.Addr().String())
	check(t, err)
	server.Config.Handler = s
	server.Start()
	defer server.Close()
	port := server.Listener.Addr().String()[strings.LastIndex(server.Listener.Addr().String(), ":"):]
	other, err := NewServer(New(""), server.Listener.Addr().String())
	check(t, err)
	for _, c := range []struct {
		method, path, host string
		want               int
	}{
		{"GET", s.Path(), "", 200},
		{"HEAD", s.Path(), "", 200},
		{"GET", s.Path() + "style.css", "", 200},
		{"GET", s.Path() + "plot.js", "", 200},
		{"GET", s.Path() + "watch.js", "localhost" + port, 200},
		{"GET", s.Path() + "state?since=0", "LOCALHOST" + port, 200},
		{"GET", s.Path() + "state?since=x", "", 200},
		{"GET", "/", "", 404},
		{"GET", "/state", "", 404},
		{"GET", strings.TrimSuffix(s.Path(), "/"), "", 404},
		{"GET", other.Path(), "", 404},
		{"GET", strings.ToLower(s.Path()), "", 404},
		{"GET", s.Path() + "page/index.html", "", 404},
		{"GET", s.Path() + "../../etc/passwd", "", 404},
		{"GET", s.Path() + "index.html", "", 404},
		{"GET", s.Path(), "evil.example" + port, 403},
		{"GET", s.Path() + "state", "127.0.0.1.evil.example" + port, 403},
		{"GET", s.Path(), "127.0.0.1", 403},
		{"GET", s.Path(), "127.0.0.1:1", 403},
		{"POST", s.Path() + "state", "", 405},
		{"PUT", s.Path(), "", 405},
		{"DELETE", s.Path() + "state", "", 405},
		{"OPTIONS", s.Path(), "", 405},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, nil)
		check(t, err)
		r.Host = c.host
		answer, err := server.Client().Do(r)
		check(t, err)
		text, err := io.ReadAll(answer.Body)
		check(t, err, answer.Body.Close())
		if answer.StatusCode != c.want {
			t.Errorf("%s %s for %q: %s, want %d", c.method, c.path, c.host, answer.Status, c.want)
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self';") || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: the policy is %q", c.method, c.path, policy)
		}
		if c.want != 200 && bytes.Contains(text, []byte("smoke")) {
			t.Errorf("%s %s for %q is refused and answered with %q", c.method, c.path, c.host, text)
		}
		if strings.Contains(c.path, "state?") {
			var state State
			if err := json.Unmarshal(text, &state); err != nil || state.Name != "smoke" || !state.Whole {
				t.Errorf("the state is %.200s, %v", text, err)
			}
		}
	}
}

// TestServe serves on a free port until the context is canceled.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- Serve(ctx, doneStudy(t), 0, func(at string) { address <- at }) }()
	at := <-address
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/[A-Z2-7]{26}/$`).MatchString(at) {
		t.Errorf("the address is %q", at)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	check(t, err)
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	if check(t, answer.Body.Close()); answer.StatusCode != http.StatusOK {
		t.Errorf("the page: %s", answer.Status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("after a cancellation: %v", err)
	}
	if err := Serve(t.Context(), "", 1<<20, func(string) {}); err == nil {
		t.Error("a port that does not exist can be used")
	}
}

// TestPageLoadsNothing: neither the page nor the frame of a notebook names another
// server, and no text of a study ends its element.
func TestPageLoadsNothing(t *testing.T) {
	state := look(t, New(doneStudy(t)))
	state.Name = `</script><script>alert(1)</script>"><img src=x>`
	frame, err := frameOf(state)
	check(t, err)
	frame, script, _ := strings.Cut(frame, "<script>")
	if strings.Count(frame, "<") != 2 || !strings.HasSuffix(frame, "</iframe>") || strings.Contains(script, state.Runs[0].Label) {
		t.Error("the frame's page is not escaped")
	}
	inner := html.UnescapeString(frame)
	if strings.Contains(inner, "alert(1)</script>") || strings.Contains(inner, "<img") {
		t.Error("the name of a study is markup")
	}
	data := regexp.MustCompile(`(?s)<script type="application/json" id="state">(.*?)</script>`).FindStringSubmatch(inner)
	var back State
	if len(data) != 2 || json.Unmarshal([]byte(data[1]), &back) != nil || back.Name != state.Name || len(back.Runs) != len(state.Runs) {
		t.Error("the frame does not hold the state")
	}
	for _, text := range []string{inner, readPage(t)} {
		if found := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9.-]+\.[a-z]{2,}|@import|url\(`).FindString(text); found != "" {
			t.Errorf("the page names %s", found)
		}
		for _, unwanted := range []string{"innerHTML", "outerHTML", "document.write", "eval(", " style=\"color"} {
			if strings.Contains(text, unwanted) {
				t.Errorf("the page has %s", unwanted)
			}
		}
	}
	// Outside a notebook nothing is shown.
	if err := Show(t.Context(), doneStudy(t)); err != ErrNoNotebook {
		t.Errorf("Show: %v", err)
	}
	if err := Live(t.Context(), doneStudy(t)); err != ErrNoNotebook {
		t.Errorf("Live: %v", err)
	}
}

func readPage(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for name := range pageFiles {
		text, err := pageFile(name)
		check(t, err)
		all.Write(text)
	}
	return all.String()
}

func TestText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	check(t, os.CopyFS(dir, os.DirFS(doneStudy(t))), os.Remove(filepath.Join(dir, result.StudyResult)))
	state := look(t, New(dir))
	state.Work = []Work{{Phase: "probe", Label: "stack\x1b[31m", Host: "node", PID: 7, Step: 3, Of: 10, Speed: 2.5, Left: new(float64)}}
	*state.Work[0].Left, state.Status = 2.8, Running
	var b bytes.Buffer
	check(t, Text(&b, state))
	for _, want := range []string{"smoke (study): running, ", "7 on node", "3 of 10", "2.50", "3 s", "place at 0", state.Ranks[0].Strategy} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("a name has commands for the terminal")
	}
	b.Reset()
	check(t, Text(&b, look(t, New(filepath.Join(dir, "none")))))
	if !strings.Contains(b.String(), "no study, stacking or training here yet") {
		t.Errorf("of nothing: %s", b.String())
	}
	for seconds, want := range map[float64]string{12.4: "12 s", 125: "2 min", 7500: "2 h 5 min"} {
		if got := inWords(seconds); got != want {
			t.Errorf("%g seconds are %q, want %q", seconds, got, want)
		}
	}
}

// TestSpeed: what compiles does not count, what another process did does.
func TestSpeed(t *testing.T) {
	var s speed
	s.step(60, 1) // compiles
	for range 10 {
		s.step(0.5, 1)
	}
	s.resume()
	s.step(60, 1)
	for range 30 {
		s.step(0.25, 7)
	}
	s.pause(2)
	if s.perSecond() != 4 || s.steps != 40 || s.seconds != 14.5 || s.tokens != 7 {
		t.Errorf("%+v, %g steps per second", s, s.perSecond())
	}
	costs := map[progress.Phase]*kindCost{
		progress.PhasePretrain: {flops: 100, seconds: 10, left: 50},  // 5 s
		progress.PhaseProbe:    {flops: 300, seconds: 60, left: 600}, // 120 s, shared by 3
		progress.PhaseControl:  {left: 400},                          // by the speed of all: 70 s, shared
	}
	if left := timeLeft(costs, 3); left == nil || math.Abs(*left-(5+40+70.0/3)) > 1e-9 {
		t.Errorf("time left: %v", left)
	}
	if left := timeLeft(map[progress.Phase]*kindCost{progress.PhaseProbe: {left: 1}}, 1); left != nil {
		t.Errorf("without a speed, %g seconds are left", *left)
	}
}

// TestTraining: of a training, the newest run counts; a stacking has no plan.
func TestTraining(t *testing.T) {
	from := doneStudy(t)
	source := runsOf(t, look(t, New(from)), progress.PhasePretrain)[0]
	dir := filepath.Join(t.TempDir(), "training")
	config, err := lag.TrainingPreset("bert")
	check(t, err, os.Mkdir(dir, 0o777), sealed.Write(filepath.Join(dir, result.TrainingConfig), config))
	var c clock
	w := c.watch(dir)
	c.Time = c.Add(time.Hour)
	if s := look(t, w); s.Kind != "training" || s.Status != Stopped || s.Planned != 1 || s.Done != 0 {
		t.Errorf("before it began: %s, %s, %d of %d", s.Kind, s.Status, s.Done, s.Planned)
	}
	check(t, os.CopyFS(filepath.Join(dir, source), os.DirFS(filepath.Join(from, source))))
	c.Time = c.Add(relist)
	if s := look(t, w); s.Status != Complete || s.Done != 1 || s.Share != 1 || s.Left != nil || len(s.Runs) != 1 || len(s.Runs[0].Train) == 0 {
		t.Errorf("at its end: %s, %d done, %g, %v", s.Status, s.Done, s.Share, s.Left)
	}
	check(t, os.Remove(filepath.Join(dir, source, train.OutcomeFile)))
	text, err := os.ReadFile(filepath.Join(dir, source, train.MetricsFile))
	check(t, err, os.WriteFile(filepath.Join(dir, source, train.MetricsFile), text[:len(text)/2], 0o666))
	c.Time = c.Add(2 * recheck)
	look(t, w)
	c.Time = c.Add(between)
	if s := look(t, w); s.Status != Stopped || s.Done != 0 || !(s.Share > 0 && s.Share < 1) || s.Left == nil {
		t.Errorf("in the middle: %s, %d done, %g, %v", s.Status, s.Done, s.Share, s.Left)
	}

	dir = filepath.Join(t.TempDir(), "stacking")
	stacking, err := lag.StackingPreset("smoke")
	check(t, err, os.Mkdir(dir, 0o777), sealed.Write(filepath.Join(dir, result.StackingConfig), stacking))
	check(t, os.CopyFS(filepath.Join(dir, source), os.DirFS(filepath.Join(from, source))))
	if s := look(t, New(dir)); s.Kind != "stacking" || s.Planned != 0 || s.Done != 1 || len(s.Notes) != 1 || len(s.Ranks) != 0 {
		t.Errorf("a stacking: %+v", s)
	}
}

// TestManyRuns: what has ended is read in parts, and not again.
func TestManyRuns(t *testing.T) {
	from := doneStudy(t)
	all := look(t, New(from))
	var c clock
	w := c.watch(from)
	check(t, w.Refresh(t.Context()))
	for w.reading() {
		check(t, w.Refresh(t.Context()))
	}
	before := map[string]time.Time{}
	for name, r := range w.runs {
		before[name] = r.seen
	}
	c.Time = c.Add(recheck / 2)
	check(t, w.Refresh(t.Context()))
	for name, r := range w.runs {
		if !r.seen.Equal(before[name]) {
			t.Fatalf("run %s was read again", name)
		}
	}
	if s := w.State(w.version); len(s.Runs) != 0 || s.Done != all.Done {
		t.Errorf("%d runs are sent again, %d done", len(s.Runs), s.Done)
	}
	logs := map[progress.Phase]int{}
	for _, r := range w.runs {
		if r.log != nil {
			logs[r.info.Kind]++
		}
	}
	if fmt.Sprint(logs) != fmt.Sprint(map[progress.Phase]int{"pretrain": 1, "probe": timed, "branch": timed, "control": min(timed, 2*(len(result.Controls())+1))}) {
		t.Errorf("logs of %v were read", logs)
	}
}
