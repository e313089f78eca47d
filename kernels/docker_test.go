package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/landscape-aware/growing/kernels/internal/copies"
)

// targets are the images that docker/Dockerfile makes.
var targets = []string{"cpu", "cuda", "tpu"}

// A stage is one FROM of the Dockerfile with what follows.
type stage struct {
	from, name string
	steps      []string // instructions with their arguments, one line each
}

func stages(t *testing.T) (list []stage) {
	t.Helper()
	text, err := os.ReadFile("../docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	joined := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(text), "")
	joined = strings.ReplaceAll(joined, "\\\n", " ")
	for line := range strings.Lines(joined) {
		line = strings.TrimSpace(line)
		if from, ok := strings.CutPrefix(line, "FROM "); ok {
			image, name, _ := strings.Cut(from, " AS ")
			list = append(list, stage{from: image, name: name})
		} else if line != "" {
			if len(list) == 0 {
				t.Fatalf("%q comes before the first FROM", line)
			}
			last := &list[len(list)-1]
			last.steps = append(last.steps, line)
		}
	}
	return list
}

// TestImagesArePinnedAndNotRoot: the images begin with one that is pinned by
// digest, of a Go that is new enough, and their programs do not run as root.
func TestImagesArePinnedAndNotRoot(t *testing.T) {
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(module)[1]
	from := regexp.MustCompile(`^golang:` + regexp.QuoteMeta(string(version)) + `-bookworm@sha256:[0-9a-f]{64}$`)
	var names []string
	for i, s := range stages(t) {
		switch {
		case i == 0 && !from.MatchString(s.from):
			t.Errorf("%s begins with %s, not with Go %s by digest", s.name, s.from, version)
		case i > 0 && !slices.Contains(names, s.from):
			t.Errorf("%s begins with %s, which is no stage before it", s.name, s.from)
		}
		names = append(names, s.name)
		user := slices.Index(s.steps, "USER lag")
		for j, step := range s.steps {
			switch instruction, _, _ := strings.Cut(step, " "); {
			case instruction == "USER" && (i > 0 || j != user):
				t.Errorf("%s: %s", s.name, step)
			case instruction == "COPY" && (i == 0 && j < user || !strings.HasPrefix(step, "COPY --chown=lag:lag ")):
				t.Errorf("%s copies as root: %s", s.name, step)
			case strings.HasPrefix(step, "RUN go ") && i == 0 && j < user:
				t.Errorf("%s runs a program as root: %s", s.name, step)
			}
		}
		if i == 0 && user < 0 {
			t.Errorf("%s runs programs as root", s.name)
		}
	}
	for _, target := range targets {
		if !slices.Contains(names, target) {
			t.Errorf("there is no target %s", target)
		}
	}
}

// TestImagesAreLayered: an edit of a source does not repeat the set-up, whose
// layers come before the sources and have all that they need.
func TestImagesAreLayered(t *testing.T) {
	all := stages(t)
	var copied []string
	modules, programs := -1, -1
	for i, step := range all[0].steps {
		switch {
		case step == "COPY --chown=lag:lag . .":
			t.Errorf("%s copies all sources", all[0].name)
		case step == "COPY --chown=lag:lag go.mod go.sum ./":
			modules = i
		case strings.HasPrefix(step, "COPY "):
			path := strings.Fields(step)[2]
			copied = append(copied, path)
			if modules < 0 {
				t.Errorf("%s is copied before the modules are downloaded", path)
			}
		case strings.HasPrefix(step, "RUN go run ./kernels setup "):
			programs = i
		}
	}
	if modules < 0 || programs < modules {
		t.Errorf("the layers of %s: modules %d, programs %d", all[0].name, modules, programs)
	}
	imports := importsOf(t, "data", "lag", "kernels")
	needed := []string{"kernels"}
	for i := 0; i < len(needed); i++ {
		for _, name := range imports[needed[i]] {
			if !slices.Contains(needed, name) {
				needed = append(needed, name)
			}
		}
	}
	for _, name := range needed {
		if !slices.ContainsFunc(copied, func(path string) bool { return name == path || strings.HasPrefix(name, path+"/") }) {
			t.Errorf("the program that sets up imports %s, which docker/Dockerfile does not copy before it runs it", name)
		}
	}
	for _, path := range copied {
		if !slices.Contains(needed, path) {
			t.Errorf("docker/Dockerfile copies %s for the set-up, which does not import it", path)
		}
	}
	for _, s := range all[1:] {
		i := slices.Index(s.steps, "COPY --chown=lag:lag . .")
		if slices.Contains(targets, s.name) != (i == 0) {
			t.Errorf("%s copies the sources in step %d", s.name, i)
		}
	}
}

// TestCompose: docker/compose.yaml has a service for each target, with the
// directories that people keep, and none that other machines can reach.
func TestCompose(t *testing.T) {
	text, err := os.ReadFile("../docker/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Build struct {
				Context, Dockerfile, Target string
			}
			Image   string
			Ports   []string
			Volumes []string
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) != len(targets) {
		t.Errorf("%d services", len(file.Services))
	}
	for _, target := range targets {
		s := file.Services[target]
		if s.Build.Context != ".." || s.Build.Dockerfile != "docker/Dockerfile" || s.Build.Target != target || s.Image != "lag:"+target {
			t.Errorf("%s is built as %+v, %s", target, s.Build, s.Image)
		}
		want := []string{"../runs:/work/runs", "../" + copies.Name + ":/work/" + copies.Name}
		if !slices.Equal(s.Volumes, want) {
			t.Errorf("%s mounts %q, want %q", target, s.Volumes, want)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s to other machines", target, port)
			}
		}
	}
}
