package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// Stages that Prepare reports.
const (
	StageDownload = "download"         // bytes
	StageRead     = "read corpus"      // bytes of text
	StageTrain    = "train vocabulary" // in whatever unit fits
	StageEncode   = "encode"           // bytes of text
	StageWait     = "wait"             // for another process that prepares data in the same directory
)

// Progress is told how far a stage is. Total is 0 where it is not known. It is
// called by one goroutine at a time.
type Progress func(stage string, done, total int64)

// Prepare makes the dataset of a configuration below dir, or opens it if it is
// there.
//
// Whether it is there depends on the corpus's content, whose hash takes seconds
// to compute. It is therefore remembered in dir/corpora under the corpus's stamp
// (path, size and modification time of every file, or the hash that a hub gives
// for it): a changed file changes the stamp, and only then is the corpus read
// again.
//
// The stages follow each other: download, read and train, encode. A dataset is
// made in a hidden directory that gets its name when everything is on disk. A
// process that is killed, or whose context is canceled, leaves nothing that could
// be taken for a dataset; downloaded files and a vocabulary that was trained are
// kept and used by the next one, which gives the same bytes; other leftovers it
// removes. After any other error only downloaded files are kept. Two processes that share dir take turns.
//
// Memory holds a few MiB of text and tokens and the vocabulary's training, which
// grows with the number of different words, but not with the corpus.
func Prepare(ctx context.Context, cfg Config, dir string, progress Progress) (*Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	d, err := prepareIn(ctx, cfg, dir, progress)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return d, nil
}

func prepareIn(ctx context.Context, cfg Config, dir string, progress Progress) (*Dataset, error) {
	vocab, err := cfg.loadTokenizer()
	if err != nil {
		return nil, err
	}
	source, err := corpus.Open(ctx, cfg.Corpus)
	if err != nil {
		return nil, err
	}
	p := &preparation{cfg: cfg, dir: dir, source: source, vocab: vocab, progress: progress}
	if p.stamp, err = source.Stamp(ctx); err != nil {
		return nil, err
	}
	if d, err := p.existing(); !errors.Is(err, errNotPrepared) {
		return d, err
	}
	if err := os.MkdirAll(filepath.Join(dir, dirCorpora), 0o777); err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w: name a directory that is writable", dir, err)
	}
	unlock, err := p.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	defer unlock()
	// Another process may have made it meanwhile.
	if d, err := p.existing(); !errors.Is(err, errNotPrepared) {
		return d, err
	}
	if err := p.sweepCorpora(); err != nil {
		return nil, err
	}
	return p.run(ctx)
}

// dirCorpora holds what is remembered of corpora.
const dirCorpora = "corpora"

// preparation is the making of one dataset.
type preparation struct {
	cfg      Config
	dir      string
	source   corpus.Source
	vocab    *tokenizer.Tokenizer // from TokenizerFile; nil if it is to be trained
	stamp    string
	progress Progress
}

// lock waits until no other process prepares data in the directory.
func (p *preparation) lock(ctx context.Context) (unlock func() error, err error) {
	lock := flock.New(filepath.Join(p.dir, ".lock"))
	held, err := lock.TryLock()
	for err == nil && !held {
		p.progress(StageWait, 0, 0)
		short, cancel := context.WithTimeout(ctx, time.Second)
		held, err = lock.TryLockContext(short, 50*time.Millisecond)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = nil
		}
	}
	return lock.Close, err
}

// contents is what is remembered of a corpus under its stamp.
type contents struct {
	Content   string `json:"content"` // corpus.Fingerprint
	Documents int64  `json:"documents"`
	Bytes     int64  `json:"bytes"`
	Stamp     string `json:"stamp"`
}

func (p *preparation) contentsPath() string {
	sum := sha256.Sum256([]byte(p.stamp))
	return filepath.Join(p.dir, dirCorpora, hex.EncodeToString(sum[:16])+".json")
}

// sweepCorpora removes what killed processes left of what they wanted to
// remember. The lock is held.
func (p *preparation) sweepCorpora() error {
	dir := filepath.Join(p.dir, dirCorpora)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), atomicfile.Ext) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("removing what an interrupted run left: %w", err)
			}
		}
	}
	return nil
}

// contents returns what is remembered of the corpus, nil if it was never read to
// the end.
func (p *preparation) contents() *contents {
	raw, err := os.ReadFile(p.contentsPath())
	if err != nil {
		return nil // what is wrong with the directory shows when it is written to
	}
	var c contents
	if json.Unmarshal(raw, &c) != nil || c.Stamp != p.stamp || c.Content == "" {
		return nil // it will be written again
	}
	return &c
}

