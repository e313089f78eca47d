package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/data/corpus"
	"github.com/landscape-aware/growing/data/dirlock"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/tokenizer"
)

// The stages that Prepare reports, with the unit of their progress.
const (
	StageDownload = "download"         // bytes
	StageRead     = "read corpus"      // bytes of text
	StageTrain    = "train vocabulary" // the unit depends on the kind of vocabulary
	StageEncode   = "encode"           // bytes of text
	StageVerify   = "verify"           // bytes of a dataset that exists; [Open] and [Verify] report it too
	StageWait     = "wait"             // for another process that uses the same directory
)

// Progress is called with the progress of a stage. Total is 0 if it is unknown.
// Only one goroutine calls it at a time.
type Progress func(stage string, done, total int64)

// Prepare returns the dataset of a configuration, stored below dir. It makes
// the dataset if it does not exist.
//
// A dataset is found by the content hash of its corpus, which takes seconds to
// compute. Prepare therefore remembers the hash in dir/corpora under the
// corpus's stamp: the path, size and modification time of every file, or the
// hash that a hub gives for it. It reads the corpus again only if the stamp has
// changed.
//
// The stages are: download, read and train, encode. Files are written into a
// hidden directory that is renamed when everything is on disk. If the process
// is killed or the context is canceled, no incomplete dataset appears under the
// final name. The next run uses the downloaded files and a trained vocabulary
// again, gives the same bytes, and removes other leftovers. After any other
// error only downloaded files are kept. Two processes that share dir take
// turns. If the file system does not keep them apart, the one that finds that
// out leaves the files to the other, and returns a [*dirlock.SharedError].
//
// A dataset that is damaged is made again, as long as its corpus can be read. The
// damaged one is then renamed, so that it can be examined; see [sealed.SetAside].
//
// Prepare needs memory for a few MiB of text and tokens, and for training the
// vocabulary. The latter grows with the number of different words, not with the
// size of the corpus.
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

func prepareIn(ctx context.Context, cfg Config, dir string, progress Progress) (d *Dataset, err error) {
	vocab, err := cfg.LoadTokenizer()
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
	if d, err := p.existing(ctx); !p.toMake(err) {
		return d, err
	}
	defer func(ctx context.Context) { err = p.explain(ctx, err) }(ctx) // not the lock's context
	if err := os.MkdirAll(filepath.Join(dir, dirCorpora), 0o777); err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w: name a writable directory", dir, err)
	}
	tell := dirlock.Telling(dir, time.Second, func(h dirlock.Holder) {
		log.Info("another process prepares data in the directory; waiting for it", "dir", dir, "held by", h)
	})
	lock, err := dirlock.Wait(ctx, dir, func() {
		tell()
		progress(StageWait, 0, 0)
	})
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	defer func() {
		// What fails without the lock fails because of that: work was canceled, or
		// files are the other process's.
		if lost := lock.Err(); err != nil && lost != nil {
			err = lost
		}
	}()
	ctx, p.lost = lock.Context(), lock.Err
	// Another process may have made the dataset while this one waited.
	if d, err := p.existing(ctx); !p.toMake(err) {
		return d, err
	}
	if err := p.sweepCorpora(); err != nil {
		return nil, err
	}
	return p.run(ctx)
}

// dirCorpora is the directory of the [contents] of corpora.
const dirCorpora = "corpora"

// preparation is one call of Prepare.
type preparation struct {
	cfg      Config
	dir      string
	source   corpus.Source
	vocab    *tokenizer.Tokenizer // from TokenizerFile; nil if it has to be trained
	stamp    string
	progress Progress
	lost     func() error  // why the lock of dir is lost, or nil; asked before files are removed or renamed
	damage   *damagedError // of the dataset that exists; nil if it is not damaged
}

// contents describes the documents of a corpus. It is stored under the corpus's
// stamp.
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

// sweepCorpora removes temporary files of killed processes from dirCorpora. The
// caller holds the lock.
func (p *preparation) sweepCorpora() error {
	return atomicfile.RemoveLeftovers(filepath.Join(p.dir, dirCorpora), "")
}

// contents returns the stored contents of the corpus, or nil if the corpus was
// never read to the end, or if what was stored is damaged.
func (p *preparation) contents() *contents {
	raw, err := os.ReadFile(p.contentsPath())
	if err != nil {
		return nil // if the directory is unreadable, writing to it will report that
	}
	var c contents
	summed, err := unseal(raw, &c)
	if err != nil || c.Stamp != p.stamp || c.Content == "" {
		return nil // run writes it again
	}
	if !summed && !p.confirmed(&c) {
		return nil
	}
	return &c
}

// confirmed reports whether there is a dataset of these contents. Without a
// checksum, as the first versions wrote it, nothing else shows that they are right.
func (p *preparation) confirmed(c *contents) bool {
	d, err := openUnchecked(filepath.Join(p.dir, p.address(c)))
	if err != nil {
		return false
	}
	defer d.Close()
	return d.record.Content == c.Content && d.Documents == c.Documents && d.Bytes == c.Bytes
}

