package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestImagesArePinnedAndNotRoot: the images begin with one that is pinned by
// digest, of a Go that is new enough, and their programs do not run as root.
func TestImagesArePinnedAndNotRoot(t *testing.T) {
	module, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(module)[1]
	from := regexp.MustCompile(`(?m)^FROM golang:` + regexp.QuoteMeta(string(version)) + `-bookworm@sha256:[0-9a-f]{64}$`)
	for _, kind := range []string{"cpu", "cuda", "tpu"} {
		name := filepath.Join("..", "docker", "Dockerfile."+kind)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !from.Match(text) || strings.Count(string(text), "\nFROM ") != 1 {
			t.Errorf("%s does not begin with Go %s by digest alone", name, version)
		}
		user, copied := strings.Index(string(text), "\nUSER lag\n"), strings.Index(string(text), "\nCOPY --chown=lag:lag ")
		if user < 0 || copied < user || strings.Count(string(text), "\nUSER ") != 1 {
			t.Errorf("%s runs programs as root", name)
		}
	}
}
