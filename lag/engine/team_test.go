package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
)

// TestJoinTeam checks who may join: the first, its like, and after damage the next.
func TestJoinTeam(t *testing.T) {
	s := tinySession(t, nil)
	path := filepath.Join(s.Dir(), TeamFile)
	for range 2 {
		if err := s.JoinTeam(); err != nil {
			t.Fatal(err)
		}
	}
	var first team
	if err := sealed.Read(path, &first); err != nil || first != (team{Backend: backend.Go, Cores: cores.Usable()}) {
		t.Errorf("the first worker wrote %+v, %v", first, err)
	}
	if err := os.WriteFile(path, []byte(`{"backend": "xla:cpu", "cores": 1`), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := s.JoinTeam(); err != nil {
		t.Errorf("after damage: %v", err)
	}
	if err := sealed.Write(path, team{Backend: backend.CPU, Cores: cores.Usable()}); err != nil {
		t.Fatal(err)
	}
	if err := s.JoinTeam(); err == nil || !strings.Contains(err.Error(), "compute with the backend xla:cpu, and this one with go") {
		t.Errorf("another backend: %v", err)
	}
}

// TestTeamCores checks that another number of cores is refused with both numbers
// where results depend on it.
func TestTeamCores(t *testing.T) {
	for _, test := range []struct {
		mine, first team
		want        string // part of the error; empty for none
	}{
		{team{Backend: backend.CPU, Cores: 2}, team{Backend: backend.CPU, Cores: 2}, ""},
		{team{Backend: backend.CPU, Cores: 2}, team{Backend: backend.CPU, Cores: 4}, "the workers of this directory began with 4 cores, and this process may use 2"},
		{team{Backend: backend.CPU, Cores: 4}, team{Backend: backend.CPU, Cores: 1}, "began with 1 core, and this process may use 4"},
		{team{Backend: backend.Go, Cores: 2}, team{Backend: backend.Go, Cores: 4}, ""},
		{team{Backend: backend.CUDA, Cores: 2}, team{Backend: backend.CUDA, Cores: 4}, ""},
		{team{Backend: backend.CUDA, Cores: 2}, team{Backend: backend.CPU, Cores: 2}, "backend"},
		{team{Backend: backend.CUDA, Devices: 2}, team{Backend: backend.CUDA, Devices: 2}, ""},
		{team{Backend: backend.CUDA, Devices: 2}, team{Backend: backend.CUDA}, "in the workers of this directory 1 device trained each model together, and in this process it is 2"},
		{team{Backend: backend.CPU, Cores: 2}, team{Backend: backend.CPU, Cores: 2, Devices: 4}, "4 devices trained each model together, and in this process it is 1"},
	} {
		err := test.mine.joins(test.first, "workers.json")
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v joins %+v: %v", test.mine, test.first, err)
		}
	}
}

// TestCheckCores checks that the runs of a directory tell how many cores its
// processes had.
func TestCheckCores(t *testing.T) {
	s := tinySession(t, nil)
	n := cores.Usable()
	if err := s.checkCores(team{Backend: backend.CPU, Cores: n + 1}); err != nil {
		t.Errorf("without runs: %v", err)
	}
	r := tinyRun(t, s, 1)
	if _, err := r.To(t.Context(), tinySteps); err != nil {
		t.Fatal(err)
	}
	if got, err := CoresIn(s.options.Dir); err != nil || got != 0 {
		t.Errorf("runs of the pure-Go engine want %d cores, %v", got, err)
	}
	for _, test := range []struct {
		mine    team
		refused bool
	}{{team{Backend: backend.CPU, Cores: n}, false}, {team{Backend: backend.CPU, Cores: n + 1}, true}, {team{Backend: backend.Go, Cores: n + 1}, false}} {
		err := s.checkCores(test.mine)
		if (err != nil) != test.refused || err != nil && !strings.Contains(err.Error(), "the run "+r.Address()+" was trained with ") {
			t.Errorf("%+v: %v", test.mine, err)
		}
	}
	// What was pretrained with all cores does not count beside runs that shared them.
	spec := r.Spec
	spec.Kind, spec.Seed = "stack", 2
	grown, err := s.NewRun(spec, nil, r.checkpoints, r.label)
	if err != nil {
		t.Fatal(err)
	}
	grown.Env = environment{Backend: s.environment.Backend, CPUs: n + 1}
	if _, err := grown.To(t.Context(), tinySteps); err != nil {
		t.Fatal(err)
	}
	if err := s.checkCores(team{Backend: backend.CPU, Cores: n + 1}); err != nil {
		t.Errorf("a process with the cores of the later runs: %v", err)
	}
	if err := s.checkCores(team{Backend: backend.CPU, Cores: n}); err == nil {
		t.Error("a process with the cores of the pretraining joins later runs")
	}
	spec.Seed = 3
	if grown, err = s.NewRun(spec, nil, r.checkpoints, r.label); err != nil {
		t.Fatal(err)
	}
	grown.Env = environment{Backend: "xla:cpu_v1", CPUs: n + 2}
	if _, err := grown.To(t.Context(), tinySteps); err != nil {
		t.Fatal(err)
	}
	if got, err := CoresIn(s.options.Dir); err != nil || got != n+2 {
		t.Errorf("runs of XLA want %d cores, %v", got, err)
	}
	if err := sealed.Write(filepath.Join(s.options.Dir, TeamFile), team{Backend: backend.CPU, Cores: n + 3}); err != nil {
		t.Fatal(err)
	}
	if got, err := CoresIn(s.options.Dir); err != nil || got != n+3 {
		t.Errorf("workers want %d cores, %v", got, err)
	}
}
