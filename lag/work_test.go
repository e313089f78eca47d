package lag_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/cluster"
)

// TestWork checks that the workers of a cluster get the configuration, the paths
// and the options of a study or a stacking.
func TestWork(t *testing.T) {
	config, err := lag.Preset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	stacking, err := lag.StackingPreset("smoke")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	for _, test := range []struct {
		describe func(lag.Options) (cluster.Work, error)
		o        lag.Options
		want     []string
	}{
		{config.Work, lag.Options{}, []string{" study -config " + here + "/runs/smoke/cluster/configuration.json -out " + here + "/runs/smoke -data " + here + "/runs/.lag-data -backend auto -join"}},
		{stacking.Work, lag.Options{Dir: elsewhere + "/a", DataDir: elsewhere + "/b", Backend: "go", PeakFLOPS: 2e12},
			[]string{" stack -config " + elsewhere + "/a/cluster/configuration.json -out " + elsewhere + "/a -data " + elsewhere + "/b -backend go -peak-flops 2e+12 -join", "--chdir=" + here + "\n", " report " + elsewhere + "/a"}},
	} {
		w, err := test.describe(test.o)
		if err != nil {
			t.Fatal(err)
		}
		text, err := cluster.Describe(cluster.NewSlurm(), w, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("the script lacks %q:\n%s", want, text)
			}
		}
	}
	hash, err := config.Hash()
	if w, workErr := config.Work(lag.Options{}); err != nil || workErr != nil || w.Hash != hash || !strings.Contains(string(w.Config), `"name": "smoke"`) {
		t.Errorf("%+v, %v, %v", w, err, workErr)
	}
	config.BatchSize = 0
	if _, err := config.Work(lag.Options{}); err == nil {
		t.Error("work of an impossible configuration is described")
	}
	if _, err := stacking.Work(lag.Options{Workers: -1}); err == nil {
		t.Error("impossible options are taken")
	}
}
