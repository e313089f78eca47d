package tokenizer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/landscape-aware/growing/data/tokenizer/unigram"
)

// Kind is a kind of vocabulary.
type Kind string

// The kinds of vocabularies.
const (
	WordPiece Kind = "wordpiece"
	BPE       Kind = "bpe"
	Unigram   Kind = "unigram"
)

// Names of special tokens that have a meaning here.
const (
	Pad  = "[PAD]"
	Unk  = "[UNK]"
	Cls  = "[CLS]"
	Sep  = "[SEP]"
	Mask = "[MASK]"

	// UL2's mode tokens (Tay et al. 2022, section 3.1.2, by the names of the
	// released models): regular, extreme and sequential denoising.
	NLU = "[NLU]"
	NLG = "[NLG]"
	S2S = "[S2S]"
)

// Sentinel returns the name of T5's n-th sentinel, from 0.
func Sentinel(n int) string { return fmt.Sprintf("<extra_id_%d>", n) }

// Special holds the ids of tokens with a meaning, -1 where the vocabulary has
// none.
type Special struct {
	Pad  int32 // [PAD], <pad>
	Unk  int32 // [UNK], <unk>
	Cls  int32 // begins a sequence: [CLS], <s>
	Sep  int32 // ends a part of a sequence: [SEP], </s>
	Mask int32 // [MASK], <mask>
	EOS  int32 // ends a text: </s>, <eos>, <|endoftext|>, <|end_of_text|>, [SEP]
}

// roles are the names of tokens with a meaning. The first name that a vocabulary has
// counts.
var roles = []struct {
	field func(*Special) *int32
	names []string
}{
	{func(s *Special) *int32 { return &s.Pad }, []string{Pad, "<pad>"}},
	{func(s *Special) *int32 { return &s.Unk }, []string{Unk, "<unk>"}},
	{func(s *Special) *int32 { return &s.Cls }, []string{Cls, "<s>"}},
	{func(s *Special) *int32 { return &s.Sep }, []string{Sep, "</s>"}},
	{func(s *Special) *int32 { return &s.Mask }, []string{Mask, "<mask>"}},
	{func(s *Special) *int32 { return &s.EOS }, []string{"</s>", "<eos>", "<|endoftext|>", "<|end_of_text|>", Sep}},
}

// Tokenizer is a vocabulary with its rules of splitting text and its special
// tokens. It does not change once made and may be used by several goroutines.
type Tokenizer struct {
	kind       Kind
	model      model
	newEncoder func() encodeFunc

	// sentencePiece is the model if it is saved as a .model file. It holds its
	// special tokens, and treats invalid UTF-8 in its own way.
	sentencePiece *unigram.Model

	added     []addedToken // by id; those of a .model are in the model alone
	addedIDs  map[string]int32
	size      int      // all ids
	beyond    []string // tokens whose ids follow those of the model
	matchers  []*matcher
	specials  []int32 // ids of all special tokens, ascending
	isSpecial []bool  // by id
	special   Special
	sentinels []int32
	post      template
	roles     map[string]string // tokens whose meaning does not follow from their names, by transformers' names of roles

	fingerprint func() string
	encoders    sync.Pool
}

// newTokenizer returns a tokenizer. The ids of added tokens that are not in the
// model must follow those of the model.
func newTokenizer(kind Kind, m model, added []addedToken, post template) (*Tokenizer, error) {
	t := &Tokenizer{kind: kind, model: m, added: slices.Clone(added), addedIDs: make(map[string]int32), post: post}
	slices.SortStableFunc(t.added, func(a, b addedToken) int { return int(a.ID) - int(b.ID) })
	for _, a := range t.added {
		if a.Content == "" {
			return nil, fmt.Errorf("the added token with id %d is empty", a.ID)
		}
		if _, ok := t.addedIDs[a.Content]; ok {
			return nil, fmt.Errorf("the added token %.60q is there twice", a.Content)
		}
		t.addedIDs[a.Content] = a.ID
		if id, ok := m.ID(a.Content); ok {
			if id != a.ID {
				return nil, fmt.Errorf("added token %.60q has id %d, but %d in the vocabulary", a.Content, a.ID, id)
			}
			continue
		}
		if int(a.ID) != m.Size()+len(t.beyond) {
			return nil, fmt.Errorf("added token %.60q has id %d; the next after those of the vocabulary and of other added tokens is %d", a.Content, a.ID, m.Size()+len(t.beyond))
		}
		t.beyond = append(t.beyond, a.Content)
	}
	t.size = m.Size() + len(t.beyond)
	t.isSpecial = make([]bool, t.size)

	if u, ok := m.(*unigram.Model); ok && u.IsSentencePiece() {
		t.sentencePiece = u
	}
	for id := range int32(m.Size()) {
		t.isSpecial[id] = isSpecialOf(m, id)
	}
	for _, a := range t.added {
		t.isSpecial[a.ID] = t.isSpecial[a.ID] || a.Special
	}
	for id, special := range t.isSpecial {
		if special {
			t.specials = append(t.specials, int32(id))
		}
	}
	t.findRoles()
	var err error
	if t.matchers, err = newMatchers(t.added, m.Normalize); err != nil {
		return nil, err
	}
	t.newEncoder = encoderOf(m, slices.ContainsFunc(t.matchers, func(m *matcher) bool { return m.normalized }))
	t.fingerprint = sync.OnceValue(func() string {
		contents := t.contents()
		if len(t.roles) > 0 {
			contents = append(contents, t.roleSettings()...)
		}
		sum := sha256.Sum256(contents)
		return hex.EncodeToString(sum[:])
	})
	t.encoders.New = func() any { return t.NewEncoder() }
	return t, nil
}

