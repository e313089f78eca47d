// Package wordcount counts the words of documents, on all processors.
package wordcount

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	countChunk = 1 << 18 // bytes of documents handed to a worker at once
	countRaw   = 1 << 17 // different raw words a worker holds before it normalizes them
)

// Splitter cuts texts into words. It is used by one goroutine.
type Splitter interface {
	// Split calls yield for every word of text as it stands there.
	Split(text string, yield func(word string))

	// Normalize calls yield for every word that is to be counted where a word
	// returned by Split occurs. It is called once for many occurrences. The
	// bytes given to yield need be valid only during the call.
	Normalize(word []byte, yield func(normalized []byte))
}

// ErrNoText means that there was nothing to train a vocabulary on.
var ErrNoText = errors.New("the training text holds no words")

// Count returns how often each word occurs in the documents, ErrNoText if there is
// none. It calls newSplitter once for every processor. documents is drained on the
// caller's goroutine. Count stops at the first error of documents, or when ctx is done.
func Count(ctx context.Context, documents iter.Seq2[string, error], newSplitter func() Splitter) (*Counts, error) {
	group, ctx := errgroup.WithContext(ctx)
	chunks := make(chan []string)
	total := new(Counts)
	var mu sync.Mutex
	for range runtime.GOMAXPROCS(0) {
		splitter := newSplitter()
		group.Go(func() error {
			// Words are counted as they stand and normalized once for each
			// different spelling, not once for each occurrence.
			var raw Counts
			flush := func() {
				mu.Lock()
				defer mu.Unlock()
				for word, count := range raw.Bytes() {
					splitter.Normalize(word, func(w []byte) { total.AddBytes(w, count) })
				}
				raw.clear()
			}
			for chunk := range chunks {
				for _, text := range chunk {
					splitter.Split(text, func(word string) { raw.Add(word, 1) })
				}
				if raw.Len() >= countRaw {
					flush()
				}
			}
			flush()
			return nil
		})
	}
	err := distribute(ctx, documents, chunks)
	if werr := group.Wait(); err == nil {
		err = werr
	}
	if err == nil && total.Len() == 0 {
		err = ErrNoText
	}
	if err != nil {
		return nil, err
	}
	return total, nil
}

// distribute sends the documents in chunks, and closes the channel.
func distribute(ctx context.Context, documents iter.Seq2[string, error], chunks chan<- []string) error {
	defer close(chunks)
	send := func(chunk []string) error {
		select {
		case chunks <- chunk:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
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
}