// address returns the name of the dataset's directory.
func (p *preparation) address(c *contents) string {
	vocabulary := ""
	if p.vocab != nil {
		vocabulary = p.vocab.Fingerprint()
	}
	return p.cfg.address(c.Content, p.source.Info(), vocabulary)
}

// existing opens the dataset. It returns errNotPrepared if there is none or the
// corpus was never read.
func (p *preparation) existing(ctx context.Context) (*Dataset, error) {
	c := p.contents()
	if c == nil {
		return nil, errNotPrepared
	}
	return p.open(ctx, c)
}

// open opens the dataset of a corpus with the given contents.
func (p *preparation) open(ctx context.Context, c *contents) (*Dataset, error) {
	dir := filepath.Join(p.dir, p.address(c))
	d, err := open(ctx, dir, p.progress)
	if err != nil {
		return nil, err
	}
	if d.record.Content != c.Content {
		d.Close()
		return nil, damaged(dir, errors.New("it was made from another corpus than its name says"))
	}
	return d, nil
}

// run makes the dataset. The caller holds the lock.
func (p *preparation) run(ctx context.Context) (d *Dataset, err error) {
	err = p.source.Fetch(ctx, func(done, total int64) { p.progress(StageDownload, done, total) })
	if err != nil {
		return nil, err
	}
	vocab, c := p.vocab, p.contents()
	if c != nil {
		partial := p.partial(c)
		if complete, err := partial.complete(ctx, p.progress); err != nil {
			return nil, err
		} else if complete {
			return p.commit(partial, filepath.Join(p.dir, p.address(c)))
		}
		if vocab == nil {
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
		if err := sealed.Write(p.contentsPath(), c); err != nil {
			return nil, err
		}
		reached(dirCorpora)
	}
	if err := p.checkSplit(c); err != nil {
		return nil, err
	}
	final := filepath.Join(p.dir, p.address(c))
	if p.damage == nil || p.damage.dir != final {
		// The same text may have been prepared earlier, with other modification
		// times.
		if d, err := p.open(ctx, c); !p.toMake(err) {
			return d, err
		}
	}
	if p.damage != nil {
		log.Warn("the dataset is damaged; it is made again", "dataset", final, "error", p.damage.err)
	}

	if err := p.lost(); err != nil {
		return nil, err
	}
	partial := p.partial(c)
	if err := sweepOthers(partial); err != nil {
		return nil, err
	}
	begun := false
	defer func() {
		if err != nil && p.lost() == nil {
			err = also(err, partial.clear(begun && ctx.Err() != nil))
		}
	}()
	if err := partial.begin(vocab, p.vocab == nil); err != nil {
		return nil, err
	}
	begun = true
	if err := p.encode(ctx, vocab, c, string(partial)); err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	if err := errors.Join(p.unchanged(ctx), p.lost()); err != nil {
		return nil, err
	}
	if err := p.describe(ctx, vocab, c, string(partial)); err != nil {
		return nil, err
	}
	return p.commit(partial, final)
}

// also adds the error of a clean-up, if any, to the error that caused it.
func also(err, more error) error {
	if more == nil {
		return err
	}
	return fmt.Errorf("%w; also, %w", err, more)
}

// errChanged returns the error for a corpus that changed during the
// preparation.
func (p *preparation) errChanged() error {
	return fmt.Errorf("the corpus %s changed while it was read: start again", p.cfg.Corpus)
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

// checkSplit returns an error if one side of the split has no documents.
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
	return fmt.Errorf("the split leaves no document for %s: the corpus %s has %s (in plain text a blank line ends a document), and each is for validation with probability %v: use a corpus of more documents, or another validation fraction or split seed",
		part, p.cfg.Corpus, plain.Count(c.Documents, "document"), p.cfg.ValidationFraction)
}

// read reads the corpus once, to compute its contents and, if necessary, to
// train the vocabulary on the training documents.
func (p *preparation) read(ctx context.Context) (*tokenizer.Tokenizer, *contents, error) {
	r := &reading{source: p.source, progress: p.progress}
	sum := corpus.NewFingerprint()
	split := p.cfg.split()
	broken := 0
	texts := r.texts(ctx, func(ordinal int64, d corpus.Document) bool {
		sum.Add(d)
		if strings.ContainsRune(d.Text, unicode.ReplacementChar) {
			broken++
		}
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
	if broken > 0 {
		log.Warn("some documents contain U+FFFD, the character that stands for bytes that are not UTF-8; tokenizers may drop it; if the text is in another encoding, convert it, for example with `iconv -f LATIN1 -t UTF-8`",
			"documents", broken, "of", r.documents)
	}
	c := &contents{Content: sum.String(), Documents: r.documents, Bytes: r.bytes, Stamp: p.stamp}
	if err == nil || errors.Is(err, tokenizer.ErrNoText) {
		if serr := p.checkSplit(c); serr != nil {
			return nil, nil, serr // explains the failure better
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return vocab, c, nil
}
