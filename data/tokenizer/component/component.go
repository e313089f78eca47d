// Package component reads the sections of a tokenizer.json other than its model: the
// normalizer, the pre-tokenizer, the post-processor and the decoder.
package component

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
)

// Component is an object of any of the sections. It has the members that the
// supported types use; pointers are nil where a member is absent.
type Component struct {
	Type string `json:"type"`

	// Sequence, in each of the sections.
	Normalizers   []json.RawMessage `json:"normalizers"`
	PreTokenizers []json.RawMessage `json:"pretokenizers"`
	Processors    []json.RawMessage `json:"processors"`
	Decoders      []json.RawMessage `json:"decoders"`

	// Replace, Split, Strip, Prepend, Precompiled and Punctuation.
	Pattern    Pattern `json:"pattern"`
	Content    string  `json:"content"`
	Behavior   *string `json:"behavior"`
	Invert     *bool   `json:"invert"`
	StripLeft  *bool   `json:"strip_left"`
	StripRight *bool   `json:"strip_right"`
	Start      int     `json:"start"`
	Stop       int     `json:"stop"`
	Prepend    string  `json:"prepend"`
	Charsmap   string  `json:"precompiled_charsmap"`

	// ByteLevel, Metaspace and Digits.
	AddPrefixSpace   *bool  `json:"add_prefix_space"`
	UseRegex         *bool  `json:"use_regex"`
	Replacement      string `json:"replacement"`
	PrependScheme    string `json:"prepend_scheme"`
	Split            *bool  `json:"split"`
	IndividualDigits bool   `json:"individual_digits"`

	// BertNormalizer and WordPiece.
	CleanText    *bool   `json:"clean_text"`
	ChineseChars *bool   `json:"handle_chinese_chars"`
	StripAccents *bool   `json:"strip_accents"`
	Lowercase    *bool   `json:"lowercase"`
	Prefix       *string `json:"prefix"`
	Cleanup      *bool   `json:"cleanup"`

	// TemplateProcessing, BertProcessing and RobertaProcessing.
	Single        []Piece            `json:"single"`
	SpecialTokens map[string]Special `json:"special_tokens"`
	Cls           []json.RawMessage  `json:"cls"` // a token and its id
	Sep           []json.RawMessage  `json:"sep"`
}

// Pattern is a regular expression or a literal text.
type Pattern struct{ Regex, String *string }

// Piece is a part of a template: a special token or a text.
type Piece struct {
	SpecialToken, Sequence *struct {
		ID string `json:"id"`
	}
}

// Special holds the ids of a special token of a template.
type Special struct {
	IDs []int32 `json:"ids"`
}

// Bounds of sections, far above those of tokenizers in use.
const (
	maxNesting    = 16   // sequences in sequences
	maxComponents = 1024 // in one section
)

// Each calls visit for every component of a section, and for those of sequences
// one by one. It does not call visit for a section that is absent or null.
func Each(section string, raw json.RawMessage, visit func(Component) error) error {
	n := 0
	counted := func(c Component) error {
		if n++; n > maxComponents {
			return fmt.Errorf("there are more than %d components", maxComponents)
		}
		return visit(c)
	}
	if err := each(raw, 0, counted); err != nil {
		return fmt.Errorf("%s: %w", section, err)
	}
	return nil
}

func each(raw json.RawMessage, depth int, visit func(Component) error) error {
	if IsNull(raw) {
		return nil
	}
	if depth > maxNesting {
		return fmt.Errorf("sequences are nested more than %d deep", maxNesting)
	}
	var c Component
	if err := strictjson.UnmarshalPart(raw, &c); err != nil {
		return err
	}
	if c.Type != "Sequence" {
		return visit(c)
	}
	for _, part := range slices.Concat(c.Normalizers, c.PreTokenizers, c.Processors, c.Decoders) {
		if err := each(part, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

// One reads a section that holds one component, nil if it is absent or null.
func One(section string, raw json.RawMessage) (*Component, error) {
	if IsNull(raw) {
		return nil, nil
	}
	c := new(Component)
	if err := strictjson.UnmarshalPart(raw, c); err != nil {
		return nil, fmt.Errorf("%s: %w", section, err)
	}
	return c, nil
}

// IsNull reports whether a section is absent or null.
func IsNull(section json.RawMessage) bool {
	section = bytes.TrimSpace(section)
	return len(section) == 0 || string(section) == "null"
}

// Sections holds sections as they were read, without insignificant spaces; those
// that were absent are null.
type Sections struct{ Normalizer, PreTokenizer, Decoder json.RawMessage }

// NewSections returns the sections given, which may be nil.
func NewSections(normalizer, preTokenizer, decoder json.RawMessage) (s Sections, err error) {
	for to, section := range map[*json.RawMessage]json.RawMessage{&s.Normalizer: normalizer, &s.PreTokenizer: preTokenizer, &s.Decoder: decoder} {
		if *to, err = Compact(section); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Compact returns a section without insignificant spaces, null if it is absent.
func Compact(section json.RawMessage) (json.RawMessage, error) {
	if IsNull(section) {
		return json.RawMessage("null"), nil
	}
	var b bytes.Buffer
	err := json.Compact(&b, section)
	return b.Bytes(), err
}

// Marshal returns v as JSON without spaces and without the escapes for HTML. It
// panics if v cannot be encoded, which strings, numbers and structs of them can.
func Marshal(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Or returns the value of a member, fallback if it is absent.
func Or[T any](member *T, fallback T) T {
	if member == nil {
		return fallback
	}
	return *member
}
