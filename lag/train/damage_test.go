package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/internal/testbackend"
	"github.com/landscape-aware/growing/lag/train"
)

// readFile returns a file in a run's directory.
func readFile(t *testing.T, run *train.Run, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dirOf(t, run), name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// changeDigit changes a digit of a file, at a place that seed chooses.
func changeDigit(text []byte, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	text = bytes.Clone(text)
	for {
		if i := random.IntN(len(text)); text[i] >= '0' && text[i] <= '9' {
			text[i] = '0' + (text[i]-'0'+byte(1+random.IntN(9)))%10
			return text
		}
	}
}

// damages are ways to damage a file.
func damages(text []byte) map[string][]byte {
	list := map[string][]byte{"cut in half": text[:len(text)/2], "cut at its end": text[:len(text)-2], "empty": {}, "gone": nil, "twice": append(bytes.Clone(text), text...)}
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		list["without its first line"], list["without its last line"] = text[i+1:], text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1]
	}
	for seed := range uint64(20) {
		if !bytes.ContainsAny(text, "0123456789") {
			break
		}
		list[fmt.Sprintf("digit %d", seed)] = changeDigit(text, seed)
	}
	return list
}

// resting returns the lines of a log that results can rest on, without times.
func resting(t *testing.T, run *train.Run) (list []train.Metric) {
	t.Helper()
	metrics, err := train.ReadMetrics(dirOf(t, run))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if m.Event == train.EventTrain || m.Event == train.EventValidation {
			m.Clock = train.Clock{}
			list = append(list, m)
		}
	}
	return list
}

// TestDamagedFiles damages the files of a complete run, and of one that was
// interrupted. The run must come to the end of an undisturbed one, and its
// files must be whole again.
func TestDamagedFiles(t *testing.T) {
	b := testbackend.Go(t)
	whole, other := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2), mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 2e-2)
	do(t, whole)
	do(t, other)
	want := endOf(t, whole)
	result, config := readFile(t, whole, "result.json"), readFile(t, whole, "config.json")
	stopped := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	interrupt(t, stopped, 27)
	for _, from := range []*train.Run{whole, stopped} {
		files := os.DirFS(from.Study)
		for _, name := range []string{"result.json", "metrics.jsonl", "config.json", "env.json"} {
			if from == stopped && name == "result.json" {
				continue
			}
			list := damages(readFile(t, from, name))
			list["that of another run"] = readFile(t, other, name)
			for what, damaged := range list {
				run := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
				run.LogNeeded = true
				if err := os.CopyFS(run.Study, files); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dirOf(t, run), name)
				if err := os.WriteFile(path, damaged, 0o644); err != nil {
					t.Fatal(err)
				}
				if damaged == nil {
					os.Remove(path)
				}
				what = fmt.Sprintf("%s %s, complete: %t", name, what, from == whole)
				if diff := cmp.Diff(want.Outcome, do(t, run)); diff != "" {
					t.Errorf("%s: another outcome: %s", what, diff)
				}
				if diff := cmp.Diff(resting(t, whole), resting(t, run)); diff != "" {
					t.Errorf("%s: metrics.jsonl: %s", what, diff)
				}
				if snap, err := run.Final(t.Context()); err != nil || !reflect.DeepEqual(snap, want.State) {
					t.Errorf("%s: another final state, error %v", what, err)
				}
				if !bytes.Equal(readFile(t, run, "result.json"), result) || !bytes.Equal(readFile(t, run, "config.json"), config) {
					t.Errorf("%s: result.json or config.json has other bytes", what)
				}
			}
		}
	}
}

