package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenstore"
	"github.com/landscape-aware/growing/data/verified"
)

// announced is the number of bytes from which reading them to check a dataset
// is reported. Less takes no noticeable time. Tests make it smaller.
var announced int64 = 64 << 20

// open opens the dataset in dir and checks its contents. It returns
// errNotPrepared if dir does not exist. Progress may be nil.
func open(ctx context.Context, dir string, progress Progress) (*Dataset, error) {
	d, err := openUnchecked(dir)
	if err != nil {
		return nil, err
	}
	if err := d.check(ctx, progress); err != nil {
		d.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, damaged(dir, err)
	}
	return d, nil
}

// check checks the contents of the stores and of dataset.json, unless they are
// known to be right.
func (d *Dataset) check(ctx context.Context, progress Progress) error {
	memory := verified.User()
	stores := []*tokenstore.Store{d.Train, d.Validation}
	var total, done int64
	for _, s := range stores {
		total += s.Unknown(memory)
	}
	var mu sync.Mutex
	report := func(bytes int64) {
		mu.Lock()
		defer mu.Unlock()
		if done += bytes; progress != nil && total >= announced {
			progress(StageVerify, done, total)
		}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for _, s := range stores {
		group.Go(func() error { return s.Check(groupCtx, memory, report) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if d.summed { // openUnchecked compared it
		return nil
	}
	// The first version wrote no checksum of dataset.json, so count again.
	fact := "statistics of the dataset.json with sha256 " + d.recordSum + "\n"
	large := d.Train.Size()+d.Validation.Size() >= verified.Small
	if large && memory.Knows(fact) {
		return nil
	}
	if err := d.checkStatistics(ctx); err != nil {
		return err
	}
	if large {
		memory.Remember(fact)
	}
	return nil
}

// checkStatistics compares dataset.json with the stores.
func (d *Dataset) checkStatistics(ctx context.Context) error {
	if n := int64(d.Train.Documents() + d.Validation.Documents()); n != d.Documents {
		return fmt.Errorf("%s says %d documents, the stores hold %d", fileDataset, d.Documents, n)
	}
	if n := d.Train.Meta().TextBytes + d.Validation.Meta().TextBytes; n != d.Bytes {
		return fmt.Errorf("%s says %d bytes of text, the stores hold %d", fileDataset, d.Bytes, n)
	}
	for _, s := range []*tokenstore.Store{d.Train, d.Validation} {
		m := s.Meta()
		for _, f := range []struct{ name, said, is string }{{"name", d.Info.Name, m.Source}, {"licence", d.Info.License, m.License}} {
			// Broken UTF-8 is replaced differently in the two files.
			if f.said != f.is && !strings.Contains(f.is, "\uFFFD") {
				return fmt.Errorf("%s says that the corpus's %s is %q, the store of %s says %q", fileDataset, f.name, f.said, m.Split, f.is)
			}
		}
	}
	again := *d
	if err := again.frequencies(ctx); err != nil {
		return err
	}
	for _, f := range []struct {
		name      string
		said, are float64
	}{
		{"unigram entropy", d.UnigramEntropy, again.UnigramEntropy},
		{"validation entropy", d.ValidationEntropy, again.ValidationEntropy},
		{"unknown rate", d.UnknownRate, again.UnknownRate},
	} {
		// Results differ in the last digits on processors with fused multiply-add.
		if math.Abs(f.said-f.are) > 1e-9*(1+math.Abs(f.are)) {
			return fmt.Errorf("%s says that the %s is %v, but the tokens give %v", fileDataset, f.name, f.said, f.are)
		}
	}
	return nil
}

// unseal decodes the text of a JSON file. Summed reports whether the text has a
// checksum, which was compared; the first versions wrote none.
func unseal(text []byte, into any) (summed bool, err error) {
	contents, err := sealed.Open(text)
	if err != nil {
		return false, err
	}
	return len(contents) < len(text), strictjson.Unmarshal(contents, into)
}

func hashBytes(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
