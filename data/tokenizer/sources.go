package tokenizer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/settings"
	"github.com/landscape-aware/growing/data/tokenizer/unigram"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// Names of transformers' files. Others are read without what is beside them.
const (
	jsonFile       = "tokenizer.json"
	vocabularyFile = "vocab.txt"
	pieceFile      = "spiece.model"
	modelFile      = "tokenizer.model"
	pairsFile      = "vocab.json" // of byte-level BPE, beside mergesFile
	mergesFile     = "merges.txt"
)

// parseBeside reads a file of transformers with the settings in its directory.
func parseBeside(path string, data []byte) (parts, error) {
	dir, name := filepath.Split(path)
	s, err := settings.Read(dir)
	if err != nil {
		return parts{}, err
	}
	var p parts
	switch name {
	case jsonFile:
		p, err = parseFile(data, s)
	case vocabularyFile:
		if p, err = besideVocabulary(dir, data, s); err == nil && p.model != nil {
			name = jsonFile
			break
		}
		if err == nil {
			p, err = parseVocabulary(data, s)
		}
	case pieceFile, modelFile:
		p, err = parsePieces(name, data, s)
	case pairsFile:
		p, err = parsePairs(dir, data, s)
	}
	if u, ok := p.model.(*unigram.Model); err != nil || ok && u.IsSentencePiece() {
		return p, err
	}
	return p, p.apply(name, s)
}

// beside has the names of the files that are read with the settings beside them.
var beside = map[string]bool{jsonFile: true, vocabularyFile: true, pieceFile: true, modelFile: true, pairsFile: true}

// besideVocabulary reads the tokenizer.json beside a vocab.txt, which transformers reads
// in its place. There is no model if there is no such file.
func besideVocabulary(dir string, vocabulary []byte, s *settings.Settings) (parts, error) {
	data, err := os.ReadFile(filepath.Join(dir, jsonFile))
	if errors.Is(err, fs.ErrNotExist) {
		return parts{}, nil
	}
	if err != nil {
		return parts{}, err
	}
	p, err := parseFile(data, s)
	if err != nil {
		return parts{}, fmt.Errorf("the %s beside it: %w", jsonFile, err)
	}
	lines := strings.Split(strings.TrimRight(strings.TrimPrefix(string(vocabulary), "\ufeff"), " \t\r\n"), "\n")
	beyond := make(map[int]string)
	for _, a := range p.added {
		beyond[int(a.ID)] = a.Content
	}
	for id, line := range lines {
		token := p.model.Token(int32(id))
		if token == "" {
			token = beyond[id]
		}
		if strings.TrimSpace(line) != strings.TrimSpace(token) {
			return parts{}, fmt.Errorf("token %d is %q, but %q in the %s beside it: give the one that is meant, in a directory of its own", id, strings.TrimSpace(line), token, jsonFile)
		}
	}
	return p, nil
}

// parseVocabulary reads a vocab.txt.
func parseVocabulary(data []byte, s *settings.Settings) (parts, error) {
	unk := Unk
	if t := s.Roles["unk_token"]; t != nil {
		unk = t.Content
	}
	m, err := wordpiece.ParseVocabularyWith(string(data), unk)
	if err != nil {
		return parts{}, err
	}
	if s.Present {
		return parts{kind: WordPiece, model: m.WithNormalization(wordpiece.Uncased)}, nil
	}
	return partsOf(WordPiece, m), nil
}

// parsePieces reads a .model of SentencePiece. One of T5's becomes what transformers'
// class makes of it if that adds tokens. Then names of special tokens in a text
// are these tokens.
func parsePieces(name string, data []byte, s *settings.Settings) (parts, error) {
	m, err := unigram.ParseModel(data)
	if err != nil {
		return parts{}, err
	}
	if s.Class == "" && s.Present && name == pieceFile {
		s.Class, s.ClassFile = "T5Tokenizer", settings.ConfigFile
	}
	prof, err := profileOf(name, Unigram, s)
	sentinels := component.Or(s.ExtraIDs, sentinelsOfT5)
	if err != nil || prof == nil || s.Guessed && name != pieceFile || madeHere(m) {
		return partsOf(Unigram, m), err
	}
	return convertT5(m, sentinels, !s.NamesExtra)
}

