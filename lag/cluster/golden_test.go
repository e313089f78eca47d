package cluster

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// quick is work of the directory of a person.
func quick() Work {
	return Work{
		Command: "study", Name: "quick", Config: []byte("{}\n"), Hash: "ab12", Dir: "/home/ada/growing/runs/quick", Data: "/home/ada/growing/runs/.lag-data",
		Backend: "xla:cpu", Program: "/home/ada/go/bin/lag", From: "/home/ada/growing",
	}
}

// hard is work with names that shells, Slurm and Kubernetes read otherwise.
func hard() Work {
	w := quick()
	w.Command, w.Name = "stack", "BERT_Base: 100% & 'more', with a name that is longer than what names may have"
	w.Dir, w.Data, w.Program, w.From = "/data/100%/it's $HOME/runs", "/data/100%/it's $HOME/.lag-data", "/opt/my tools/lag", "/data/100%/it's $HOME"
	w.Arguments = []string{"-peak-flops", "1e+12"}
	return w
}

// restrictedManifest is that of pods that meet the restricted standard.
const restrictedManifest = "kubernetes-user.json"

// TestDescribe compares what engines get with files.
func TestDescribe(t *testing.T) {
	slurm := NewSlurm()
	all := &Slurm{
		Resources: Resources{Cores: 4, Memory: "8GB", Time: Duration(4 * time.Hour), GPUs: 1}, Partition: "cpu", Account: "ada", QOS: "long",
		Options: []string{"--constraint=avx512", "--exclusive", "--comment=two words"}, Notice: Duration(5 * time.Minute), Retries: 1,
	}
	k8s := NewKubernetes()
	k8s.Image, k8s.Claim = "registry.example.org/lag:0.2", "runs"
	kueue := &Kubernetes{
		Resources: Resources{Cores: 4, Memory: "8G", Time: Duration(4 * time.Hour), GPUs: 1}, Image: "lag", Claim: "runs", Mount: "/mnt/all",
		Namespace: "ada", Queue: "gpus", Grace: Duration(2 * time.Minute), Retries: 1,
	}
	suspended := *k8s
	suspended.Suspend = true
	restricted := *k8s
	restricted.User = 1000
	for name, test := range map[string]struct {
		e       Engine
		w       Work
		workers int
	}{
		"slurm.sh":      {slurm, quick(), 3},
		"slurm-all.sh":  {all, hard(), 1},
		"slurm-last.sh": {slurm, quick(), 0},

		"local.sh":      {NewLocal(), quick(), 2},
		"local-last.sh": {&Local{Resources: Resources{Cores: 4}}, hard(), 0},

		"kubernetes.json":           {k8s, quick(), 8},
		"kubernetes-queue.json":     {kueue, hard(), 2},
		"kubernetes-suspended.json": {&suspended, quick(), 1},
		restrictedManifest:          {&restricted, quick(), 8},
	} {
		got, err := Describe(test.e, test.w, test.workers)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
		if again, err := Describe(test.e, test.w, test.workers); err != nil || again != got {
			t.Errorf("%s: another description of the same", name)
		}
	}
}