// TestEarlierVersion goes on with a run whose files have no checksums, at any
// step, and finds one complete.
func TestEarlierVersion(t *testing.T) {
	b := testbackend.Go(t)
	whole := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, whole)
	for _, at := range []int{13, 40} {
		old := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
		old.LogNeeded = true
		if at < 40 {
			interrupt(t, old, at)
		} else {
			do(t, old)
		}
		dir := dirOf(t, old)
		var metrics []byte
		for _, line := range bytes.SplitAfter(readFile(t, old, "metrics.jsonl"), []byte("\n")) {
			if before, after, found := bytes.Cut(line, []byte(`,"sum":"`)); found {
				line = append(before, after[17:]...)
			}
			metrics = append(metrics, line...)
		}
		if err := os.WriteFile(filepath.Join(dir, "metrics.jsonl"), metrics, 0o644); err != nil {
			t.Fatal(err)
		}
		if at == 40 {
			text := readFile(t, old, "result.json")
			text = append(text[:bytes.Index(text, []byte(",\n  \"run\""))], "\n}\n"...)
			if err := os.WriteFile(filepath.Join(dir, "result.json"), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		again := mustRun(t, b, tower{1}, train.NewAdamW(), old.Study, 1e-2)
		again.LogNeeded = true
		if at == 40 {
			again.Initial = func(context.Context) (*train.State, error) { return nil, fmt.Errorf("it was trained again") }
		}
		do(t, again)
		sameEnd(t, fmt.Sprintf("of an earlier version, at step %d", at), endOf(t, again), endOf(t, whole))
		if at < 40 && !bytes.Equal(readFile(t, again, "result.json"), readFile(t, whole, "result.json")) {
			t.Error("result.json has other bytes")
		}
	}
}

// TestReadMetricsDamaged checks that a damaged log is not read beyond the damage.
func TestReadMetricsDamaged(t *testing.T) {
	run := mustRun(t, testbackend.Go(t), tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, run)
	text := readFile(t, run, "metrics.jsonl")
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[7] = bytes.Replace(lines[7], []byte(`"loss":`), []byte(`"loss":1`), 1)
	if err := os.WriteFile(filepath.Join(dirOf(t, run), "metrics.jsonl"), bytes.Join(lines, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	if metrics, err := train.ReadMetrics(dirOf(t, run)); !sealed.IsDamaged(err) || len(metrics) != 7 {
		t.Errorf("got %d lines and error %v, want 7 lines and damage", len(metrics), err)
	}
}

// TestCopiedRun reads a run under another name, as a copy and by a link. Its log
// is whole, and damage of it is noticed.
func TestCopiedRun(t *testing.T) {
	run := mustRun(t, testbackend.Go(t), tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, run)
	want := resting(t, run)
	copied, linked := filepath.Join(t.TempDir(), "copied"), filepath.Join(run.Study, "latest")
	if err := errors.Join(os.CopyFS(copied, os.DirFS(dirOf(t, run))), os.Symlink(dirOf(t, run), linked)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{copied, linked} {
		metrics, err := train.ReadMetrics(dir)
		if err != nil || len(metrics) < len(want) || !train.IsComplete(dir) {
			t.Errorf("%s: %d lines, want at least %d; error %v", dir, len(metrics), len(want), err)
		}
	}
	text := bytes.Replace(readFile(t, run, "metrics.jsonl"), []byte(`"loss":`), []byte(`"loss":1`), 1)
	if err := os.WriteFile(filepath.Join(copied, "metrics.jsonl"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := train.ReadMetrics(copied); !sealed.IsDamaged(err) {
		t.Errorf("a changed copy: got error %v", err)
	}
}

// TestStateOfAnotherRun puts the newest state of another run of the same shape
// into the place of a run's own.
func TestStateOfAnotherRun(t *testing.T) {
	b := testbackend.Go(t)
	whole := mustRun(t, b, tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, whole)
	study := t.TempDir()
	a, other := mustRun(t, b, tower{1}, train.NewAdamW(), study, 1e-2), mustRun(t, b, tower{1}, train.NewAdamW(), study, 2e-2)
	interrupt(t, a, 20)
	interrupt(t, other, 20)
	state := func(run *train.Run) string {
		return filepath.Join(train.CheckpointDir(dirOf(t, run)), checkpointNames(20)[0])
	}
	if err := os.Rename(state(other), state(a)); err != nil {
		t.Fatal(err)
	}
	do(t, a)
	sameEnd(t, "with a state of another run", endOf(t, a), endOf(t, whole))
}

// TestCheckConfig changes digits of a run's config.json.
func TestCheckConfig(t *testing.T) {
	run := mustRun(t, testbackend.Go(t), tower{1}, train.NewAdamW(), t.TempDir(), 1e-2)
	do(t, run)
	dir, text := dirOf(t, run), readFile(t, run, train.ConfigFile)
	if err := train.CheckConfig(dir, text); err != nil {
		t.Error(err)
	}
	if err := train.CheckConfig(t.TempDir(), []byte("{}")); err != nil {
		t.Errorf("a directory that is not named by a hash: %v", err)
	}
	for seed := range uint64(5) {
		if err := train.CheckConfig(dir, changeDigit(text, seed)); !sealed.IsDamaged(err) {
			t.Errorf("a changed digit: got error %v", err)
		}
	}
	if err := train.CheckConfig(dir, text[:20]); !sealed.IsDamaged(err) {
		t.Errorf("a part: got error %v", err)
	}
}