// madeHere reports whether a model has the special pieces of those that are trained
// here, which keep SentencePiece's ids.
func madeHere(m *unigram.Model) bool {
	for id, name := range specialNames[Unigram] {
		if m.Token(int32(id)) != name {
			return false
		}
	}
	return true
}

// convertT5 returns what transformers' T5Tokenizer makes of a .model: sentinels follow
// the pieces, and <extra_id_0> is the last. With reserved, the control and user-defined
// pieces are found in text before it is cut.
func convertT5(m *unigram.Model, sentinels int, reserved bool) (parts, error) {
	switch {
	case m.Unknown() != 2:
		return parts{}, component.Unsupported("the unknown piece has id %d; only 2 is supported in a vocabulary of T5", m.Unknown())
	case m.FallsBackToBytes():
		return parts{}, component.Unsupported("a vocabulary of T5 with byte_fallback is not supported")
	}
	var names []string
	for n := sentinels - 1; n >= 0; n-- {
		if _, ok := m.ID(Sentinel(n)); !ok {
			names = append(names, Sentinel(n))
		}
	}
	p, err := convert(m, names)
	if err == nil && reserved {
		p.reserve(m)
	}
	return p, err
}

// convert returns what Hugging Face's tokenizers make of a .model, with more pieces.
func convert(m *unigram.Model, more []string) (parts, error) {
	normalizer, preTokenizer, decoder, section, err := m.HuggingFace(more...)
	if err != nil {
		return parts{}, err
	}
	u, err := unigram.Parse(normalizer, preTokenizer, decoder, section)
	return parts{kind: Unigram, model: u}, err
}

// reserve makes added tokens of the control and user-defined pieces of a .model.
func (p *parts) reserve(m *unigram.Model) {
	controls, others := m.Reserved()
	for _, id := range append(controls, others...) {
		p.added = append(p.added, addedToken{ID: id, Content: m.Token(id), Special: slices.Contains(controls, id)})
	}
}

// parsePairs reads a vocab.json and the merges.txt beside it, as GPT-2's and RoBERTa's
// tokenizers do.
func parsePairs(dir string, vocabulary []byte, s *settings.Settings) (parts, error) {
	prof, err := profileOf(pairsFile, BPE, s)
	if err != nil {
		return parts{}, err
	}
	if prof == nil {
		s.Class, s.Present = "GPT2Tokenizer", true
	}
	if s.Around && profiles[s.Class] == gpt2Profile {
		return parts{}, component.Unsupported("add_bos_token and add_eos_token are not supported with a %s: false is", pairsFile)
	}
	text, err := os.ReadFile(filepath.Join(dir, mergesFile))
	if err != nil {
		return parts{}, fmt.Errorf("the merges beside it: %w", err)
	}
	var merges []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#version") {
			merges = append(merges, line)
		}
	}
	byteLevel := fmt.Appendf(nil, `{"type":"ByteLevel","add_prefix_space":%t,"trim_offsets":true,"use_regex":true}`, component.Or(s.AddPrefixSpace, false))
	f := &file{PreTokenizer: byteLevel, Decoder: byteLevel, Model: component.Marshal(struct {
		Type   string          `json:"type"`
		Vocab  json.RawMessage `json:"vocab"`
		Merges []string        `json:"merges"`
	}{"BPE", vocabulary, merges})}
	return f.parts()
}

// setPrefixSpace makes a tokenizer.json of GPT-2's or RoBERTa's class put a space before
// text, or not, as the settings say. The class says no where they do not.
func (f *file) setPrefixSpace(s *settings.Settings) error {
	if prof := profiles[s.Class]; !s.Present || prof != gpt2Profile && prof != robertaProfile {
		return nil
	}
	c, err := component.One("pre_tokenizer", f.PreTokenizer)
	if err != nil || c == nil || c.Type != "ByteLevel" {
		return err
	}
	if want := component.Or(s.AddPrefixSpace, false); c.AddPrefixSpace != nil && *c.AddPrefixSpace != want {
		f.PreTokenizer = fmt.Appendf(nil, `{"type":"ByteLevel","add_prefix_space":%t,"trim_offsets":true,"use_regex":%t}`, want, component.Or(c.UseRegex, true))
	}
	return nil
}