// address returns the name of the dataset's directory.
func (p *preparation) address(c *contents) string {
	vocabulary := ""
	if p.vocab != nil {
		vocabulary = p.vocab.Fingerprint()
	}
	return p.cfg.address(c.Content, p.source.Info(), vocabulary)
}

// existing opens the dataset, or returns errNotPrepared if it is not there or
// the corpus was never read.
func (p *preparation) existing() (*Dataset, error) {
	c := p.contents()
	if c == nil {
		return nil, errNotPrepared
	}
	return open(filepath.Join(p.dir, p.address(c)))
}

// run makes the dataset. The lock is held.
func (p *preparation) run(ctx context.Context) (d *Dataset, err error) {
	err = p.source.Fetch(ctx, func(done, total int64) { p.progress(StageDownload, done, total) })
	if err != nil {
		return nil, err
	}
	vocab, c := p.vocab, p.contents()
	if c != nil {
		if partial := p.partial(c); partial.complete() {
			return partial.commit(filepath.Join(p.dir, p.address(c)))
		} else if vocab == nil {
			vocab = partial.vocabulary()
		}
	}
	if c == nil || vocab == nil {
		if vocab, c, err = p.read(ctx); err != nil {
			return nil, err
		}
		if err := p.unchanged(ctx); err != nil {
			return nil, err
		}
		if err := atomicfile.WriteJSON(p.contentsPath(), c); err != nil {
			return nil, err
		}
		reached(dirCorpora)
	}
	if err := p.checkSplit(c); err != nil {
		return nil, err
	}
	// The same text may have been prepared before its files were touched.
	final := filepath.Join(p.dir, p.address(c))
	if d, err := open(final); !errors.Is(err, errNotPrepared) {
		return d, err
	}

	partial := p.partial(c)
	if err := sweepOthers(partial); err != nil {
		return nil, err
	}
	if err := partial.begin(vocab, p.vocab == nil); err != nil {
		return nil, also(err, os.RemoveAll(string(partial)))
	}
	defer func() {
		if err != nil {
			err = also(err, partial.giveUp(ctx.Err() != nil))
		}
	}()
	if err := p.encode(ctx, vocab, c, string(partial)); err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	if err := p.unchanged(ctx); err != nil {
		return nil, err
	}
	if err := p.describe(ctx, vocab, c, string(partial)); err != nil {
		return nil, err
	}
	return partial.commit(final)
}

// also adds to an error what went wrong with the cleaning up after it.
func also(err, more error) error {
	if more == nil {
		return err
	}
	return fmt.Errorf("%w; also, %w", err, more)
}

// errChanged means that the corpus is no longer what it was when the preparation
// began.
func (p *preparation) errChanged() error {
	return fmt.Errorf("the corpus %s was changed while it was read: start again", p.cfg.Corpus)
}

func (p *preparation) unchanged(ctx context.Context) error {
	stamp, err := p.source.Stamp(ctx)
	if err != nil {
		return err
	}
	if stamp != p.stamp {
		return p.errChanged()
	}
	return nil
}

// checkSplit reports an error if the split leaves a part without documents.
func (p *preparation) checkSplit(c *contents) error {
	split := p.cfg.split()
	var train, validation bool
	for i := int64(0); i < c.Documents && !(train && validation); i++ {
		if split.Validation(i) {
			validation = true
		} else {
			train = true
		}
	}
	if train && validation {
		return nil
	}
	part := nameValidation
	if validation {
		part = nameTrain
	}
	return fmt.Errorf("the split leaves no document for %s: the corpus %s has %d documents (a blank line ends one of plain text), and each is for validation with probability %v: use a corpus of more documents, or another validation fraction or split seed",
		part, p.cfg.Corpus, c.Documents, p.cfg.ValidationFraction)
}

// read reads the corpus once: it computes its fingerprint and trains the
// vocabulary on the documents for training, if it is to be trained.
func (p *preparation) read(ctx context.Context) (*tokenizer.Tokenizer, *contents, error) {
	r := &reading{source: p.source, progress: p.progress}
	sum := corpus.NewFingerprint()
	split := p.cfg.split()
	texts := r.texts(ctx, func(ordinal int64, d corpus.Document) bool {
		sum.Add(d)
		return !split.Validation(ordinal)
	})
	vocab := p.vocab
	var err error
	if vocab == nil {
		vocab, err = r.train(ctx, p.cfg, texts)
	} else {
		for _, terr := range texts {
			err = terr
		}
	}
	c := &contents{Content: sum.String(), Documents: r.documents, Bytes: r.bytes, Stamp: p.stamp}
	if err == nil || errors.Is(err, tokenizer.ErrNoText) {
		if serr := p.checkSplit(c); serr != nil {
			return nil, nil, serr // the better explanation
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return vocab, c, nil
}
