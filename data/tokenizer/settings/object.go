package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// object is a JSON object in the order of its members. Of members with one name the
// last counts, in the place of the first, as in Python.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

func (o object) has(name string) bool {
	for _, m := range o {
		if m.name == name {
			return true
		}
	}
	return false
}

// parseObject reads a JSON object.
func parseObject(text []byte) (object, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(text))
	open, err := d.Token()
	if err != nil {
		return nil, plain(err)
	}
	if open != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	var o object
	at := make(map[string]int)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, plain(err)
		}
		m := member{name: name.(string)} // the decoder accepts no other
		if err := d.Decode(&m.value); err != nil {
			return nil, plain(err)
		}
		if i, ok := at[m.name]; ok {
			o[i] = m
			continue
		}
		at[m.name] = len(o)
		o = append(o, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, plain(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return o, nil
}

// plain says that the end is missing in words that do not need the program.
func plain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut off")
	}
	return err
}

// parseToken reads a token: its content, or an object with its flags. A special token
// is not looked for in normalized text, unless its flags say so.
func parseToken(value json.RawMessage, special bool) (Token, error) {
	t := Token{ID: -1, Special: special}
	if len(value) > 0 && value[0] == '"' {
		return t, strictjson.UnmarshalPart(value, &t.Content)
	}
	var flags struct {
		Content    *string `json:"content"`
		SingleWord bool    `json:"single_word"`
		LStrip     bool    `json:"lstrip"`
		RStrip     bool    `json:"rstrip"`
		Normalized *bool   `json:"normalized"`
		Special    bool    `json:"special"`
	}
	if err := strictjson.UnmarshalPart(value, &flags); err != nil {
		return t, err
	}
	if flags.Content == nil {
		return t, fmt.Errorf("%.60s has no content", value)
	}
	t.Content, t.SingleWord, t.LStrip, t.RStrip = *flags.Content, flags.SingleWord, flags.LStrip, flags.RStrip
	t.Special = special || flags.Special
	t.Normalized = !t.Special
	if flags.Normalized != nil {
		t.Normalized = *flags.Normalized
	}
	return t, nil
}

// refuse returns an error for a setting that changes ids and cannot be done, unless it
// has the value at which it changes nothing.
func refuse(m member) error {
	value := strings.TrimSpace(string(m.value))
	switch m.name {
	case "do_basic_tokenize", "do_word_tokenize", "do_subword_tokenize", "clean_text":
		if value == "false" {
			return component.Unsupported("false is not supported: true is")
		}
	case "split_special_tokens":
		if value == "true" {
			return component.Unsupported("true is not supported: false is")
		}
	case "word_tokenizer_type", "subword_tokenizer_type":
		if value != "null" && value != `"basic"` && value != `"wordpiece"` {
			return component.Unsupported("%s is not supported", value)
		}
	case "wordpieces_prefix":
		if value != "null" && value != `"##"` {
			return component.Unsupported(`%s is not supported: "##" is`, value)
		}
	}
	return nil
}
