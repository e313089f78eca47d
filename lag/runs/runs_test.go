package runs

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	_ "github.com/landscape-aware/growing/lag/internal/testbackend" // logs only errors, does not wait for the disk
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/selection"
	"github.com/landscape-aware/growing/lag/train"
)

// options returns options that write to a test's directory.
func options(root, name string) lag.Options {
	return lag.Options{Dir: filepath.Join(root, name), DataDir: filepath.Join(root, DataDir), Backend: backend.Go}
}

// corpus writes a training text and returns its path.
func corpus(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for i := range 300 {
		for j := range 50 {
			text.WriteString(strings.Repeat(string(rune('a'+(i*j+j)%11)), 1+(i+j)%4) + " ")
		}
		text.WriteString("\n\n")
	}
	path := filepath.Join(t.TempDir(), "corpus.txt")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func smallTask(t *testing.T, task *lag.Task) {
	t.Helper()
	task.Data.Corpus.Source, task.BatchSize = corpus(t), 4
	task.SetVocabSize(48)
	task.SetSequenceLength(8)
	if err := task.SetModel("hidden", "4"); err != nil {
		t.Fatal(err)
	}
}

func runStudy(t *testing.T, config lag.StudyConfig, o lag.Options) *result.Study {
	t.Helper()
	ctx := context.Background()
	s := must(lag.Open(config, o))(t)
	defer s.Close()
	return must(s.Run(ctx))(t)
}

// reasons counts the items of a plan by reason.
func reasons(p *Plan) map[Reason]int {
	counts := make(map[Reason]int)
	for _, item := range p.Items {
		counts[item.Reason]++
	}
	return counts
}

func only(t *testing.T, root string, kind Kind) Entry {
	t.Helper()
	for _, e := range must(Find(root))(t) {
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("no %s in %s", kind, root)
	return Entry{}
}

// TestCleanStudy cleans a study. The rest must give the same study at once, and
// include its source and the model that a rule picked.
func TestCleanStudy(t *testing.T) {
	root := t.TempDir()
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies, config.Growth.Controls, config.Keep = []string{"stack", "random-top"}, result.Controls(), lag.KeepAll
	o := options(root, "study")
	want := runStudy(t, config, o)

	ctx := context.Background()
	s := must(lag.Open(config, o))(t)
	selected := must(s.Select(ctx, selection.LAG{Lag: config.Growth.Lag}, want.Seeds[0]))(t)
	s.Close()
	winner := filepath.Join(o.Dir, selected.Run)

	before := only(t, root, Study)
	if before.Status != Complete || before.Runs < 3 || before.Done != before.Runs || before.States == 0 || before.States >= before.Size {
		t.Errorf("the study's entry is %+v", before)
	}
	leftover := filepath.Join(winner, "result.json.0000.tmp")
	damaged := filepath.Join(train.CheckpointDir(winner), "step-00000001.safetensors.damaged")
	for _, path := range []string{leftover, damaged} {
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}

	plan := must(PlanCleaning(o.Dir, false))(t)
	got := reasons(plan)
	if got[Candidate] == 0 || got[Leftover] != 1 || got[Damaged] != 1 || got[Unused] != 0 || len(plan.Busy) != 0 {
		t.Errorf("the plan is %v, busy %v", got, plan.Busy)
	}
	if now := only(t, root, Study); now.Size != before.Size+2 {
		t.Error("planning removed something")
	}
	removed := must(plan.Apply())(t)
	after := only(t, root, Study)
	if removed != plan.Size() || after.Size != before.Size+2-removed || after.States == 0 {
		t.Errorf("removed %d of %d bytes; %+v before, %+v after", removed, plan.Size(), before, after)
	}
	if states, _, err := train.CheckpointFiles(winner); err != nil || len(states) == 0 {
		t.Errorf("the states of the model that was picked are gone: %v", err)
	}
	if again := must(PlanCleaning(o.Dir, true))(t); len(again.Items) != 0 {
		t.Errorf("a second cleaning finds %v", again.Items)
	}
	if study := runStudy(t, config, o); !reflect.DeepEqual(must(json.Marshal(study))(t), must(json.Marshal(want))(t)) {
		t.Error("the study has another result after cleaning")
	}
	if e := only(t, root, Study); e.States != after.States {
		t.Error("the study was trained again after cleaning")
	}
}

// TestList checks that the runs of a study are listed by kind, in the order of
// its pool.
func TestList(t *testing.T) {
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies, config.Growth.Controls = []string{"stack", "random-top"}, []result.Control{result.ControlScratch}
	config.Growth.Custom = growth.Pool{growth.Custom("own", growth.Map{0, 0}, growth.Zero)}
	config.Growth.Schedule.Peak = 1e30 // every candidate diverges
	o := options(t.TempDir(), "study")
	s := must(lag.Open(config, o))(t)
	source := must(s.Pretrain(context.Background()))(t)
	must(s.Probe(context.Background()))(t)
	s.Close()
	list := must(List(o.Dir))(t)
	if len(list) < 4 {
		t.Fatalf("%d runs, want the source, three candidates and their branches", len(list))
	}
	if r := list[0]; r.Kind != progress.PhasePretrain || r.Strategy != "" || r.Steps != source.Steps || r.Of != r.Steps || r.Loss != float64(source.Loss) || r.Status != Complete {
		t.Errorf("the source is %+v", r)
	}
	for i, name := range []string{"stack", "random-top", "own"} {
		if r := list[1+i]; r.Kind != progress.PhaseProbe || r.Strategy != name || r.Status != Diverged || r.Of != config.Growth.Schedule.Steps {
			t.Errorf("candidate %d is %+v, want %s, diverged", i, r, name)
		}
	}
	if !IsOne(o.Dir) || IsOne(filepath.Dir(o.Dir)) {
		t.Error("IsOne is wrong for the directory of the study or for its parent")
	}
	config.Growth.Custom = nil
	if err := os.WriteFile(filepath.Join(o.Dir, "study.json"), must(json.Marshal(config))(t), 0o644); err != nil {
		t.Fatal(err)
	}
	if list := must(List(o.Dir))(t); !slices.ContainsFunc(list, func(r Run) bool { return r.Strategy == "[0 0] zero" }) {
		t.Errorf("a strategy that is not in the configuration is not listed by its map: %+v", list)
	}
}

// TestUnused checks that runs of an earlier configuration are removed only on
// request, and that all others are kept.
func TestUnused(t *testing.T) {
	root := t.TempDir()
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies, config.Growth.Controls = []string{"stack", "random-top"}, []result.Control{result.ControlScratch, result.ControlScratchSteps}
	o := options(root, "study")
	runStudy(t, config, o)
	first := must(runsIn(o.Dir))(t)

	changed := config
	changed.Growth.Schedule.Peak /= 2
	changed.Growth.Strategies = []string{"stack"}
	runStudy(t, changed, o)
	if plan := must(PlanCleaning(o.Dir, false))(t); reasons(plan)[Unused] != 0 {
		t.Errorf("runs are removed without -unused: %v", plan.Items)
	}
	plan := must(PlanCleaning(o.Dir, true))(t)
	var gone []string
	for _, item := range plan.Items {
		if item.Reason == Unused {
			gone = append(gone, item.Path)
		}
	}
	// All runs of the first configuration, except the source, which both share.
	if len(gone) != len(first)-1 {
		t.Errorf("%d runs are removed, want %d: %v", len(gone), len(first)-1, gone)
	}
	for _, path := range gone {
		if c := must(readRunConfig(path))(t); c.Kind == progress.PhasePretrain {
			t.Error("the source model is removed")
		}
	}
	must(plan.Apply())(t)
	left := must(runsIn(o.Dir))(t)
	runStudy(t, changed, o)
	if now := must(runsIn(o.Dir))(t); !reflect.DeepEqual(left, now) {
		t.Errorf("runs that the study needs were removed: %d are left, %d after it ran again", len(left), len(now))
	}
}

// TestCleanStacking checks that a stacking keeps the last states of its arms.
func TestCleanStacking(t *testing.T) {
	root := t.TempDir()
	config := must(lag.StackingPreset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Keep = lag.KeepAll
	config.Arms = append(config.Arms, lag.Arm{Name: "decayed", Rule: "decay:2,3"})
	o := options(root, "stacking")
	if _, err := lag.Stack(context.Background(), config, o); err != nil {
		t.Fatal(err)
	}
	e := only(t, root, Stacking)
	if e.Status != Complete {
		t.Errorf("the stacking is %s", e.Status)
	}
	dropped := 0 // by a rule after its probe
	for _, run := range must(List(o.Dir))(t) {
		if run.Status == Dropped {
			dropped++
		} else if run.Status != Complete {
			t.Errorf("in a complete stacking, the run %s is %s", run.Name, run.Status)
		}
	}
	if all := len(must(runsIn(o.Dir))(t)); dropped == 0 || e.Done != e.Runs || e.Runs != all-dropped {
		t.Errorf("the stacking has %d of %d runs, and dropped %d of %d", e.Done, e.Runs, dropped, all)
	}
	plan := must(PlanCleaning(o.Dir, true))(t)
	got := reasons(plan)
	if got[Superseded] == 0 || got[Loser] == 0 || got[Unused] != 0 {
		t.Errorf("the plan is %v", got)
	}
	must(plan.Apply())(t)
	last := config.Stages[len(config.Stages)-1].Depths
	ends := 0 // completed runs of the last depth: one for each arm, or fewer if arms pick the same strategy
	for _, run := range must(runsIn(o.Dir))(t) {
		states, _, err := train.CheckpointFiles(run)
		if err != nil {
			t.Fatal(err)
		}
		model, err := trained.ReadConfig(run)
		if err != nil {
			t.Fatal(err)
		}
		c := must(readRunConfig(run))(t)
		final := c.Kind == progress.PhaseStack && train.IsComplete(run) && slices.Equal(model.Depths(), last)
		if final != (len(states) > 0) {
			t.Errorf("%s, a %s run of %s layers, has %d states", run, c.Kind, model.Depths(), len(states))
		}
		if final {
			ends++
		}
	}
	if ends < 2 {
		t.Errorf("%d final models of %d arms are kept", ends, len(config.Arms))
	}
	if _, err := result.LoadStacking(o.Dir); err != nil {
		t.Error(err)
	}
}

// TestCleanLeavesAlone checks that nothing is removed from a run that another
// process is training, or from an incomplete study.
func TestCleanLeavesAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "study")
	run := filepath.Join(dir, "0123456789abcdef")
	if err := os.MkdirAll(train.CheckpointDir(run), 0o755); err != nil {
		t.Fatal(err)
	}
	config := must(lag.Preset("smoke"))(t)
	state := filepath.Join(train.CheckpointDir(run), "step-00000004.safetensors")
	for path, text := range map[string]string{
		filepath.Join(dir, "study.json"): string(must(json.Marshal(config))(t)), filepath.Join(run, "config.json"): `{"kind": "probe"}`,
		filepath.Join(run, "result.json"): `{"steps": 4}`, state: "state", state + ".damaged": "bad",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if plan := must(PlanCleaning(dir, false))(t); len(plan.Items) != 1 || plan.Items[0].Reason != Damaged {
		t.Errorf("a partial study loses %v, want only damaged files", plan.Items)
	}
	if e := only(t, dir, Study); e.Status != Partial {
		t.Errorf("the study is %s", e.Status)
	}
	if err := os.MkdirAll(filepath.Join(dir, "selected"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "selected", "lag-5-seed-1.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if e := only(t, dir, Study); e.Status != Selected {
		t.Errorf("a study with a selection is %s", e.Status)
	}
	if err := os.WriteFile(filepath.Join(dir, "result.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	plan := must(PlanCleaning(dir, false))(t)
	if len(plan.Items) != 2 {
		t.Fatalf("a complete study loses %v, want the state and damaged files", plan.Items)
	}
	unlock, ok, err := train.TryLock(run)
	if err != nil || !ok {
		t.Fatalf("locking: %v %v", ok, err)
	}
	if removed := must(plan.Apply())(t); removed != 0 || len(plan.Busy) != 1 {
		t.Errorf("%d bytes of a locked run were removed, busy %v", removed, plan.Busy)
	}
	if plan := must(PlanCleaning(dir, true))(t); len(plan.Items) != 0 || len(plan.Busy) != 1 {
		t.Errorf("a locked run loses %v, busy %v", plan.Items, plan.Busy)
	}
	unlock()
	if _, err := os.Stat(state); err != nil {
		t.Error(err)
	}
	if _, err := PlanCleaning(filepath.Dir(dir), false); err == nil {
		t.Error("a directory without a study is cleaned")
	}
	if _, err := Find(filepath.Join(dir, "none")); err == nil || errors.Is(err, os.ErrPermission) {
		t.Errorf("a missing directory: %v", err)
	}
}
