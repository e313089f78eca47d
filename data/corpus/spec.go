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

	// HubPrefix is the prefix of the Source of a [Spec] for a dataset of the
	// Hugging Face Hub, or for a directory with the layout of one.
	HubPrefix = hub.Prefix
)

// Spec describes the text to read. In JSON it is an object, or a string if only
// Source is set.
type Spec struct {
	// Source is "go", or paths and globs of files separated by commas, or
	// "hf:owner/name" for a dataset of the Hugging Face Hub, or "hf:" and a
	// path that begins with "/", "./", "../" or "~/" for a directory with the
	// layout of a dataset.
	Source string `json:"source"`

	Field    string   `json:"field,omitempty"`    // field of JSON lines or column of Parquet with the text; empty means "text"
	Config   string   `json:"config,omitempty"`   // config (subset) of a dataset; may be empty if it has only one
	Split    string   `json:"split,omitempty"`    // split of a dataset; empty means "train"
	Revision string   `json:"revision,omitempty"` // branch, tag or commit of a dataset on the Hub; empty means "main"
	License  string   `json:"license,omitempty"`  // licence of the text; a dataset's card takes precedence
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

// directory returns Source without its prefix, and whether it is the path of a
// directory.
func (s Spec) directory() (string, bool) {
	rest := strings.TrimPrefix(s.Source, HubPrefix)
	for _, begin := range []string{"/", "./", "../", "~/"} {
		if strings.HasPrefix(rest, begin) {
			return rest, true
		}
	}
	return rest, rest == "." || rest == ".."
}

// Validate reports the first error in the specification. It does not look at
// the text.
func (s Spec) Validate() error {
	if s.Source == "" {
		return fmt.Errorf("corpus: no corpus is given: give %q for the text of the Go installation, the path of a text, JSON lines or Parquet file, or %sowner/name for a dataset of the Hugging Face Hub", GoSpec, HubPrefix)
	}
	if err := s.Clean.Validate(); err != nil {
		return err
	}
	onHub, local := strings.HasPrefix(s.Source, HubPrefix), false
	if onHub {
		var rest string
		if rest, local = s.directory(); !local && !hub.ValidID(rest) {
			return fmt.Errorf("corpus: %q is not the name of a dataset: write %sowner/name, or %s./directory for one in a directory", s.Source, HubPrefix, HubPrefix)
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
			return fmt.Errorf("corpus: the %s %q does not apply to the corpus %q: leave it out", f.name, f.value, s.Source)
		}
	}
	for _, part := range []string{s.Config, s.Split, s.Revision} {
		if strings.HasPrefix(part, "/") || strings.Contains(part, "..") {
			return fmt.Errorf("corpus: %q is not a valid name of a config, split or revision", part)
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

// Open returns the source that a specification describes. It lists the files.
// For a dataset on the Hub it asks the Hub, unless HF_HUB_OFFLINE is set or
// Revision is a commit whose list is in the cache. The environment variables
// HF_ENDPOINT, HF_TOKEN, HF_HUB_CACHE and HF_HOME mean the same as in Hugging
// Face's programs.
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
