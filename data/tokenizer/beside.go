package tokenizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/tokenizer/component"
	"github.com/landscape-aware/growing/data/tokenizer/settings"
	"github.com/landscape-aware/growing/data/tokenizer/wordpiece"
)

// parts is what a file says of a tokenizer.
type parts struct {
	kind  Kind
	model model
	added []addedToken
	post  template
	roles map[string]string // tokens with a meaning that settings name
}

// tokenizer makes a tokenizer of its parts.
func (p parts) tokenizer() (*Tokenizer, error) {
	t, err := newTokenizer(p.kind, p.model, p.added, p.post)
	if err != nil {
		return nil, err
	}
	t.setRoles(p.roles)
	return t, p.post.check(t.size)
}

// apply does what the settings beside a file say, as transformers does. The settings
// count before a tokenizer.json, also where they are silent and the class has a default.
func (p *parts) apply(name string, s *settings.Settings) error {
	prof, err := profileOf(name, p.kind, s)
	if err != nil {
		return err
	}
	if prof == nil && name == vocabularyFile && s.Present { // of this class, whatever the settings say
		prof, s.Class = bertProfile, "BertTokenizer"
	}
	if !s.Present && (name == jsonFile || name == vocabularyFile) {
		return nil // the file stands alone; what the model is says nothing of its tokenizer
	}
	if s.Splits != nil {
		return s.Splits
	}
	if w, ok := p.model.(*wordpiece.Model); ok {
		if prof == bertProfile && s.Refused != nil {
			return s.Refused
		}
		if p.model, err = applyBERT(w, prof == bertProfile, s); err != nil {
			return err
		}
	}
	if err := p.addTokens(prof, s); err != nil {
		return err
	}
	if prof == bertProfile {
		if err := p.checkNeverSplit(s.NeverSplit); err != nil {
			return fmt.Errorf("%s: never_split: %w", settings.ConfigFile, err)
		}
	}
	return p.around(prof)
}

// checkNeverSplit accepts words that are added tokens, as all special ones of BERT's
// classes are: these are never split anyway.
func (p *parts) checkNeverSplit(words []string) error {
	for _, w := range words {
		if !slices.ContainsFunc(p.added, func(a addedToken) bool { return a.Content == w }) {
			return component.Unsupported("%q is not a special or added token; only these are supported", w)
		}
	}
	return nil
}

// applyBERT returns a model with the normalization of the settings, and, if they are of
// BERT's class, with the defaults of the class.
func applyBERT(m *wordpiece.Model, bert bool, s *settings.Settings) (*wordpiece.Model, error) {
	if s.Class == settings.Any {
		return m, nil // all is in the tokenizer.json
	}
	n := m.Normalization()
	if bert {
		if !n.CleanText {
			return nil, component.Unsupported("clean_text false is not supported together with the class %s, of which transformers 4 and 5 disagree", s.Class)
		}
		n.Lowercase, n.ChineseChars = true, true
	}
	n.Lowercase = component.Or(s.LowerCase, n.Lowercase)
	n.ChineseChars = component.Or(s.ChineseChars, n.ChineseChars)
	if bert || s.LowerCase != nil || s.StripAccents != nil {
		n.StripAccents = component.Or(s.StripAccents, n.Lowercase)
	}
	m = m.WithNormalization(n)
	if unk := s.Roles["unk_token"]; bert && unk != nil {
		return m.WithUnknown(unk.Content)
	}
	return m, nil
}

// addTokens adds the tokens of the settings: those with ids, then special ones that are
// not added tokens yet, in the order in which transformers adds them.
func (p *parts) addTokens(prof *profile, s *settings.Settings) error {
	next := p.model.Size()
	at := make(map[string]int, len(p.added)) // places of the tokens
	for i, a := range p.added {
		next, at[a.Content] = max(next, int(a.ID)+1), i
	}
	add := func(t settings.Token) error {
		i, there := at[t.Content]
		id, known := int32(next), true
		if there {
			id = p.added[i].ID
		} else if inModel, ok := p.model.ID(t.Content); ok {
			id = inModel
		} else {
			known = false
		}
		if t.ID >= 0 && t.ID != int64(id) {
			return fmt.Errorf("the added token %q has id %d in the settings beside the vocabulary, but transformers gives it %d", t.Content, t.ID, id)
		}
		if !known {
			next++
		}
		a := addedToken{ID: id, Content: t.Content, SingleWord: t.SingleWord, LStrip: t.LStrip, RStrip: t.RStrip, Normalized: t.Normalized, Special: t.Special}
		if there {
			p.added[i] = a
		} else {
			at[t.Content] = len(p.added)
			p.added = append(p.added, a)
		}
		return nil
	}
	for _, t := range s.Added {
		if err := add(t); err != nil {
			return err
		}
	}
	p.roles = make(map[string]string)
	var missing []settings.Token
	for _, role := range settings.Roles() {
		t, said := s.Roles[role]
		if !said && prof != nil && prof.special[role] != "" {
			t = &settings.Token{Content: prof.special[role], ID: -1, Special: true}
		}
		if t != nil {
			missing = append(missing, *t)
			p.roles[role] = t.Content
		}
	}
	missing = append(missing, s.Extra...)
	if prof == t5Profile {
		missing = append(missing, extraIDs(s)...)
	}
	for _, t := range missing {
		t.ID = -1
		if _, ok := at[t.Content]; ok {
			continue
		}
		if err := add(t); err != nil {
			return err
		}
	}
	return nil
}

// extraIDs returns T5's sentinels, in the order in which transformers adds them to a
// vocabulary that lacks them. Settings that name any name all of them.
func extraIDs(s *settings.Settings) []settings.Token {
	named := func(t settings.Token) bool { return strings.Contains(t.Content, "<extra_id_") }
	if slices.ContainsFunc(s.Extra, named) {
		return nil
	}
	var all []settings.Token
	for n := range component.Or(s.ExtraIDs, sentinelsOfT5) {
		all = append(all, settings.Token{Content: Sentinel(n), ID: -1, Special: true})
	}
	return all
}

// around sets what the class puts around a text.
func (p *parts) around(prof *profile) error {
	id := func(role string) (int32, error) {
		name := p.roles[role]
		for _, a := range p.added {
			if a.Content == name {
				return a.ID, nil
			}
		}
		return 0, fmt.Errorf("the tokenizer has no %s, which its class puts around a text", role)
	}
	var cls, sep string
	switch prof {
	case bertProfile, robertaProfile:
		cls, sep = "cls_token", "sep_token"
	case t5Profile:
		sep = "eos_token"
	default:
		return nil
	}
	var before []int32
	if cls != "" {
		first, err := id(cls)
		if err != nil {
			return err
		}
		before = []int32{first}
	}
	last, err := id(sep)
	if err != nil {
		return err
	}
	if !slices.Equal(p.post.before, before) || !slices.Equal(p.post.after, []int32{last}) {
		p.post = newTemplate(p.roles[cls], p.roles[sep], append(before, last))
	}
	return nil
}
