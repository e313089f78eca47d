package unigram

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"sync"
)

// nmtNFKCFile is the precompiled_charsmap of sentencepiece's nmt_nfkc, its default
// normalization, made by its rules from Unicode 15: NFKC, with control characters
// removed and all kinds of spaces made one. A test makes the rules anew. The file
// never changes, so that the same text always gives the same vocabulary.
//
//go:embed nmt_nfkc.gz
var nmtNFKCFile []byte

// nmtNFKC returns the rules of nmt_nfkc.
var nmtNFKC = sync.OnceValues(func() (*charsmap, error) {
	z, err := gzip.NewReader(bytes.NewReader(nmtNFKCFile))
	if err != nil {
		return nil, fmt.Errorf("unigram: nmt_nfkc.gz: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("unigram: nmt_nfkc.gz: %w", err)
	}
	return parseCharsmap(data)
})
