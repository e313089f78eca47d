// Package settings reads the files beside a vocabulary that say how transformers uses
// it: tokenizer_config.json, special_tokens_map.json, added_tokens.json, and the model's
// config.json for the class of the tokenizer.
package settings

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/strictjson"
)

// Names of the files.
const (
	ConfigFile  = "tokenizer_config.json"
	SpecialFile = "special_tokens_map.json"
	AddedFile   = "added_tokens.json"
)

// Token is an added token.
type Token struct {
	Content    string
	ID         int64 // that a file gives it; -1 if none does
	SingleWord bool
	LStrip     bool
	RStrip     bool
	Normalized bool
	Special    bool
}

// Settings is what the files say. Members that no file has are nil or empty.
type Settings struct {
	// Present is set if there is one of the files other than config.json.
	Present bool

	// Class is the class of the tokenizer without "Fast" at its end. ClassFile is the
	// file that says so.
	Class, ClassFile string

	// Guessed is set if the class is that of other models of the type: no file names it.
	Guessed bool

	LowerCase, StripAccents, ChineseChars, AddPrefixSpace *bool

	// ExtraIDs is the number of T5's sentinels.
	ExtraIDs *int

	// Roles has the special tokens with a meaning, by their names such as "pad_token".
	// A nil token means that the file says there is none.
	Roles map[string]*Token

	// Refused names a setting that this package cannot do for a BERT tokenizer. Splits
	// does so for split_special_tokens, which concerns every kind. Both are nil if there
	// is none.
	Refused, Splits error

	// NeverSplit has the words that BERT's tokenizers are not to split.
	NeverSplit []string

	Extra []Token // other special tokens, in their order

	// NamesExtra is set if the tokenizer_config.json names them, or says that there are
	// none.
	NamesExtra bool

	// Around is set if a token is to be put before or after a text: add_bos_token or
	// add_eos_token.
	Around bool

	named []Token         // special tokens with names of a model's own, which come before Extra
	known map[string]bool // contents of Extra and named

	Added []Token // tokens with ids, by id
}

// roles are the special tokens with a meaning, in the order in which transformers adds
// those that a vocabulary lacks.
var roles = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// Roles returns the names of the special tokens with a meaning, in the order in which
// transformers adds those that a vocabulary lacks.
func Roles() []string { return slices.Clone(roles) }

// classes are the tokenizers of models whose config.json or settings name none.
var classes = map[string]string{
	"bert": "BertTokenizer", "distilbert": "DistilBertTokenizer", "electra": "ElectraTokenizer",
	"t5": "T5Tokenizer", "mt5": "T5Tokenizer", "umt5": "T5Tokenizer",
	"gpt2": "GPT2Tokenizer", "roberta": "RobertaTokenizer", "bart": "BartTokenizer",
	"byt5": "ByT5Tokenizer", "bert-japanese": "BertJapaneseTokenizer", "llama": "LlamaTokenizer",
	"albert": "AlbertTokenizer", "xlnet": "XLNetTokenizer", "xlm-roberta": "XLMRobertaTokenizer",
}

// modelConfigs are the names of a model's configuration: in transformers' directories,
// and in those of imported models.
var modelConfigs = []string{"config.json", "hf_config.json"}

// Read reads the files in a directory. It is an error if one cannot be read or is not a
// JSON object; a config.json, which others read, is left out then.
func Read(dir string) (*Settings, error) {
	s := &Settings{Roles: make(map[string]*Token), known: make(map[string]bool)}
	config, err := readObject(dir, ConfigFile)
	if err != nil {
		return nil, err
	}
	if err := s.config(config); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, ConfigFile), err)
	}
	special, err := readObject(dir, SpecialFile)
	if err != nil {
		return nil, err
	}
	added, err := readObject(dir, AddedFile)
	if err != nil {
		return nil, err
	}
	s.Present = config != nil || special != nil || added != nil
	if !config.has("added_tokens_decoder") { // else transformers takes all from there
		if err := s.special(special); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, SpecialFile), err)
		}
		if err := s.added(added); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, AddedFile), err)
		}
	}
	s.Extra, s.named = append(s.named, s.Extra...), nil
	slices.SortStableFunc(s.Added, func(a, b Token) int { return cmp.Compare(a.ID, b.ID) })
	s.useFlags()
	s.modelClass(dir)
	return s, nil
}

