package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// template is the special tokens that a tokenizer.json's post-processor puts
// around a text.
type template struct {
	before, after []int32
	raw           json.RawMessage // the section as it was read
}

// maxAround bounds the tokens around a text, far above those of tokenizers in use.
const maxAround = 1024

// parseTemplate reads a "post_processor" section for texts that come alone.
func parseTemplate(raw json.RawMessage) (template, error) {
	t := template{raw: raw}
	err := component.Each("post_processor", raw, func(c component.Component) error {
		var before, after []int32
		var err error
		switch c.Type {
		case "ByteLevel": // changes offsets only
		case "TemplateProcessing":
			before, after, err = single(c)
		case "BertProcessing", "RobertaProcessing":
			if before, err = pairID(c.Cls); err != nil {
				return fmt.Errorf("the \"cls\" of %s: %w", c.Type, err)
			}
			if after, err = pairID(c.Sep); err != nil {
				return fmt.Errorf("the \"sep\" of %s: %w", c.Type, err)
			}
		default:
			return component.Unsupported("%q is not supported: TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence are", c.Type)
		}
		t.before, t.after = slices.Concat(before, t.before), append(t.after, after...)
		if n := len(t.before) + len(t.after); n > maxAround {
			return fmt.Errorf("it puts %d tokens around a text: the limit is %d", n, maxAround)
		}
		return err
	})
	return t, err
}

// check reports an id that is not in a vocabulary of the given size.
func (t *template) check(size int) error {
	for _, id := range slices.Concat(t.before, t.after) {
		if id < 0 || int(id) >= size {
			return fmt.Errorf("the post_processor adds token %d, outside the vocabulary of %d", id, size)
		}
	}
	return nil
}

// single returns the ids before and after the text in a template for one text.
func single(c component.Component) (before, after []int32, err error) {
	seen := false // the text
	for _, part := range c.Single {
		switch {
		case part.Sequence != nil && part.SpecialToken != nil:
			return nil, nil, errors.New("the template has a piece that is both a Sequence and a SpecialToken")
		case part.Sequence != nil && part.Sequence.ID == "A" && !seen:
			seen = true
		case part.SpecialToken != nil:
			special, ok := c.SpecialTokens[part.SpecialToken.ID]
			if !ok {
				return nil, nil, fmt.Errorf("the template names %q, which is not among its special_tokens", part.SpecialToken.ID)
			}
			if seen {
				after = append(after, special.IDs...)
			} else {
				before = append(before, special.IDs...)
			}
		default:
			return nil, nil, errors.New("the template for one text does not hold it once, as the Sequence \"A\"")
		}
	}
	if !seen {
		return nil, nil, errors.New("the template for one text does not hold it")
	}
	return before, after, nil
}

// pairID returns the id of a pair of a token and its id.
func pairID(pair []json.RawMessage) ([]int32, error) {
	if len(pair) != 2 {
		return nil, fmt.Errorf("%d elements where a token and its id must be", len(pair))
	}
	var token *string
	var id *int32
	if err := strictjson.UnmarshalPart(pair[0], &token); err != nil {
		return nil, err
	}
	if err := strictjson.UnmarshalPart(pair[1], &id); err != nil {
		return nil, err
	}
	if token == nil || id == nil {
		return nil, errors.New("the token or its id is null")
	}
	return []int32{*id}, nil
}

// newTemplate returns the template that puts cls, unless it is "", before a text
// and sep after it, and sep between two texts. The ids are those of both, or of sep.
func newTemplate(cls, sep string, ids []int32) template {
	var t template
	token := func(name string, typeID int) string {
		return fmt.Sprintf(`{"SpecialToken": {"id": %s, "type_id": %d}}`, component.Marshal(name), typeID)
	}
	define := func(name string, id int32) string {
		quoted := component.Marshal(name)
		return fmt.Sprintf(`%s: {"id": %s, "ids": [%d], "tokens": [%s]}`, quoted, quoted, id, quoted)
	}
	last := ids[len(ids)-1]
	t.after = []int32{last}
	begin, special := "", ""
	if cls != "" {
		t.before = []int32{ids[0]}
		begin, special = token(cls, 0)+", ", define(cls, ids[0])
		if cls != sep {
			special += ", "
		}
	}
	if cls != sep {
		special += define(sep, last)
	}
	one := begin + `{"Sequence": {"id": "A", "type_id": 0}}, ` + token(sep, 0)
	two := one + `, {"Sequence": {"id": "B", "type_id": 1}}, ` + token(sep, 1)
	t.raw = fmt.Appendf(nil, `{"type": "TemplateProcessing", "single": [%s], "pair": [%s], "special_tokens": {%s}}`, one, two, special)
	return t
}
