package wordpiece

import (
	"context"
	"iter"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	countChunk = 1 << 18 // bytes of documents handed to a worker at once
	countRaw   = 1 << 18 // different raw words a worker holds before it normalizes them
)

// countWords returns how often each normalized word occurs.
func countWords(ctx context.Context, documents iter.Seq2[string, error], n Normalization) (map[string]int64, error) {
	group, ctx := errgroup.WithContext(ctx)
	chunks := make(chan []string)
	total := make(map[string]int64)
	var mu sync.Mutex
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			// Words are counted as they stand and normalized once for each
			// different spelling, not once for each occurrence.
			raw := make(map[string]*int64)
			var scratch []byte
			flush := func() {
				mu.Lock()
				defer mu.Unlock()
				for word, count := range raw {
					scratch = n.words(word, scratch, func(w []byte) { total[string(w)] += *count })
				}
				clear(raw)
			}
			for chunk := range chunks {
				for _, text := range chunk {
					fields(text, func(word string) {
						if c, ok := raw[word]; ok {
							*c++
							return
						}
						one := int64(1)
						raw[strings.Clone(word)] = &one
					})
				}
				if len(raw) >= countRaw {
					flush()
				}
			}
			flush()
			return nil
		})
	}
	send := func(chunk []string) error {
		select {
		case chunks <- chunk:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := func() error {
		defer close(chunks)
		var chunk []string
		size := 0
		for text, err := range documents {
			if err != nil {
				return err
			}
			chunk, size = append(chunk, text), size+len(text)
			if size >= countChunk {
				if err := send(chunk); err != nil {
					return err
				}
				chunk, size = nil, 0
			}
		}
		return send(chunk)
	}()
	if werr := group.Wait(); err == nil {
		err = werr
	}
	if err != nil {
		return nil, err
	}
	return total, nil
}
