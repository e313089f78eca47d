package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/landscape-aware/growing/data/atomicfile"
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
	set := func(role string) {
		name := roles[role]
		id, ok := t.ID(name)
		field := roleFields[role]
		if name == "" || field == nil || !ok || *field(&t.special) == id {
			return
		}
		*field(&t.special) = id
		if t.roles == nil {
			t.roles = make(map[string]string)
		}
		t.roles[role] = name
	}
	for role := range roles {
		if role != endRole {
			set(role)
		}
	}
	if t.special.EOS < 0 {
		t.special.EOS = t.special.Sep // as of BERT
	}
	set(endRole) // at last, so that what follows from sep_token is not kept
}

// endRole is the role of the token that ends a text.
const endRole = "eos_token"

// roleSettings returns a tokenizer_config.json that names the tokens with a meaning.
// It names added tokens only. Others have their meaning by their names, and would
// become added tokens if settings named them, see addTokens.
func (t *Tokenizer) roleSettings() []byte {
	all := map[string]string{"tokenizer_class": settings.Any}
	for role, field := range roleFields {
		name := t.Token(*field(&t.special))
		if _, ok := t.addedIDs[name]; ok {
			all[role] = name
		}
	}
	return component.Marshal(all)
}

// ownSettings returns the contents of the tokenizer_config.json that the tokenizer's file
// needs, or nil.
func (t *Tokenizer) ownSettings() []byte {
	if len(t.roles) == 0 || t.withoutSettings() {
		return nil
	}
	return append(t.roleSettings(), '\n')
}

// withoutSettings reports whether the tokenizer's file is read without settings.
func (t *Tokenizer) withoutSettings() bool {
	return t.sentencePiece != nil && madeHere(t.sentencePiece)
}

// saveSettings makes the tokenizer_config.json in a directory that of the tokenizer, or
// removes it. Where it changes, the tokenizer's file is removed first. So a process that
// is killed before the new file is there leaves no tokenizer, rather than one with
// another's settings.
func (t *Tokenizer) saveSettings(dir string) error {
	if t.withoutSettings() {
		return nil
	}
	path := filepath.Join(dir, settings.ConfigFile)
	want := t.ownSettings()
	have, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && want == nil || err == nil && bytes.Equal(have, want):
		return nil
	case err == nil && !isRoleSettings(have):
		return fmt.Errorf("%s is of another program, and %s would be read with its settings: choose another directory, or remove it", path, t.FileName())
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.Remove(filepath.Join(dir, t.FileName())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if want == nil {
		return os.Remove(path)
	}
	return atomicfile.WriteBytes(path, want)
}

// isRoleSettings reports whether a tokenizer_config.json is one that roleSettings makes.
func isRoleSettings(text []byte) bool {
	var all map[string]string
	if json.Unmarshal(text, &all) != nil || all["tokenizer_class"] != settings.Any {
		return false
	}
	for name := range all {
		if roleFields[name] == nil && name != "tokenizer_class" {
			return false
		}
	}
	return bytes.Equal(text, append(component.Marshal(all), '\n'))
}
