package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// file is what this package understands of a tokenizer.json.
type file struct {
	AddedTokens []struct {
		ID         int32  `json:"id"`
		Content    string `json:"content"`
		Special    bool   `json:"special"`
		Normalized bool   `json:"normalized"`
	} `json:"added_tokens"`
	Normalizer *struct {
		Type         string `json:"type"`
		CleanText    *bool  `json:"clean_text"`
		ChineseChars *bool  `json:"handle_chinese_chars"`
		StripAccents *bool  `json:"strip_accents"`
		Lowercase    *bool  `json:"lowercase"`
	} `json:"normalizer"`
	PreTokenizer *struct {
		Type string `json:"type"`
	} `json:"pre_tokenizer"`
	Decoder *struct {
		Cleanup *bool `json:"cleanup"`
	} `json:"decoder"`
	Model *struct {
		Type     string           `json:"type"`
		Unk      string           `json:"unk_token"`
		Prefix   *string          `json:"continuing_subword_prefix"`
		MaxChars int              `json:"max_input_chars_per_word"`
		Vocab    map[string]int64 `json:"vocab"`
	} `json:"model"`
}

// Load reads a WordPiece tokenizer from a tokenizer.json, as Hugging Face's
// tokenizers and [Tokenizer.Save] write it.
func Load(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tokenizer: there is no file %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: reading: %w", err)
	}
	t, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", path, err)
	}
	return t, nil
}

// Parse reads a WordPiece tokenizer from the contents of a tokenizer.json.
func Parse(data []byte) (*Tokenizer, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("not a tokenizer.json: %w", err)
	}
	m := f.Model
	switch {
	case m == nil || len(m.Vocab) == 0:
		return nil, errors.New(`not a tokenizer.json: there is no "model" with a "vocab"`)
	case m.Type != "WordPiece" && m.Type != "":
		return nil, fmt.Errorf("the model is of type %q; only WordPiece is supported here", m.Type)
	case m.Unk != Unk && m.Unk != "":
		return nil, fmt.Errorf("the unknown token is %q; only %s is supported", m.Unk, Unk)
	case m.Prefix != nil && *m.Prefix != "##":
		return nil, fmt.Errorf(`the prefix of continuing pieces is %q; only "##" is supported`, *m.Prefix)
	case m.MaxChars < 0:
		return nil, fmt.Errorf("max_input_chars_per_word is %d", m.MaxChars)
	case f.Normalizer == nil || f.Normalizer.Type != "BertNormalizer":
		return nil, errors.New("the normalizer is not a BertNormalizer, the only one supported here")
	case f.PreTokenizer == nil || f.PreTokenizer.Type != "BertPreTokenizer":
		return nil, errors.New("the pre-tokenizer is not a BertPreTokenizer, the only one supported here")
	}

	for _, a := range f.AddedTokens {
		if _, ok := m.Vocab[a.Content]; !ok {
			m.Vocab[a.Content] = int64(a.ID)
		}
	}
	n := len(m.Vocab)
	tokens := make([]string, n)
	seen := make([]bool, n)
	for token, id := range m.Vocab {
		if id < 0 || id >= int64(n) {
			return nil, fmt.Errorf("token %q has id %d, but there are %d tokens, whose ids must be 0 to %d", token, id, n, n-1)
		}
		if seen[id] {
			return nil, fmt.Errorf("tokens %q and %q share the id %d", tokens[id], token, id)
		}
		seen[id], tokens[id] = true, token
		if token == "" {
			return nil, fmt.Errorf("the token with id %d is empty", id)
		}
	}
	var specials []string
	for _, a := range f.AddedTokens {
		if int64(a.ID) != m.Vocab[a.Content] {
			return nil, fmt.Errorf("added token %q has id %d, but %d in the vocabulary", a.Content, a.ID, m.Vocab[a.Content])
		}
		if !a.Special || a.Normalized {
			return nil, fmt.Errorf("added token %q is not special or is to be normalized: not supported", a.Content)
		}
		specials = append(specials, a.Content)
	}

	isTrue := func(b *bool) bool { return b == nil || *b }
	norm := normalization{
		CleanText:    isTrue(f.Normalizer.CleanText),
		ChineseChars: isTrue(f.Normalizer.ChineseChars),
		Lowercase:    isTrue(f.Normalizer.Lowercase),
	}
	norm.StripAccents = norm.Lowercase // Hugging Face's default
	if s := f.Normalizer.StripAccents; s != nil {
		norm.StripAccents = *s
	}
	t, err := newTokenizer(tokens, specials, norm)
	if err != nil {
		return nil, err
	}
	if m.MaxChars > 0 {
		t.maxChars = m.MaxChars
	}
	t.cleanup = f.Decoder == nil || isTrue(f.Decoder.Cleanup)
	return t, nil
}

// JSON returns the tokenizer as the contents of a tokenizer.json, which Hugging
// Face's tokenizers can load. The same tokenizer gives the same bytes.
func (t *Tokenizer) JSON() []byte {
	var b bytes.Buffer
	str := func(s string) string {
		var q strings.Builder
		enc := json.NewEncoder(&q)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(s) // strings always encode
		return strings.TrimSuffix(q.String(), "\n")
	}
	b.WriteString("{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [")
	for i, id := range t.specials {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n    {\"id\": %d, \"content\": %s, \"single_word\": false, \"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": true}", id, str(t.tokens[id]))
	}
	b.WriteString("\n  ],\n")
	fmt.Fprintf(&b, "  \"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": %t, \"handle_chinese_chars\": %t, \"strip_accents\": %t, \"lowercase\": %t},\n",
		t.norm.CleanText, t.norm.ChineseChars, t.norm.StripAccents, t.norm.Lowercase)
	b.WriteString("  \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"},\n")
	fmt.Fprintf(&b, `  "post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [%d], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [%d], "tokens": ["[SEP]"]}}},
`, t.special.Cls, t.special.Sep)
	fmt.Fprintf(&b, "  \"decoder\": {\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\": %t},\n", t.cleanup)
	fmt.Fprintf(&b, "  \"model\": {\n    \"type\": \"WordPiece\",\n    \"unk_token\": \"[UNK]\",\n    \"continuing_subword_prefix\": \"##\",\n    \"max_input_chars_per_word\": %d,\n    \"vocab\": {", t.maxChars)
	for id, token := range t.tokens {
		if id > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n      ")
		b.WriteString(str(token))
		b.WriteString(": ")
		b.WriteString(strconv.Itoa(id))
	}
	b.WriteString("\n    }\n  }\n}\n")
	return b.Bytes()
}

// Save writes the tokenizer to a tokenizer.json, replacing the file at once
// when it is complete and on disk.
func (t *Tokenizer) Save(path string) error {
	tmp := path + ".tmp"
	f, err := os.Create(tmp)
	if err != nil {
		return fmt.Errorf("tokenizer: saving: %w", err)
	}
	_, err = f.Write(t.JSON())
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return fmt.Errorf("tokenizer: saving: %w", err)
	}
	return nil
}
