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
	"time"

	"github.com/gofrs/flock"

	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/data/tokenstore"
)

// Stages that Prepare reports.
const (
	StageRead   = "read corpus"      // bytes of text
	StageTrain  = "train vocabulary" // tokens
	StageEncode = "encode"           // bytes of text
	StageWait   = "wait"             // for another process that prepares data in the same directory
)

// Progress is told how far a stage is. Total is 0 where it is not known.
type Progress func(stage string, done, total int64)

// Prepare makes the dataset of a configuration below dir, or opens it if it is
// there.
//
// Whether it is there depends on the corpus's content, whose hash takes seconds
// to compute. It is therefore remembered in dir/corpora under the corpus's stamp
// (path, size and modification time of every file): a changed file changes the
// stamp, and only then is the corpus read again.
//
// A dataset is made in a hidden directory that gets its name when everything is
// on disk. A process that is killed leaves nothing that could be taken for a
// dataset, and the next one begins again. Two processes that share dir take
// turns.
func Prepare(ctx context.Context, cfg Config, dir string, progress Progress) (*Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	source, err := corpus.Open(cfg.Corpus)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	p := &preparation{cfg: cfg, dir: dir, source: source, progress: progress}
	if p.stamp, err = source.Stamp(ctx); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if d, err := p.existing(); !errors.Is(err, errNotPrepared) {
		return d, err
	}
	if err := os.MkdirAll(filepath.Join(dir, dirCorpora), 0o777); err != nil {
		return nil, fmt.Errorf("data: cannot write to %s: %w: name a directory that is writable", dir, err)
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	held, err := lock.TryLock()
	for err == nil && !held {
		progress(StageWait, 0, 0)
		short, cancel := context.WithTimeout(ctx, time.Second)
		held, err = lock.TryLockContext(short, 50*time.Millisecond)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("data: locking %s: %w", dir, err)
	}
	defer lock.Close()
	// Another process may have made it meanwhile.
	if d, err := p.existing(); !errors.Is(err, errNotPrepared) {
		return d, err
	}
	return p.run(ctx)
}

const (
	dirCorpora    = "corpora"
	partialPrefix = ".partial-" // of the name of a dataset in the making
)

// preparation is the making of one dataset.
type preparation struct {
	cfg      Config
	dir      string
	source   corpus.Source
	stamp    string
	progress Progress
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

// existing opens the dataset, or returns errNotPrepared if it is not there or
// the corpus was never read.
func (p *preparation) existing() (*Dataset, error) {
	raw, err := os.ReadFile(p.contentsPath())
	if err != nil {
		return nil, errNotPrepared // what is wrong with the directory shows when it is written to
	}
	var c contents
	if json.Unmarshal(raw, &c) != nil || c.Stamp != p.stamp || c.Content == "" {
		return nil, errNotPrepared // it will be written again
	}
	return open(filepath.Join(p.dir, p.cfg.address(c.Content)))
}

// run makes the dataset. The lock is held.
func (p *preparation) run(ctx context.Context) (*Dataset, error) {
	vocab, c, err := p.train(ctx)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if err := p.unchanged(ctx); err != nil {
		return nil, err
	}
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if err := writeFile(p.contentsPath(), raw); err != nil {
		return nil, err
	}

	address := p.cfg.address(c.Content)
	final := filepath.Join(p.dir, address)
	// The same text may have been prepared from another place.
	if d, err := open(final); !errors.Is(err, errNotPrepared) {
		return d, err
	}
	// The lock is ours, so that any other such directory is what a killed process left.
	leftovers, err := filepath.Glob(filepath.Join(p.dir, partialPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", p.dir, err)
	}
	for _, l := range leftovers {
		if err := os.RemoveAll(l); err != nil {
			return nil, fmt.Errorf("data: removing what an interrupted run left: %w", err)
		}
	}
	partial := filepath.Join(p.dir, partialPrefix+address)
	if err := os.Mkdir(partial, 0o777); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer os.RemoveAll(partial)
	if err := vocab.SaveTo(partial); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	if err := p.encode(ctx, vocab, c, partial); err != nil {
		return nil, fmt.Errorf("data: encoding: %w", err)
	}
	if err := p.unchanged(ctx); err != nil {
		return nil, err
	}
	if err := p.describe(vocab, c, partial); err != nil {
		return nil, err
	}
	if err := os.Rename(partial, final); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	return open(final)
}

// unchanged reports an error if the corpus is no longer what it was when the
// preparation began.
func (p *preparation) unchanged(ctx context.Context) error {
	source, err := corpus.Open(p.cfg.Corpus)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	stamp, err := source.Stamp(ctx)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if stamp != p.stamp {
		return fmt.Errorf("data: the corpus %s was changed while it was read: start again", p.cfg.Corpus)
	}
	return nil
}

// train reads the corpus once: it computes its fingerprint and trains the
// vocabulary on the documents for training.
func (p *preparation) train(ctx context.Context) (*tokenizer.Tokenizer, *contents, error) {
	c := &contents{Stamp: p.stamp}
	sum := corpus.NewFingerprint()
	split := p.cfg.split()
	var validation int64
	texts := func(yield func(string, error) bool) {
		for d, err := range p.source.Documents(ctx) {
			if err != nil {
				yield("", err)
				return
			}
			sum.Add(d)
			ordinal := c.Documents
			c.Documents++
			c.Bytes += int64(len(d.Text))
			if c.Documents%64 == 0 {
				p.progress(StageRead, c.Bytes, 0)
			}
			if split.Validation(ordinal) {
				validation++
			} else if !yield(d.Text, nil) {
				return
			}
		}
		p.progress(StageRead, c.Bytes, c.Bytes)
	}
	opts := p.cfg.training()
	opts.Progress = func(done, total int64) { p.progress(StageTrain, done, total) }
	vocab, err := tokenizer.Train(ctx, texts, opts)
	c.Content = sum.String()
	if err != nil && !errors.Is(err, tokenizer.ErrNoText) {
		return nil, nil, fmt.Errorf("training a vocabulary on %s: %w", p.cfg.Corpus, err)
	}
	if c.Documents > 0 && (validation == 0 || validation == c.Documents) {
		part := nameValidation
		if validation > 0 {
			part = nameTrain
		}
		return nil, nil, fmt.Errorf("the split leaves no document for %s: the corpus %s has %d documents (a blank line ends one), and each is for validation with probability %v: use a corpus of more documents, or another validation fraction or split seed",
			part, p.cfg.Corpus, c.Documents, p.cfg.ValidationFraction)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("training a vocabulary on %s: %w", p.cfg.Corpus, err)
	}
	return vocab, c, nil
}

// fingerprint returns the fingerprint of a dataset.
func fingerprint(vocabulary string, train, validation tokenstore.Meta) string {
	h := sha256.New()
	fmt.Fprintf(h, "dataset %d\n%s\n", formatVersion, vocabulary)
	for _, m := range []tokenstore.Meta{train, validation} {
		fmt.Fprintf(h, "%s %s %s\n", m.DType, m.TokensSHA256, m.IndexSHA256)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// describe writes dataset.json.
func (p *preparation) describe(vocab *tokenizer.Tokenizer, c *contents, dir string) error {
	r := record{Content: c.Content, Vocabulary: vocab.Fingerprint(), Info: p.source.Info(), Documents: c.Documents, Bytes: c.Bytes}
	var counts [2][]int64
	var metas [2]tokenstore.Meta
	var unknown, total int64
	for i, name := range []string{nameTrain, nameValidation} {
		s, err := tokenstore.Open(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("data: %w", err)
		}
		metas[i] = s.Meta()
		counts[i], err = histogram(s, vocab.VocabSize())
		s.Close()
		if err != nil {
			return fmt.Errorf("data: %w", err)
		}
		unknown += counts[i][vocab.Special().Unk]
		total += metas[i].Tokens
	}
	r.UnigramEntropy, r.ValidationEntropy = entropies(counts[0], counts[1], vocab.IsSpecial)
	r.UnknownRate = float64(unknown) / float64(total)
	r.Fingerprint = fingerprint(r.Vocabulary, metas[0], metas[1])
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return writeFile(filepath.Join(dir, fileDataset), raw)
}

// writeFile replaces a file at once, when its contents are on disk.
func writeFile(path string, contents []byte) error {
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	_, err = f.Write(append(contents, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("data: writing %s: %w", path, err)
	}
	return nil
}
