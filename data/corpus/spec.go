package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landscape-aware/growing/data/hub"
	"github.com/landscape-aware/growing/data/strictjson"
)

const (
	// GoSpec is the Source of a [Spec] for the Go installation's prose.
	GoSpec = "go"

	// HubPrefix begins the Source of a [Spec] for a dataset of the Hugging Face
	// Hub, or for a directory that looks like one.
	HubPrefix = hub.Prefix
)

// Spec says what text to read. In JSON it is an object, or a string where only
// Source is given.
type Spec struct {
	// Source is "go", or paths and globs of files separated by commas, or
	// "hf:owner/name" for a dataset of the Hugging Face Hub, or "hf:" and a path
	// that begins with "/", "./", "../" or "~/" for a directory laid out as one.
	Source string `json:"source"`

	Field    string   `json:"field,omitempty"`    // of JSON lines, or column of Parquet, that holds the text; empty means "text"
	Config   string   `json:"config,omitempty"`   // of a dataset (a subset); empty where it has only one
	Split    string   `json:"split,omitempty"`    // of a dataset; empty means "train"
	Revision string   `json:"revision,omitempty"` // branch, tag or commit of a dataset on the Hub; empty means "main"
	License  string   `json:"license,omitempty"`  // of the text, as the user knows it; a dataset's card is believed first
	Clean    Cleaning `json:"clean,omitzero"`
}

// MarshalJSON implements [json.Marshaler].
func (s Spec) MarshalJSON() ([]byte, error) {
	if s == (Spec{Source: s.Source}) {
		return json.Marshal(s.Source)
	}
	type fields Spec
	return json.Marshal(fields(s))
}

// UnmarshalJSON implements [json.Unmarshaler]. Unknown fields are an error.
func (s *Spec) UnmarshalJSON(text []byte) error {
	*s = Spec{}
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '"' {
		return json.Unmarshal(text, &s.Source)
	}
	type fields Spec
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode((*fields)(s)); err != nil {
		return fmt.Errorf("corpus: %w", strictjson.Explain(err))
	}
	return nil
}

// String returns a short name for people to read.
func (s Spec) String() string {
	name := s.Source
	for _, part := range []string{s.Config, s.Split} {
		if part != "" {
			name += " " + part
		}
	}
	return name
}

// directory returns the directory that an "hf:" source names, and whether it
// names one.
func (s Spec) directory() (string, bool) {
	rest := strings.TrimPrefix(s.Source, HubPrefix)
	for _, begin := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(rest, begin) {
			return rest, true
		}
	}
	return rest, rest == "." || rest == ".."
}

// Validate reports what is wrong with the specification, without looking at the
// text.
func (s Spec) Validate() error {
	if s.Source == "" {
		return fmt.Errorf("corpus: no corpus was named: give %q for the text of the Go installation, the path of a text, JSON lines or Parquet file, or %sowner/name for a dataset of the Hugging Face Hub", GoSpec, HubPrefix)
	}
	if err := s.Clean.Validate(); err != nil {
		return err
	}
	onHub, local := strings.HasPrefix(s.Source, HubPrefix), false
	if onHub {
		var rest string
		if rest, local = s.directory(); !local && !hub.ValidID(rest) {
			return fmt.Errorf("corpus: %q names no dataset: write %sowner/name, or %s./directory for one in a directory", s.Source, HubPrefix, HubPrefix)
		}
	}
	for _, f := range []struct {
		name, value string
		allowed     bool
	}{
		{"config", s.Config, onHub},
		{"split", s.Split, onHub},
		{"revision", s.Revision, onHub && !local},
		{"field", s.Field, s.Source != GoSpec},
		{"license", s.License, s.Source != GoSpec},
	} {
		if f.value != "" && !f.allowed {
			return fmt.Errorf("corpus: the %s %q says nothing about the corpus %q: leave it out", f.name, f.value, s.Source)
		}
	}
	for _, part := range []string{s.Config, s.Split, s.Revision} {
		if strings.HasPrefix(part, "/") || strings.Contains(part, "..") {
			return fmt.Errorf("corpus: %q is no name of a config, split or revision", part)
		}
	}
	return nil
}

func (s Spec) field() string {
	if s.Field == "" {
		return "text"
	}
	return s.Field
}

// Open returns the source that a specification names. It looks which files there
// are: of a dataset on the Hub it asks the Hub, unless HF_HUB_OFFLINE is set or
// Revision is a commit that was asked for before. The environment's HF_ENDPOINT,
// HF_TOKEN, HF_HUB_CACHE and HF_HOME mean what they mean to Hugging Face's
// programs.
func Open(ctx context.Context, spec Spec) (Source, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	var s Source
	var err error
	switch {
	case spec.Source == GoSpec:
		s, err = GoProse("")
	case strings.HasPrefix(spec.Source, HubPrefix):
		s, err = openDataset(ctx, spec)
	default:
		s, err = openFiles(spec)
	}
	if err != nil {
		return nil, err
	}
	return spec.Clean.apply(s), nil
}