// findRoles looks for tokens with a meaning among the special ones.
func (t *Tokenizer) findRoles() {
	find := func(name string) int32 {
		if id, ok := t.ID(name); ok && t.isSpecial[id] {
			return id
		}
		return -1
	}
	for _, r := range roles {
		id := int32(-1)
		for _, name := range r.names {
			if id = find(name); id >= 0 {
				break
			}
		}
		*r.field(&t.special) = id
	}
	for n := 0; ; n++ {
		id := find(Sentinel(n))
		if id < 0 {
			return
		}
		t.sentinels = append(t.sentinels, id)
	}
}

// Kind returns the kind of the vocabulary.
func (t *Tokenizer) Kind() Kind { return t.kind }

// VocabSize returns the number of tokens, the special ones included. Ids go
// from 0 to VocabSize()-1.
func (t *Tokenizer) VocabSize() int { return t.size }

// Token returns the token with the given id as the vocabulary spells it, "" if
// there is none.
func (t *Tokenizer) Token(id int32) string {
	if i := int(id) - t.model.Size(); i >= 0 && i < len(t.beyond) {
		return t.beyond[i]
	}
	return t.model.Token(id)
}

// ID returns the id of a token, and whether there is such a token.
func (t *Tokenizer) ID(token string) (int32, bool) {
	if id, ok := t.addedIDs[token]; ok {
		return id, true
	}
	return t.model.ID(token)
}

// Special returns the ids of the tokens with a meaning.
func (t *Tokenizer) Special() Special { return t.special }

// Specials returns the ids of all special tokens in ascending order.
func (t *Tokenizer) Specials() []int32 { return slices.Clone(t.specials) }

// IsSpecial reports whether id is that of a special token.
func (t *Tokenizer) IsSpecial(id int32) bool {
	return id >= 0 && int(id) < len(t.isSpecial) && t.isSpecial[id]
}

// Sentinels returns the ids of T5's sentinels <extra_id_0>, <extra_id_1> and so
// on, up to the first one that is missing.
func (t *Tokenizer) Sentinels() []int32 { return slices.Clone(t.sentinels) }

// Modes returns the ids of UL2's mode tokens [NLU], [NLG] and [S2S]. ok reports
// whether the vocabulary has all three.
func (t *Tokenizer) Modes() (nlu, nlg, s2s int32, ok bool) {
	ids := [3]int32{}
	for i, name := range []string{NLU, NLG, S2S} {
		id, found := t.ID(name)
		if !found || !t.isSpecial[id] {
			return -1, -1, -1, false
		}
		ids[i] = id
	}
	return ids[0], ids[1], ids[2], true
}

// Continues reports whether a token continues the word of the token before it:
// a "##" piece of WordPiece, or a piece of byte-level BPE or unigram that does
// not begin with the mark of a space.
func (t *Tokenizer) Continues(id int32) bool {
	if id < 0 || int(id) >= t.size || t.isSpecial[id] {
		return false
	}
	token := t.Token(id)
	switch t.kind {
	case WordPiece:
		return strings.HasPrefix(token, "##")
	case BPE:
		return !strings.HasPrefix(token, "Ġ") && !strings.HasPrefix(token, "Ċ") && !strings.HasPrefix(token, "ĉ")
	default:
		return !strings.HasPrefix(token, "▁")
	}
}

// Fingerprint returns the sha256, in hexadecimal, of the tokenizer's file. It
// identifies everything that determines how text is encoded.
func (t *Tokenizer) Fingerprint() string { return t.fingerprint() }

// Decode returns readable text for ids, as the decoder of the vocabulary's kind
// does in Hugging Face's tokenizers and SentencePiece. What normalization removed
// is lost. Ids outside the vocabulary are left out, as by Hugging Face.
func (t *Tokenizer) Decode(ids []int32) string {
	tokens := make([]string, 0, len(ids))
	for _, id := range ids {
		if token := t.Token(id); token != "" {
			tokens = append(tokens, token)
		}
	}
	return t.model.Decode(tokens)
}

// Extend returns the tokenizer with special tokens added. Their ids follow the
// others in the order of the names. Names that are special tokens already, and
// repeated names, are left out.
func (t *Tokenizer) Extend(names ...string) (*Tokenizer, error) {
	var missing []string
	given := make(map[string]bool, len(names))
	for _, name := range names {
		if name == "" || !utf8.ValidString(name) {
			return nil, fmt.Errorf("tokenizer: %q cannot be a special token: give a name in UTF-8", name)
		}
		if id, ok := t.ID(name); ok {
			if !t.isSpecial[id] {
				return nil, fmt.Errorf("tokenizer: %q cannot be made a special token: it is an ordinary token of the vocabulary; choose another name", name)
			}
			continue
		}
		if !given[name] {
			missing = append(missing, name)
		}
		given[name] = true
	}
	if len(missing) == 0 {
		return t, nil
	}
	if t.sentencePiece != nil {
		m, err := t.sentencePiece.WithControl(missing...)
		if err != nil {
			return nil, wrap(err)
		}
		extended, err := newTokenizer(t.kind, m, nil, t.post)
		return extended, wrap(err)
	}
	added := slices.Clone(t.added)
	for i, name := range missing {
		added = append(added, addedToken{ID: int32(t.size + i), Content: name, Special: true})
	}
	extended, err := newTokenizer(t.kind, t.model, added, t.post)
	if err != nil {
		return nil, wrap(err)
	}
	extended.setRoles(t.roles)
	return extended, nil
}
