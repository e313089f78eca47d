package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/data/tokenizer"
)

func dataEncode(flags *flag.FlagSet) func(context.Context, []string) error {
	file := flags.String("tokenizer", "", "`file` of the tokenizer: a tokenizer.json, a vocab.txt or a .model")
	special := flags.Bool("special", false, "put the special tokens around each line that the file says, such as [CLS] and [SEP]")
	workers := flags.Int("workers", runtime.GOMAXPROCS(0), "`number` of lines encoded at once")
	return func(ctx context.Context, _ []string) error {
		if *file == "" {
			return usageError{errors.New("no tokenizer was named; give one with -tokenizer FILE")}
		}
		if *workers < 1 {
			return usageError{fmt.Errorf("%d workers; there must be at least 1", *workers)}
		}
		t, err := tokenizer.Load(*file)
		if err != nil {
			return err
		}
		return encodeLines(ctx, t, *special, *workers, os.Stdin, os.Stdout)
	}
}

// encodeChunk is how many bytes of lines a worker encodes at once, at least.
const encodeChunk = 1 << 18

// lines is a chunk of whole lines on its way to the output.
type lines struct {
	text []byte
	ids  chan []byte // their ids as text; filled by a worker
}

// encodeLines writes a line of ids, separated by spaces, for every line of text.
func encodeLines(ctx context.Context, t *tokenizer.Tokenizer, special bool, workers int, in io.Reader, out io.Writer) error {
	group, ctx := errgroup.WithContext(ctx)
	todo := make(chan lines)
	order := make(chan lines, 2*workers) // bounds what is held in memory
	group.Go(func() error {
		defer close(todo)
		defer close(order)
		return readLines(in, func(text []byte) error {
			chunk := lines{text, make(chan []byte, 1)}
			for _, to := range []chan lines{order, todo} {
				select {
				case to <- chunk:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range workers {
		group.Go(func() error {
			e := t.NewEncoder()
			var ids []int32
			for chunk := range todo {
				var text []byte
				for line := range bytes.Lines(chunk.text) {
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
				chunk.ids <- text
			}
			return nil
		})
	}
	group.Go(func() error {
		w := bufio.NewWriterSize(out, 1<<16)
		for chunk := range order {
			select {
			case text := <-chunk.ids:
				if _, err := w.Write(text); err != nil {
					return fmt.Errorf("writing ids: %w", err)
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return w.Flush()
	})
	return group.Wait()
}

// readLines calls yield with chunks of whole lines; the last line may lack its
// end.
func readLines(in io.Reader, yield func([]byte) error) error {
	r := bufio.NewReaderSize(in, encodeChunk)
	var chunk []byte
	for {
		part, err := r.ReadSlice('\n')
		chunk = append(chunk, part...)
		switch {
		case err == nil && len(chunk) < encodeChunk, errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && err != io.EOF:
			return fmt.Errorf("reading lines: %w", err)
		}
		if len(chunk) > 0 {
			if yerr := yield(chunk); yerr != nil {
				return yerr
			}
			chunk = nil
		}
		if err == io.EOF {
			return nil
		}
	}
}
