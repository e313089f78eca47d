package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"strconv"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/ordered"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag/hf"
)

func dataEncode(flags *flag.FlagSet) func(context.Context, []string) error {
	file := flags.String("tokenizer", "", "`file` of the tokenizer: a tokenizer.json, a vocab.txt or a .model, or the directory of a model or of a dataset")
	special := flags.Bool("special", false, "add the tokenizer's special tokens to each line, such as [CLS] and [SEP]")
	workers := flags.Int("workers", runtime.GOMAXPROCS(0), "`number` of lines encoded at once")
	return func(ctx context.Context, _ []string) error {
		if *file == "" {
			return usageError{errors.New("no tokenizer was given; use -tokenizer FILE")}
		}
		if *workers < 1 {
			return usageError{fmt.Errorf("%d workers are not possible; use 1 or more", *workers)}
		}
		t, err := loadTokenizer(*file)
		if err != nil {
			return err
		}
		// Do not wait for the reader on an interrupt: it may wait forever for a
		// terminal or another program.
		ended := make(chan error, 1)
		go func() { ended <- encodeLines(ctx, t, *special, *workers, os.Stdin, os.Stdout) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
	}
}

// loadTokenizer loads a tokenizer from its file, from a dataset, or from the directory
// of a model.
func loadTokenizer(path string) (*tokenizer.Tokenizer, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return tokenizer.Load(path)
	}
	if !data.IsDataset(path) {
		t, _, err := hf.LoadTokenizer(hf.TokenizerFiles(path))
		if err == nil && t == nil {
			err = fmt.Errorf("%s has no file of a tokenizer; use -tokenizer with the directory of a model or of a dataset, or with a file", path)
		}
		return t, err
	}
	d, err := data.OpenUnchecked(path) // the vocabulary is checked, and no token is read
	if err != nil {
		return nil, err
	}
	return d.Tokenizer, d.Close()
}

// encodeChunk is the largest number of bytes that a worker encodes at once,
// except for longer lines.
const encodeChunk = 1 << 18

// encodeLines writes a line of ids, separated by spaces, for every line of
// text. It answers a single line, as typed in a terminal, at once.
func encodeLines(ctx context.Context, t *tokenizer.Tokenizer, special bool, workers int, in io.Reader, out io.Writer) error {
	encoder := func() func([]byte) ([]byte, error) {
		e := t.NewEncoder()
		var ids []int32
		return func(chunk []byte) ([]byte, error) {
			var text []byte
			for line := range bytes.Lines(chunk) {
				line = bytes.TrimSuffix(line, []byte("\n"))
				if special {
					ids = e.EncodeSpecial(ids[:0], string(line))
				} else {
					ids = e.Encode(ids[:0], string(line))
				}
				for i, id := range ids {
					if i > 0 {
						text = append(text, ' ')
					}
					text = strconv.AppendInt(text, int64(id), 10)
				}
				text = append(text, '\n')
			}
			return text, nil
		}
	}
	return ordered.Map(ctx, workers, readLines(in), encoder, func(ids []byte) error {
		if _, err := out.Write(ids); err != nil {
			return fmt.Errorf("writing ids: %w", err)
		}
		return nil
	})
}

// readLines yields chunks of whole lines, each with the input available so far.
// The last line may lack a line end.
func readLines(in io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r := bufio.NewReaderSize(in, encodeChunk)
		var chunk []byte
		for {
			part, err := r.ReadSlice('\n')
			chunk = append(chunk, part...)
			switch {
			case err == nil && r.Buffered() > 0 && len(chunk) < encodeChunk, errors.Is(err, bufio.ErrBufferFull):
				continue
			case err != nil && err != io.EOF:
				yield(nil, fmt.Errorf("reading lines: %w", err))
				return
			}
			if len(chunk) > 0 && !yield(chunk, nil) {
				return
			}
			if err == io.EOF {
				return
			}
			chunk = nil
		}
	}
}
