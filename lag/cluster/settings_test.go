package cluster

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestSettings checks that impossible settings are refused with what is possible.
func TestSettings(t *testing.T) {
	for _, test := range []struct{ engine, settings, want string }{
		{"slrm", `{}`, `there is no engine "slrm" (did you mean "slurm"?); there are `},
		{"", `{}`, `there is no engine ""; there are `},
		{"slurm", `{"partitoin": "cpu"}`, `slurm has no setting "partitoin" (did you mean "partition"?); it has cores, memory, time, gpus, partition,`},
		{"slurm", `{"cores": "two"}`, "cores"},
		{"slurm", `{"cores": 0}`, "cores: 0 is not possible; use 1 or more"},
		{"slurm", `{"memory": "8"}`, `memory: "8" is not an amount`},
		{"slurm", `{"memory": "0G"}`, `memory: "0G" is not an amount`},
		{"slurm", `{"time": "4"}`, `time: "4" is not a duration; write 90m, 4h, 1d12h or 04:00:00`},
		{"slurm", `{"time": "-4h"}`, `is not a duration`},
		{"slurm", `{"time": 4}`, `time: it must be a text such as "4h"`},
		{"slurm", `{"time": "3m"}`, "time: 3m0s is too short with a notice of 2m0s before its end; use 4m0s or more"},
		{"slurm", `{"gpus": 2}`, "gpus: 2 is not possible; a worker uses one device"},
		{"slurm", `{"partition": "a b"}`, `partition: "a b" is no name`},
		{"slurm", `{"account": "a\n#SBATCH --uid=0"}`, `account: `},
		{"slurm", `{"options": ["-C avx512"]}`, `options: "-C avx512" is no option of sbatch`},
		{"slurm", `{"options": ["--array=0-9"]}`, "options: --array follows from other settings"},
		{"slurm", `{"options": ["--comment=\"x\""]}`, "is no option of sbatch"},
		{"slurm", `{"notice": "1s"}`, "notice: 1s is too short"},
		{"slurm", `{"retries": -1}`, "retries: -1 is not possible"},
		{"local", `{"memory": "8G"}`, "memory: processes of this machine are not limited"},
		{"local", `{"time": "4h"}`, "time: processes of this machine have no time limit"},
		{"local", `{"gpus": 1}`, "gpus: workers of this engine compute on cores"},
		{"local", `{"cores": 0}`, "cores: 0 is not possible"},
		{"k8s", `{}`, "image: none is given"},
		{"kubernetes", `{"image": "lag"}`, "claim: none is given"},
		{"k8s", `{"image": "lag", "claim": "runs", "partition": "cpu"}`, `k8s has no setting "partition"; it has cores, memory, time, gpus, image, claim, mount, context, namespace,`},
		{"k8s", `{"image": "lag x", "claim": "runs"}`, `image: "lag x" is no name of an image`},
		{"k8s", `{"image": "lag:0.2:x", "claim": "runs"}`, `image: "lag:0.2:x" is no name of an image`},
		{"k8s", `{"image": "Lag", "claim": "runs"}`, `image: "Lag" is no name of an image`},
		{"k8s", `{"image": "lag@sha256:12", "claim": "runs"}`, `image: "lag@sha256:12" is no name of an image`},
		{"k8s", `{"image": "lag", "claim": "Runs"}`, `claim: "Runs" is no name`},
		{"k8s", `{"image": "lag", "claim": "runs", "mount": "runs"}`, `mount: "runs" is not possible`},
		{"k8s", `{"image": "lag", "claim": "runs", "mount": "/work/../etc"}`, `mount: `},
		{"k8s", `{"image": "lag", "claim": "runs", "context": "--help"}`, `context: "--help" is no name of a context`},
		{"k8s", `{"image": "lag", "claim": "runs", "namespace": "a.b"}`, `namespace: "a.b" is no name`},
		{"k8s", `{"image": "lag", "claim": "runs", "grace": "30s"}`, "grace: 30s is too short"},
		{"k8s", `{"image": "lag", "claim": "runs", "cores": -1}`, "cores: -1 is not possible"},
		{"k8s", `{"image": "lag", "claim": "runs", "user": -1}`, "user: -1 is not possible"},
		{"slurm", `[]`, "the settings of slurm"},
	} {
		if _, err := Parse(test.engine, []byte(test.settings)); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %s: %v, want %s", test.engine, test.settings, err, test.want)
		}
	}
	for _, change := range []func(*Work){
		func(w *Work) { w.Dir = "runs/quick" },
		func(w *Work) { w.Data = "/a\nb" },
		func(w *Work) { w.From = `/a"b` },
	} {
		w := quick()
		if change(&w); w.check() == nil {
			t.Errorf("%+v passes", w)
		}
		if text, err := Describe(NewSlurm(), w, 1); err == nil {
			t.Errorf("it is described: %s", text)
		}
	}
}

// TestKubernetesData: pods see only what is on the volume.
func TestKubernetesData(t *testing.T) {
	k := NewKubernetes()
	k.Image, k.Claim = "lag", "runs"
	w := quick()
	w.Data = "/data/texts"
	if text, err := Describe(k, w, 1); err == nil || !strings.Contains(err.Error(), "data: /data/texts is not beside /home/ada/growing/runs/quick") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestImages checks names of images as they are in use.
func TestImages(t *testing.T) {
	k := NewKubernetes()
	k.Claim = "runs"
	for _, k.Image = range []string{"lag", "lag:0.2", "localhost:5000/lag:cpu", "registry.example.org:443/a_team/lag__x/lag:v0.2-rc.1", "Registry.example.org/lag",
		"123.dkr.ecr.eu-west-1.amazonaws.com/lag:0.2@sha256:" + strings.Repeat("0a", 32)} {
		if err := k.Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestSettingsAgain checks that settings are read as they were written.
func TestSettingsAgain(t *testing.T) {
	want := NewSlurm()
	want.Time, want.Memory, want.Options = Duration(36*time.Hour), "8G", []string{"--exclusive"}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("slurm", text)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(got); err != nil || string(again) != string(text) {
		t.Errorf("%s was read as %s: %v", text, again, err)
	}
}

// TestDurations checks durations as people write them.
func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"4h": 4 * time.Hour, "90m": 90 * time.Minute, "1d12h": 36 * time.Hour, "2d": 48 * time.Hour, "1h30m": 90 * time.Minute,
		"04:00:00": 4 * time.Hour, "1-00:00:00": 24 * time.Hour, "1-12:00": 36 * time.Hour, "100:00:30": 100*time.Hour + 30*time.Second} {
		d, err := ParseDuration(text)
		if err != nil || time.Duration(d) != want {
			t.Errorf("%s is %v, %v", text, time.Duration(d), err)
		}
		if again, err := ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%s is written as %s", text, d)
		}
	}
	for _, text := range []string{"", "4", "d", "h", "1d-2h", "99999d", "4 h", "04:00", "4:60:00", "1-", "-04:00:00"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %s", text, d)
		}
	}
}

// TestNames checks the names of jobs, which Kubernetes restricts most.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"quick": "lag-quick-x", "BERT_Base 3": "lag-bert-base-3-x", "模型": "lag-x", strings.Repeat("a", 99): "lag-" + strings.Repeat("a", longestName) + "-x",
	} {
		if got := (Work{Name: name}).submissionName("x"); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
