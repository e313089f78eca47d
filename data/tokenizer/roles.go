package tokenizer

import (
	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/settings"
)

// roleFields are the tokens with a meaning, by transformers' names.
var roleFields = map[string]func(*Special) *int32{
	"pad_token":  func(s *Special) *int32 { return &s.Pad },
	"unk_token":  func(s *Special) *int32 { return &s.Unk },
	"cls_token":  func(s *Special) *int32 { return &s.Cls },
	"sep_token":  func(s *Special) *int32 { return &s.Sep },
	"mask_token": func(s *Special) *int32 { return &s.Mask },
	"eos_token":  func(s *Special) *int32 { return &s.EOS },
}

// setRoles gives tokens the meaning that settings name. It keeps those whose meaning
// does not follow from their names.
func (t *Tokenizer) setRoles(roles map[string]string) {
	for role, name := range roles {
		id, ok := t.ID(name)
		field := roleFields[role]
		if field == nil || !ok || *field(&t.special) == id {
			continue
		}
		*field(&t.special) = id
		if t.roles == nil {
			t.roles = make(map[string]string)
		}
		t.roles[role] = name
	}
	if t.special.EOS < 0 {
		t.special.EOS = t.special.Sep // as of BERT
	}
}

// roleSettings returns a tokenizer_config.json that names the tokens with a meaning.
func (t *Tokenizer) roleSettings() []byte {
	all := map[string]string{"tokenizer_class": settings.Any}
	for role, field := range roleFields {
		if id := *field(&t.special); id >= 0 {
			all[role] = t.Token(id)
		}
	}
	return component.Marshal(all)
}
