package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/landscape-aware/growing/lag/backend"
)

func versionCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	engine := new(string)
	backendVar(flags, engine, backend.Auto, "")
	return func(context.Context, []string) error {
		info, ok := debug.ReadBuildInfo()
		if !ok {
			info = &debug.BuildInfo{GoVersion: runtime.Version()}
		}
		printVersion(os.Stdout, info)
		b, err := backend.Open(*engine)
		if err != nil {
			fmt.Printf("backend   none: %v\n", err)
			return nil
		}
		defer b.Finalize()
		fmt.Printf("backend   %s, %s\n", b.Kind, b.Engine)
		return nil
	}
}

// printVersion prints what a report of a fault needs: the versions of this
// module and of what computes.
func printVersion(w io.Writer, info *debug.BuildInfo) {
	version, settings := info.Main.Version, make(map[string]string)
	if version == "" || version == "(devel)" {
		version = "of a checkout"
	}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := "unknown revision (built without -buildvcs)"
	if r := settings["vcs.revision"]; r != "" {
		if revision = "revision " + r; settings["vcs.modified"] == "true" {
			revision += ", changed"
		}
	}
	fmt.Fprintf(w, "lag       %s, %s\n", version, revision)
	fmt.Fprintf(w, "go        %s %s/%s\n", info.GoVersion, runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"gomlx", "compute", "go-xla"} {
		for _, m := range info.Deps {
			if m.Path == "github.com/gomlx/"+name {
				if m.Replace != nil {
					m = m.Replace
				}
				fmt.Fprintf(w, "%-9s %s\n", name, m.Version)
			}
		}
	}
}
