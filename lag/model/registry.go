package model

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/internal/registry"
)

// Setting is a setting of a family that can be changed by name, for
// configurations of type C. The name is that of a JSON field, or another name
// if the change affects several fields. JSON fields need no Setting.
type Setting[C Config] struct {
	Name string
	Help string // description of its values: "`units`; the feed-forward size changes in proportion"
	Set  func(c *C, value string) error
}

// family is a registered family.
type family struct {
	name          string
	standard      Config
	decode        func(text []byte) (Config, error)
	settings      []string // names
	set           map[string]func(c Config, value string) (Config, error)
	architectures []Architecture
}

var registered = registry.New("model", "families", func(f family) string { return f.name })

// OnRegister has a function called after each registration that follows.
func OnRegister(f func()) { registered.OnRegister(f) }

// Register adds a family. standard is the configuration from which [New]
// starts. architectures are the models of transformers that the family can
// read; there may be none. Register panics if there is a family with that name.
func Register[C Config](standard C, settings []Setting[C], architectures []Architecture) {
	f := family{
		name: standard.Family(), standard: standard, decode: strictjson.Decoder[C, Config](),
		set: make(map[string]func(Config, string) (Config, error)), architectures: architectures,
	}
	for _, s := range settings {
		f.settings = append(f.settings, s.Name)
		f.set[s.Name] = func(c Config, value string) (Config, error) {
			changed := c.(C)
			err := s.Set(&changed, value)
			return changed, err
		}
	}
	registered.Register(f)
}

// Families returns the names of all families.
func Families() []string { return registered.Names() }

// UnknownFamilyError is the error for a family that is not registered.
type UnknownFamilyError struct{ Family string }

func (e *UnknownFamilyError) Error() string {
	return fmt.Sprintf("there is no model family %q%s; the families are %q", e.Family, closest.Hint(e.Family, Families()), Families())
}

func familyOf(name string) (family, error) {
	f, ok := registered.Find(name)
	if !ok {
		return family{}, &UnknownFamilyError{name}
	}
	return f, nil
}

// Architectures returns the models of transformers that some family can read.
func Architectures() []Architecture {
	var list []Architecture
	for _, f := range registered.All() {
		list = append(list, f.architectures...)
	}
	return list
}

// FromParameters guesses the family of a model from the names of its
// parameters. It returns "" if no family fits.
func FromParameters(names []string) string {
	for _, f := range registered.All() {
		for _, p := range f.standard.Parameters() {
			if slices.Contains(names, p.Name) {
				return f.name
			}
		}
		for _, stack := range f.standard.Stacks() { // the file may hold some layers alone
			if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, stack.Prefix) }) {
				return f.name
			}
		}
	}
	return ""
}

// field returns a configuration with a JSON field changed.
func (f family) field(c Config, name, value string) (Config, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := strictjson.UnmarshalPart(text, &fields); err != nil {
		return nil, err
	}
	if _, ok := fields[name]; !ok {
		return nil, f.unknown(name, fields)
	}
	raw := json.RawMessage(value)
	if fields[name][0] == '"' || !json.Valid(raw) {
		if raw, err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	fields[name] = raw
	if text, err = json.Marshal(fields); err != nil {
		return nil, err
	}
	return f.decode(text)
}

func (f family) unknown(name string, fields map[string]json.RawMessage) error {
	names := slices.Clone(f.settings)
	for field := range fields {
		if !slices.Contains(names, field) {
			names = append(names, field)
		}
	}
	slices.Sort(names[len(f.settings):])
	return &UnknownSettingError{Family: f.name, Setting: name, Known: names}
}

// UnknownSettingError is the error for a setting that a family does not have.
type UnknownSettingError struct {
	Family, Setting string
	Known           []string // settings of the family
}

func (e *UnknownSettingError) Error() string {
	return fmt.Sprintf("a model of family %q has no setting %q%s; it has %q", e.Family, e.Setting, closest.Hint(e.Setting, e.Known), e.Known)
}
