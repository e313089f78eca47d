package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/readme"
)

// runReadmes runs the blocks of documents, each document in a copy of the checkout
// of its own.
func runReadmes(ctx context.Context, c checkout.Checkout, args []string) error {
	o := readme.Options{}
	names, err := parse("readme", args, func(f *flag.FlagSet) {
		f.BoolVar(&o.Full, "full", false, "run studies and trainings at the size that the documents say, which takes hours")
		f.StringVar(&o.Python, "python", "", "`path` of a Python with pandas and duckdb, for the blocks that need them; without it they are skipped")
	})
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if names, err = readme.Documents(ctx, c.Root); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(c.Private("readme"), 0o755); err != nil {
		return fmt.Errorf("making a directory for copies of the checkout: %w", err)
	}
	lock, ok, err := dirlock.Try(ctx, c.Private("readme"))
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("another process runs READMEs in %s", c.Private("readme"))
	}
	defer lock.Unlock()
	failed := 0
	for _, name := range names {
		n, err := runReadme(ctx, c, name, o)
		if err != nil {
			return err
		}
		failed += n
	}
	if failed > 0 {
		fmt.Printf("%s of READMEs failed; what everything printed is in %s\n", english.Plural(failed, "block", ""), c.Private("readme", "log"))
		return errReported
	}
	return nil
}

// runReadme runs the blocks of one document. The place of the copy is always the
// same, so that Go's cache knows what was compiled in it before.
func runReadme(ctx context.Context, c checkout.Checkout, name string, o readme.Options) (failed int, err error) {
	document, err := readme.Load(filepath.Join(c.Root, name))
	if err != nil {
		return 0, err
	}
	if document.Blocks() == 0 {
		return 0, nil
	}
	work, logs := c.Private("readme", "work"), c.Private("readme", "log")
	if err := os.RemoveAll(work); err != nil {
		return 0, fmt.Errorf("removing the copy of the checkout from before: %w", err)
	}
	for _, dir := range []string{filepath.Join(work, "bin"), logs} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return 0, fmt.Errorf("making a directory for a copy of the checkout: %w", err)
		}
	}
	o.Dir, o.Files = c.Root, filepath.Join(work, "shell")
	if !document.InCheckout() {
		o.Dir = filepath.Join(work, "growing")
		if err := readme.Copy(ctx, c.Root, o.Dir); err != nil {
			return 0, err
		}
	}
	// Programs and kernels are installed below work, not in the home.
	o.Env = []string{
		"GOBIN=" + filepath.Join(work, "bin"),
		"PATH=" + filepath.Join(work, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"JUPYTER_DATA_DIR=" + filepath.Join(work, "jupyter"),
		"BROWSER=true",
	}
	log, err := os.Create(filepath.Join(logs, strings.ReplaceAll(filepath.ToSlash(name), "/", "-")+".log"))
	if err != nil {
		return 0, fmt.Errorf("making a log: %w", err)
	}
	defer log.Close()
	o.Log = log
	o.Report = func(out readme.Outcome) { reportBlock(name, out) }
	begun := time.Now()
	failed, err = document.Run(ctx, o)
	if err != nil {
		return failed, err
	}
	fmt.Printf("%s: %s, %d failed, %s\n", name, english.Plural(document.Blocks(), "block", ""), failed, time.Since(begun).Round(time.Second))
	return failed, nil
}

func reportBlock(name string, out readme.Outcome) {
	at := fmt.Sprintf("%s:%d", name, out.Line)
	for _, skipped := range out.Skipped {
		fmt.Printf("  %s: skipped %s\n", at, skipped)
	}
	switch {
	case out.Err != nil:
		fmt.Printf("  %s: FAILED: %v\n", at, out.Err)
		for _, line := range out.Last {
			fmt.Println("    | " + line)
		}
	case out.Ran && out.Language != "":
		fmt.Printf("  %s: %s passed, %s\n", at, out.Language, out.Took.Round(100*time.Millisecond))
	}
}
