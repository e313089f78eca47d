package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag/inspect"
)

func inspectCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	asJSON := flags.Bool("json", false, "print JSON")
	return func(_ context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag inspect takes one directory of a model or a run, or one safetensors file; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		report, err := inspect.Inspect(arguments[0])
		if err != nil {
			return err
		}
		if *asJSON {
			e := json.NewEncoder(os.Stdout)
			e.SetIndent("", "  ")
			err = e.Encode(report)
		} else {
			err = report.Write(os.Stdout)
		}
		if err == nil && len(report.Damage) > 0 {
			err = fmt.Errorf("%s is damaged; see the report", arguments[0])
		}
		return err
	}
}
