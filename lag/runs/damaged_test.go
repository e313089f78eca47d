package runs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// TestListDamaged lists a study with damaged files, and cleans nothing in it that
// cannot be known.
func TestListDamaged(t *testing.T) {
	root := t.TempDir()
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies = []string{"stack", "random-top"}
	o := options(root, "study")
	runStudy(t, config, o)
	list := must(runsIn(o.Dir))(t)
	for path, size := range map[string]int64{
		filepath.Join(list[0], train.ConfigFile): 0, filepath.Join(list[1], train.OutcomeFile): 40, filepath.Join(o.Dir, result.StudyResult): 100,
	} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	if e := only(t, root, Study); e.Done != len(list)-1 || e.Runs != len(list) {
		t.Errorf("the study has %d of %d runs, want all of %d but the damaged one", e.Done, e.Runs, len(list))
	}
	broken := 0
	for _, run := range must(List(o.Dir))(t) {
		if run.Status == Broken {
			broken++
		}
	}
	if broken != 2 {
		t.Errorf("%d runs are listed as damaged, want 2", broken)
	}
	unreadable := filepath.Join(list[2], train.ConfigFile) // no damage, perhaps readable later
	text := must(os.ReadFile(unreadable))(t)
	if err := errors.Join(os.Remove(unreadable), os.Mkdir(unreadable, 0o777)); err != nil {
		t.Fatal(err)
	}
	if list, err := List(o.Dir); err == nil || !strings.Contains(err.Error(), unreadable) {
		t.Errorf("a configuration that cannot be read: %v, error %v", list, err)
	}
	if err := errors.Join(os.Remove(unreadable), os.WriteFile(unreadable, text, 0o666)); err != nil {
		t.Fatal(err)
	}
	if e := only(t, root, Study); e.Status != Broken {
		t.Errorf("the study is %s", e.Status)
	}
	if _, err := PlanCleaning(o.Dir, true); err == nil || !strings.Contains(err.Error(), "again") {
		t.Errorf("got error %v", err)
	}
	runStudy(t, config, o)
	if plan := must(PlanCleaning(o.Dir, true))(t); reasons(plan)[Damaged] != 2 {
		t.Errorf("of the damaged files, the plan removes %v", plan.Items)
	}

	// A changed configuration must not make a run one of another study.
	for _, run := range list {
		if must(readRunConfig(run))(t).Kind != progress.PhasePretrain {
			continue
		}
		path := filepath.Join(run, train.ConfigFile)
		text := string(must(os.ReadFile(path))(t))
		if err := os.WriteFile(path, []byte(strings.Replace(text, `"batch_size": `, `"batch_size": 1`, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := trained.Load(run); !sealed.IsDamaged(err) {
			t.Errorf("a model with a changed configuration is loaded: %v", err)
		}
	}
	if plan := must(PlanCleaning(o.Dir, true))(t); reasons(plan)[Unused] != 0 {
		t.Errorf("runs of the study are removed as those of another: %v", plan.Items)
	}
}

// TestListEdited lists and cleans a study whose configuration a person has edited.
// Runs are removed as those of another configuration only if the result says that
// it has this one.
func TestListEdited(t *testing.T) {
	root := t.TempDir()
	config := must(lag.Preset("smoke"))(t)
	smallTask(t, &config.Task)
	config.Growth.Strategies = []string{"stack", "random-top"}
	o := options(root, "study")
	runStudy(t, config, o)
	other := config
	other.Growth.Seeds = []int64{config.Seed + 1}
	o.Dir = filepath.Join(root, "other")
	runStudy(t, other, o)
	o.Dir = filepath.Join(root, "study")
	count := 0
	for _, run := range must(runsIn(filepath.Join(root, "other")))(t) { // runs of another configuration
		if to := filepath.Join(o.Dir, filepath.Base(run)); !isFile(filepath.Join(to, train.ConfigFile)) {
			count++
			if err := os.CopyFS(to, os.DirFS(run)); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(o.Dir, result.StudyConfig)
	whole := string(must(os.ReadFile(path))(t))
	for _, c := range []struct {
		what, text string
		status     Status
		unused     int
	}{
		{"as written", whole, Complete, count},
		{"another name", strings.Replace(whole, `"name": "smoke"`, `"name": "mine"`, 1), Complete, count},
		{"the line ends of Windows", strings.ReplaceAll(whole, "\n", "\r\n"), Complete, count},
		{"another batch size", strings.Replace(whole, `"batch_size": `, `"batch_size": 1`, 1), Broken, 0},
	} {
		if c.what != "as written" && c.text == whole {
			t.Fatalf("%s: %s is not changed", c.what, whole)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, e := range must(Find(root))(t) {
			if e.Path == o.Dir && e.Status != c.status {
				t.Errorf("%s: the study is %s, want %s", c.what, e.Status, c.status)
			}
		}
		if _, err := List(o.Dir); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
		if got := reasons(must(PlanCleaning(o.Dir, true))(t))[Unused]; got != c.unused || count == 0 {
			t.Errorf("%s: %d runs are removed as those of another configuration, want %d", c.what, got, c.unused)
		}
	}
}
