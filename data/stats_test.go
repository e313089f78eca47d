package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landscape-aware/growing/data/tokenstore"
)

func TestStats(t *testing.T) {
	d := prepare(t, config(corpusFile(t, 400)), t.TempDir())
	var done, total int64
	s, err := Stats(t.Context(), d, func(_ string, n, of int64) { done, total = n, of })
	if err != nil {
		t.Fatal(err)
	}
	if all := d.Train.Len() + d.Validation.Len(); done != all || total != all {
		t.Errorf("progress ends at %d of %d, want %d", done, total, all)
	}
	if s.Train.TextBytes+s.Validation.TextBytes != d.Bytes || s.Train.Documents+s.Validation.Documents != d.Documents {
		t.Errorf("%d bytes in %d documents", s.Train.TextBytes+s.Validation.TextBytes, s.Train.Documents+s.Validation.Documents)
	}
	if s.Validation.Entropy-d.ValidationEntropy > 1e-12 || s.UnigramEntropy != d.UnigramEntropy {
		t.Errorf("entropies %v and %v", s.Validation.Entropy, s.UnigramEntropy)
	}
	for _, p := range []SplitStatistics{s.Train, s.Validation} {
		var documents int64
		for i, b := range p.Lengths {
			documents += b.Documents
			if i > 0 && b.Low != p.Lengths[i-1].High || b.High <= b.Low {
				t.Errorf("bin %d is %+v", i, b)
			}
		}
		if first, last := p.Lengths[0], p.Lengths[len(p.Lengths)-1]; documents != p.Documents || p.MinLength < first.Low || p.MinLength >= first.High || p.MaxLength < last.Low || p.MaxLength >= last.High {
			t.Errorf("%d documents of %d to %d tokens in %+v", documents, p.MinLength, p.MaxLength, p.Lengths)
		}
		if len(p.Frequent) != FrequentTokens || p.Frequent[0].Count < p.Frequent[1].Count || p.Frequent[0].Token != d.Tokenizer.Token(p.Frequent[0].ID) {
			t.Errorf("%+v", p.Frequent)
		}
		if math.Abs(p.BytesPerToken*float64(p.Tokens)-float64(p.TextBytes)) > 1e-6 || p.MeanLength*float64(p.Documents)-float64(p.Tokens) > 1e-6 {
			t.Errorf("%+v", p)
		}
	}
	if s.Unused < 5 || s.Unused >= s.Vocabulary {
		t.Errorf("%d of %d tokens are not used", s.Unused, s.Vocabulary)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Stats(ctx, d, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestVerify(t *testing.T) {
	cfg := config(corpusFile(t, 400))
	dir := t.TempDir()
	d := prepare(t, cfg, dir)
	v, err := Verify(t.Context(), d.Dir, nil)
	if err != nil || v.Fingerprint != d.Fingerprint {
		t.Fatal(v, err)
	}
	if diff := cmp.Diff(d.Train.Meta(), v.Stores[0]); diff != "" || len(v.Stores) != 2 {
		t.Error(diff)
	}
	for _, ext := range []string{"", ".bin", ".idx", ".json"} {
		v, err := Verify(t.Context(), filepath.Join(d.Dir, "validation"+ext), nil)
		if err != nil || len(v.Stores) != 1 || v.Stores[0].Split != "validation" {
			t.Error(v, err)
		}
	}
	for path, want := range map[string]string{dir: "name the directory of a dataset", filepath.Join(dir, "none"): "prepare the data first"} {
		if _, err := Verify(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	file := filepath.Join(d.Dir, fileDataset)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{`"unigram_entropy": `: `"unigram_entropy": 1`, `"documents": 400`: `"documents": 401`, `"fingerprint": "`: `"fingerprint": "0`, `"bytes": `: `"bytes": 1`} {
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), from, to, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(t.Context(), d.Dir, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestOutside counts a store with correct checksums and a token of 2^31 or
// more, which does not fit into an int32.
func TestOutside(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "train")
	w, err := tokenstore.Create(prefix, tokenstore.Meta{VocabSize: 70_000, EndToken: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Append([]int32{5, 1}), w.Commit()); err != nil {
		t.Fatal(err)
	}
	s, err := tokenstore.Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	m := s.Meta()
	s.Close()
	tokens := []byte{0, 0, 0, 0x80, 1, 0, 0, 0}
	seal := func(b []byte) string { sum := sha256.Sum256(b); return hex.EncodeToString(sum[:]) }
	m.TokensSHA256, m.TokensSample, m.SHA256 = seal(tokens), seal(tokens), ""
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	m.SHA256 = seal(text)
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(prefix+".bin", tokens, 0o666), os.WriteFile(prefix+".json", text, 0o666)); err != nil {
		t.Fatal(err)
	}
	if s, err = tokenstore.Open(prefix); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := histogram(t.Context(), s, m.VocabSize); !errors.Is(err, tokenstore.ErrDamaged) {
		t.Error(err)
	}
}
