package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/account"
	"github.com/landscape-aware/growing/lag/report"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

func reportCommand(flags *flag.FlagSet) func(context.Context, []string) error {
	out := flags.String("o", "", "`file` to write (default report.html in the study's directory)")
	again := flags.Bool("again", false, "first analyze the recorded outcomes again: correlations, picks, verdict; nothing is trained")
	finals := flags.Int("final-evaluations", 0, "with -again: `number` of last evaluations whose mean is the final loss of a strategy, which study.json then says too (default: as it says)")
	return func(ctx context.Context, arguments []string) error {
		if len(arguments) != 1 {
			return usageError{fmt.Errorf("lag report takes the directory of one study or stacking, such as runs/quick; it was given %s", plain.Count(len(arguments), "argument"))}
		}
		dir := arguments[0]
		if *out != "" {
			if err := named(*out, ".html", ".htm"); err != nil {
				return err
			}
		}
		if err := checkReportable(dir); err != nil {
			return err
		}
		given := false
		flags.Visit(func(f *flag.Flag) { given = given || f.Name == "final-evaluations" })
		if given {
			if !*again || result.IsStacking(dir) {
				return usageError{errors.New("-final-evaluations changes the analysis of a study; give -again and the directory of a study")}
			}
			if err := lag.SetFinalEvaluations(ctx, dir, *finals); err != nil {
				return mending(dir, err)
			}
		}
		if *again {
			if err := analyzeAgain(ctx, dir); err != nil {
				return mending(dir, err)
			}
			fmt.Printf("%s: correlations, picks and verdict were computed again from the recorded outcomes\n", dir)
		}
		write, err := reportOf(dir)
		if err != nil {
			return mending(dir, err)
		}
		path := *out
		if path == "" {
			path = filepath.Join(dir, result.Report)
		}
		if err := atomicfile.Write(path, write); err != nil {
			return err
		}
		fmt.Println(path)
		return nil
	}
}

// analyzeAgain analyzes the recorded outcomes of a study or a stacking again
// and writes the result.
func analyzeAgain(ctx context.Context, dir string) error {
	if result.IsStacking(dir) {
		r, _, err := lag.LoadStacking(dir)
		if err != nil {
			return err
		}
		r.Words = words
		r.Analyze()
		_, err = drawStacking(ctx, dir, r)
		return errors.Join(err, r.Save(dir))
	}
	r, err := lag.AnalyzeAgain(ctx, dir, words)
	if err != nil {
		return err
	}
	_, err = drawStudy(ctx, dir, r)
	if err == nil {
		err = drawDownstream(dir, r, measuredOf(dir, r))
	}
	return errors.Join(err, r.Save(dir))
}

// checkReportable reports why a directory is not one of a study or a stacking
// with a result.
func checkReportable(dir string) error {
	if result.IsStacking(dir) {
		return nil
	}
	holds := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	if err := checkDir(dir, "a study or a stacking"); err != nil {
		return err
	}
	if _, err := os.Stat(dir); err == nil && !holds(result.StudyConfig) && !holds(result.TrainingConfig) && !holds(train.ConfigFile) {
		return fmt.Errorf("%s contains no %s and no %s, so it is not the directory of a study or a stacking; `lag runs %s` lists those in it", dir, result.StudyConfig, result.StackingConfig, plain.Quoted(dir))
	}
	switch {
	case holds(result.TrainingConfig):
		return fmt.Errorf("%s contains a training, which has no report; its curve is in %s when it is complete", dir, filepath.Join(dir, result.FiguresDir))
	case holds(train.ConfigFile):
		return fmt.Errorf("%s contains a single run; give the directory of the study, %s", dir, filepath.Dir(filepath.Clean(dir)))
	case holds(result.StudyConfig) && holds(result.SelectedDir) && !holds(result.StudyResult):
		return fmt.Errorf("%s contains only a selection, in %s; a report needs all candidates, so run the study without -select", dir, filepath.Join(dir, result.SelectedDir))
	}
	return nil
}

// checkDir returns an error if dir is a file. what names what the directory should hold,
// such as "a study".
func checkDir(dir, what string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usageError{fmt.Errorf("%s is a file; give the directory of %s", dir, what)}
	}
	return nil
}

// reportOf returns a function that writes the report of a study or a stacking.
func reportOf(dir string) (func(io.Writer) error, error) {
	if result.IsStacking(dir) {
		study, config, err := lag.LoadStacking(dir)
		if err != nil {
			return nil, err
		}
		meta := report.Meta{
			Title: "Stacking " + config.Name, Config: config, Versions: versions(study.Backend),
			Command: fmt.Sprintf("lag stack -config %s -out %s", plain.Quoted(filepath.Join(dir, result.StackingConfig)), plain.Quoted(dir)),
		}
		return func(w io.Writer) error { return report.StackingHTML(w, study, meta) }, nil
	}
	study, config, err := lag.LoadStudy(dir)
	if err != nil {
		return nil, err
	}
	meta := report.Meta{
		Title: "Study " + config.Name, Config: config, Versions: versions(study.Backend), Account: account.Of(dir, config, ""), Settings: account.Settings(config), Downstream: measuredOf(dir, study),
		Command: fmt.Sprintf("lag study -config %s -out %s", plain.Quoted(filepath.Join(dir, result.StudyConfig)), plain.Quoted(dir)),
	}
	return func(w io.Writer) error { return report.HTML(w, study, meta) }, nil
}

// versions returns the backend of the study, and the versions of Go and the
// libraries of this program, which makes the report.
func versions(backend string) []report.Version {
	list := []report.Version{{Name: "backend", Version: backend}, {Name: "go", Version: runtime.Version()}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return list
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla":
			list = append(list, report.Version{Name: m.Path, Version: m.Version})
		}
	}
	return list
}
