// Command corpora writes the texts of which the READMEs speak to a directory:
// books/opticks.txt.gz, web.jsonl.zst, part-0.parquet, lines.txt. They are Newton's
// Opticks, which comes with Go.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

func main() {
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "corpora:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt"))
	if err != nil {
		return err
	}
	type document struct {
		Text string `parquet:"text"`
	}
	var documents []document
	var lines bytes.Buffer
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r", ""), "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph == "" {
			continue
		}
		line, err := json.Marshal(map[string]string{"content": paragraph, "text": paragraph})
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
		documents = append(documents, document{paragraph})
	}
	if err := os.MkdirAll(filepath.Join(dir, "books"), 0o755); err != nil {
		return err
	}
	zip := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zst := func(w io.Writer) io.WriteCloser {
		z, _ := zstd.NewWriter(w) // fails for impossible options only
		return z
	}
	return errors.Join(
		compress(filepath.Join(dir, "books", "opticks.txt.gz"), text, zip),
		compress(filepath.Join(dir, "web.jsonl.zst"), lines.Bytes(), zst),
		os.WriteFile(filepath.Join(dir, "lines.txt"), text[:1000], 0o644),
		parquet.WriteFile(filepath.Join(dir, "part-0.parquet"), documents),
	)
}

func compress(path string, text []byte, by func(io.Writer) io.WriteCloser) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := by(file)
	_, err = w.Write(text)
	return errors.Join(err, w.Close(), file.Close())
}
