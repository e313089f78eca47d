package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// template is the special tokens that a tokenizer.json's post-processor puts
// around a text.
type template struct {
	before, after []int32
	raw           json.RawMessage // the section as it was read
}

// postProcessor is a "post_processor" section.
type postProcessor struct {
	Type string `json:"type"`

	// TemplateProcessing
	Single []struct {
		SpecialToken *struct {
			ID string `json:"id"`
		}
		Sequence *struct {
			ID string `json:"id"`
		}
	} `json:"single"`
	SpecialTokens map[string]struct {
		IDs []int32 `json:"ids"`
	} `json:"special_tokens"`

	// BertProcessing and RobertaProcessing: a token and its id
	Cls, Sep []json.RawMessage

	// Sequence
	Processors []json.RawMessage `json:"processors"`
}

// maxNesting bounds sequences in sequences.
const maxNesting = 16

// parseTemplate reads a "post_processor" section for texts that come alone.
func parseTemplate(raw json.RawMessage, size int) (template, error) {
	t := template{raw: raw}
	err := t.add(raw, 0)
	for _, id := range append(append([]int32{}, t.before...), t.after...) {
		if err == nil && (id < 0 || int(id) >= size) {
			err = fmt.Errorf("the post_processor adds token %d, outside the vocabulary of %d", id, size)
		}
	}
	return t, err
}

func (t *template) add(raw json.RawMessage, depth int) error {
	var p *postProcessor
	if len(raw) == 0 {
		return nil
	}
	if depth > maxNesting {
		return fmt.Errorf("the post_processor holds sequences in sequences, more than %d deep", maxNesting)
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("the post_processor section: %w", err)
	}
	if p == nil {
		return nil
	}
	switch p.Type {
	case "ByteLevel": // changes offsets only
	case "TemplateProcessing":
		seen := false
		var before, after []int32
		for _, part := range p.Single {
			switch {
			case part.Sequence != nil && part.SpecialToken != nil:
				return errors.New("the post_processor's template has a piece that is both a Sequence and a SpecialToken")
			case part.Sequence != nil && part.Sequence.ID == "A" && !seen:
				seen = true
			case part.SpecialToken != nil:
				special, ok := p.SpecialTokens[part.SpecialToken.ID]
				if !ok {
					return fmt.Errorf("the post_processor's template names %q, which is not among its special_tokens", part.SpecialToken.ID)
				}
				if seen {
					after = append(after, special.IDs...)
				} else {
					before = append(before, special.IDs...)
				}
			default:
				return errors.New("the post_processor's template for one text does not hold it once, as the Sequence \"A\"")
			}
		}
		if !seen {
			return errors.New("the post_processor's template for one text does not hold it")
		}
		t.wrap(before, after)
	case "BertProcessing", "RobertaProcessing":
		cls, err := pairID(p.Cls)
		if err != nil {
			return fmt.Errorf("the \"cls\" of the post_processor of type %s: %w", p.Type, err)
		}
		sep, err := pairID(p.Sep)
		if err != nil {
			return fmt.Errorf("the \"sep\" of the post_processor of type %s: %w", p.Type, err)
		}
		t.wrap([]int32{cls}, []int32{sep})
	case "Sequence":
		for _, raw := range p.Processors {
			if err := t.add(raw, depth+1); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("the post_processor is of type %q; TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence are supported", p.Type)
	}
	return nil
}

// pairID returns the id of a pair of a token and its id.
func pairID(pair []json.RawMessage) (int32, error) {
	if len(pair) != 2 {
		return 0, fmt.Errorf("%d elements where a token and its id must be", len(pair))
	}
	var token *string
	var id *int32
	if err := json.Unmarshal(pair[0], &token); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(pair[1], &id); err != nil {
		return 0, err
	}
	if token == nil || id == nil {
		return 0, errors.New("the token or its id is null")
	}
	return *id, nil
}

// wrap puts tokens around those that are there already.
func (t *template) wrap(before, after []int32) {
	t.before = append(append([]int32{}, before...), t.before...)
	t.after = append(t.after, after...)
}

// newTemplate returns the template that puts cls, unless it is "", before a text
// and sep after it, and sep between two texts. Both are tokens of m.
func newTemplate(m model, cls, sep string) template {
	var t template
	token := func(name string, typeID int) string {
		return fmt.Sprintf(`{"SpecialToken": {"id": %q, "type_id": %d}}`, name, typeID)
	}
	define := func(name string, id int32) string {
		return fmt.Sprintf(`%q: {"id": %q, "ids": [%d], "tokens": [%q]}`, name, name, id, name)
	}
	begin, special := "", ""
	if cls != "" {
		id, _ := m.ID(cls)
		t.before = []int32{id}
		begin, special = token(cls, 0)+", ", define(cls, id)+", "
	}
	id, _ := m.ID(sep)
	t.after = []int32{id}
	one := begin + `{"Sequence": {"id": "A", "type_id": 0}}, ` + token(sep, 0)
	two := one + `, {"Sequence": {"id": "B", "type_id": 1}}, ` + token(sep, 1)
	t.raw = fmt.Appendf(nil, `{"type": "TemplateProcessing", "single": [%s], "pair": [%s], "special_tokens": {%s}}`, one, two, special+define(sep, id))
	return t
}