// useFlags gives the special tokens the flags that they have as added tokens.
func (s *Settings) useFlags() {
	for _, t := range s.Added {
		for role, special := range s.Roles {
			if special != nil && special.Content == t.Content {
				flagged := t
				s.Roles[role] = &flagged
			}
		}
	}
}

// modelClass takes the class from the model's configuration if the settings have none.
func (s *Settings) modelClass(dir string) {
	for _, name := range modelConfigs {
		var c struct {
			TokenizerClass string `json:"tokenizer_class"`
			ModelType      string `json:"model_type"`
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if s.Class != "" || err != nil || json.Unmarshal(text, &c) != nil {
			continue
		}
		class := c.TokenizerClass
		if class == "" {
			class, s.Guessed = classes[c.ModelType], true
		}
		if class != "" {
			s.Class, s.ClassFile = withoutFast(class), name
		}
	}
}

// withoutFast returns the name that a class has in transformers 5. There,
// PreTrainedTokenizerFast has another name also.
func withoutFast(class string) string {
	if class == "TokenizersBackend" || class == "PreTrainedTokenizer" {
		return Any
	}
	if class == Any {
		return class
	}
	return strings.TrimSuffix(class, "Fast")
}

// Any is the class of tokenizers that a tokenizer.json describes wholly.
const Any = "PreTrainedTokenizerFast"

// config reads a tokenizer_config.json.
func (s *Settings) config(o object) error {
	for _, m := range o {
		var err error
		switch m.name {
		case "tokenizer_class":
			var class *string
			if err = strictjson.UnmarshalPart(m.value, &class); err == nil && class != nil {
				s.Class, s.ClassFile = withoutFast(*class), ConfigFile
			}
		case "do_lower_case":
			err = strictjson.UnmarshalPart(m.value, &s.LowerCase)
		case "strip_accents":
			err = strictjson.UnmarshalPart(m.value, &s.StripAccents)
		case "tokenize_chinese_chars":
			err = strictjson.UnmarshalPart(m.value, &s.ChineseChars)
		case "add_prefix_space":
			err = strictjson.UnmarshalPart(m.value, &s.AddPrefixSpace)
		case "extra_ids":
			if err = strictjson.UnmarshalPart(m.value, &s.ExtraIDs); err == nil && s.ExtraIDs != nil && (*s.ExtraIDs < 0 || *s.ExtraIDs > maxExtra) {
				err = fmt.Errorf("%d: give 0 to %d", *s.ExtraIDs, maxExtra)
			}
		case "extra_special_tokens", "additional_special_tokens":
			s.NamesExtra = true
			err = s.addExtra(m.value)
		case "never_split":
			if wrong := strictjson.UnmarshalPart(m.value, &s.NeverSplit); wrong != nil && s.Refused == nil {
				s.Refused = fmt.Errorf("%s: %s: %w", ConfigFile, m.name, wrong)
			}
		case "added_tokens_decoder":
			err = s.decoder(m.value)
		default:
			if strings.HasSuffix(m.name, "_token") {
				err = s.role(m)
			} else if refused := refuse(m); refused != nil && m.name == "split_special_tokens" {
				s.Splits = fmt.Errorf("%s: %s: %w", ConfigFile, m.name, refused)
			} else if refused != nil && s.Refused == nil {
				s.Refused = fmt.Errorf("%s: %s: %w", ConfigFile, m.name, refused)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// maxExtra bounds T5's sentinels, far above any in use.
const maxExtra = 1 << 20

// special reads a special_tokens_map.json, whose tokens count before those of the
// settings.
func (s *Settings) special(o object) error {
	for _, m := range o {
		var err error
		switch {
		case m.name == "extra_special_tokens" || m.name == "additional_special_tokens":
			err = s.addExtra(m.value)
		case strings.HasSuffix(m.name, "_token"):
			err = s.role(m)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

// added reads an added_tokens.json: ids by token.
func (s *Settings) added(o object) error {
	special := s.specials()
	for _, m := range o {
		t := Token{Content: m.name}
		if err := strictjson.UnmarshalPart(m.value, &t.ID); err != nil {
			return fmt.Errorf("the id of %q: %w", m.name, err)
		}
		t.Special = special[m.name]
		t.Normalized = !t.Special
		s.Added = append(s.Added, t)
	}
	return nil
}

// specials returns the contents of all special tokens.
func (s *Settings) specials() map[string]bool {
	all := make(map[string]bool)
	for _, t := range s.Roles {
		if t != nil {
			all[t.Content] = true
		}
	}
	for _, t := range slices.Concat(s.named, s.Extra) {
		all[t.Content] = true
	}
	return all
}

// decoder reads the added_tokens_decoder of a tokenizer_config.json: tokens by id.
func (s *Settings) decoder(value json.RawMessage) error {
	o, err := parseObject(value)
	if err != nil {
		return err
	}
	for _, m := range o {
		var id int64
		if err := strictjson.UnmarshalPart([]byte(m.name), &id); err != nil {
			return fmt.Errorf("%q is not an id", m.name)
		}
		t, err := parseToken(m.value, false)
		if err != nil {
			return fmt.Errorf("the token with id %d: %w", id, err)
		}
		t.ID = id
		s.Added = append(s.Added, t)
	}
	return nil
}

// role reads a special token with a name. Names other than those of [Roles] have no
// meaning here, so their tokens are like the extra ones.
func (s *Settings) role(m member) error {
	if string(m.value) == "null" {
		if slices.Contains(roles, m.name) {
			s.Roles[m.name] = nil
		}
		return nil
	}
	if !slices.Contains(roles, m.name) && m.value[0] != '"' && m.value[0] != '{' {
		s.Around = s.Around || m.name == "add_bos_token" && string(m.value) == "true" || m.name == "add_eos_token" && string(m.value) == "true"
		return nil // a setting whose name ends so
	}
	t, err := parseToken(m.value, true)
	switch {
	case err != nil:
		return err
	case slices.Contains(roles, m.name):
		s.Roles[m.name] = &t
	case !s.known[t.Content]:
		s.known[t.Content] = true
		s.named = append(s.named, t)
	}
	return nil
}

// addExtra reads special tokens without names: a list, or an object of named ones.
func (s *Settings) addExtra(value json.RawMessage) error {
	var values []json.RawMessage
	switch {
	case string(value) == "null":
	case value[0] == '{':
		o, err := parseObject(value)
		if err != nil {
			return err
		}
		for _, m := range o {
			values = append(values, m.value)
		}
	default:
		if err := strictjson.UnmarshalPart(value, &values); err != nil {
			return err
		}
	}
	for _, v := range values {
		t, err := parseToken(v, true)
		if err != nil {
			return err
		}
		s.extra(t)
	}
	return nil
}

// extra adds a special token without a name, of several with the same content the first.
func (s *Settings) extra(t Token) {
	if !s.known[t.Content] {
		s.known[t.Content] = true
		s.Extra = append(s.Extra, t)
	}
}

// readObject reads a file with a JSON object. It returns nil if there is no file.
func readObject(dir, name string) (object, error) {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o, err := parseObject(text)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; copy it again", path, err)
	}
	if o == nil {
		o = object{}
	}
	return o, nil
}
