//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/lag/backend"
)

// skyTask is what SkyPilot takes docker/skypilot.yaml for.
type skyTask struct {
	Nodes    int               `json:"nodes"`
	Run      string            `json:"run"`
	Envs     map[string]string `json:"envs"`
	Volumes  map[string]string `json:"volumes"` // by path
	Recovery []struct {
		Codes []int `json:"recover_on_exit_codes"`
	} `json:"recovery"`
	Volume struct {
		Name   string            `json:"name"`
		Config map[string]string `json:"config"`
	} `json:"volume"`
}

func readSkyTask(t *testing.T) (task skyTask) {
	t.Helper()
	python := os.Getenv("LAG_PYTHON_SKYPILOT")
	if python == "" {
		t.Skip("set LAG_PYTHON_SKYPILOT to the absolute path of a Python with testdata/skypilot/requirements.txt, and SkyPilot itself reads docker/skypilot.yaml")
	}
	docker := filepath.Join("..", "..", "..", "docker")
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "skypilot", "read.py"), filepath.Join(docker, "skypilot.yaml"), filepath.Join(docker, "skypilot-volume.yaml"))
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "SKYPILOT_DISABLE_USAGE_COLLECTION=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	if err := json.Unmarshal(out, &task); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return task
}

// TestSkyPilot checks that SkyPilot takes docker/skypilot.yaml for what is meant,
// and runs what the nodes run, two of them at a time: the result is that of a local
// run.
func TestSkyPilot(t *testing.T) {
	task := readSkyTask(t)
	if task.Nodes < 2 || len(task.Recovery) != 1 || !slices.Equal(task.Recovery[0].Codes, []int{75}) {
		t.Errorf("%+v: want several nodes, and recovery from exit code 75 alone", task)
	}
	if want := map[string]string{task.Envs["LAG_RUNS"]: task.Volume.Name}; task.Volume.Config["access_mode"] != "ReadWriteMany" || !cmp.Equal(task.Volumes, want) {
		t.Errorf("the volumes are %v, want %v, which many nodes may write: %+v", task.Volumes, want, task.Volume)
	}

	runs := t.TempDir()
	arguments := studyArguments(t, filepath.Join(t.TempDir(), "alone"), backend.Go)
	want := finish(t, append(slices.Clone(arguments), "-name", "clouds"))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.Symlink(self, filepath.Join(path, "lag")); err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(task.Envs)
	env["LAG_STUDY"] = strings.Join(slices.Concat(arguments[1:5], arguments[7:]), " ") // without the command and -out
	env["LAG_NAME"], env["LAG_RUNS"] = "clouds", runs
	var nodes []*process
	for rank := range 2 {
		cmd := exec.Command("bash", "-c", task.Run)
		cmd.Env = append(os.Environ(), asMain+"=1", fmt.Sprintf("SKYPILOT_NODE_RANK=%d", rank), "PATH="+path+":"+os.Getenv("PATH"))
		for name, value := range env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		nodes = append(nodes, start(t, cmd))
	}
	for _, node := range nodes {
		node.succeeds(t)
		if !strings.Contains(node.output(t), "takes part in") {
			t.Errorf("it was no worker: %s", node.output(t))
		}
	}
	dir := filepath.Join(runs, "clouds")
	if !bytes.Equal(resultOf(t, dir), want) {
		t.Error("result.json differs from that of a local run")
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html")); err != nil {
		t.Errorf("node 0 makes the report: %v", err)
	}
	trainedOnce(t, dir, 0)
}
