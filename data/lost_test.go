package data

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/dirlock"
)

// TestLostLock: a preparation that has lost its lock leaves everything to the
// process that has it, and does not look like one that was interrupted.
func TestLostLock(t *testing.T) {
	path := corpusFile(t, killedDocuments)
	for _, stage := range []string{StageRead, StageEncode} {
		for _, canceled := range []bool{false, true} {
			dir := t.TempDir()
			lock := filepath.Join(dir, dirlock.Name)
			lost := false
			var left map[string]string
			ctx, cancel := context.WithCancel(t.Context())
			_, err := Prepare(ctx, childConfig(path, ""), dir, func(now string, done, _ int64) {
				if now != stage || lost || done == 0 {
					return
				}
				lost = true
				if text, err := os.ReadFile(lock); err != nil || len(text) == 0 {
					t.Skip("lock files do not name their owner here")
				}
				// The other process has locked the directory, and writes the same dataset.
				partials, err := filepath.Glob(filepath.Join(dir, partialPrefix+"*"))
				if err != nil || len(partials) > 1 || len(partials) == 0 && stage == StageEncode {
					t.Error(partials, err)
				}
				partials = append(partials, filepath.Join(dir, partialPrefix+"another"))
				for _, p := range partials {
					for _, name := range []string{nameTrain + ".bin", fileDataset} {
						if err := errors.Join(os.MkdirAll(p, 0o777), os.WriteFile(filepath.Join(p, name), []byte("the other's"), 0o666)); err != nil {
							t.Error(err)
						}
					}
				}
				if err := os.WriteFile(lock, []byte(`{"host":"other","place":"elsewhere","pid":7,"nonce":"other"}`), 0o666); err != nil {
					t.Error(err)
				}
				left = make(map[string]string)
				for _, p := range partials {
					for name, text := range tree(t, p) {
						if filepath.Ext(name) != atomicfile.Ext { // this process's own
							left[filepath.Join(p, name)] = text
						}
					}
				}
				if canceled { // otherwise the next step finds out
					cancel()
				}
			})
			cancel()
			shared, ok := errors.AsType[*dirlock.SharedError](err)
			if !ok || shared.Host != "other" || errors.Is(err, context.Canceled) {
				t.Errorf("%s, canceled %v: error %v, want a SharedError", stage, canceled, err)
			}
			if !lost {
				t.Fatalf("%s was not reached", stage)
			}
			is := make(map[string]string)
			for name := range left {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Errorf("%s, canceled %v: %v", stage, canceled, err)
				}
				is[name] = string(text)
			}
			if diff := cmp.Diff(left, is); diff != "" {
				t.Errorf("%s, canceled %v: files of the other process: %s", stage, canceled, diff)
			}
			if final, _ := filepath.Glob(filepath.Join(dir, "[0-9a-f]*", fileDataset)); len(final) > 0 {
				t.Errorf("%s, canceled %v: %v was named", stage, canceled, final)
			}
		}
	}
}
