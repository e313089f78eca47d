package corpus

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// card is the YAML metadata at the head of a dataset's README.md
// (https://huggingface.co/docs/hub/datasets-manual-configuration).
type card struct {
	License stringList   `yaml:"license"`
	Configs []cardConfig `yaml:"configs"`
}

// cardConfig is a config of a dataset. It lists the files of each split.
type cardConfig struct {
	Name      string    `yaml:"config_name"`
	Default   bool      `yaml:"default"`
	Directory string    `yaml:"data_dir"`
	Files     dataFiles `yaml:"data_files"`
}

// dataFiles holds the file patterns of each split.
type dataFiles []splitFiles

type splitFiles struct {
	Split string     `yaml:"split"`
	Path  stringList `yaml:"path"`
}

// stringList is a list of strings. YAML may give one string instead.
type stringList []string

// UnmarshalYAML implements [yaml.Unmarshaler].
func (l *stringList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return n.Decode((*[]string)(l))
	}
	var one string
	if err := n.Decode(&one); err != nil {
		return err
	}
	if *l = nil; one != "" {
		*l = stringList{one}
	}
	return nil
}

// UnmarshalYAML implements [yaml.Unmarshaler]. Patterns without a split belong
// to "train".
func (d *dataFiles) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode && len(n.Content) > 0 && n.Content[0].Kind == yaml.MappingNode {
		return n.Decode((*[]splitFiles)(d))
	}
	var patterns stringList
	if err := n.Decode(&patterns); err != nil {
		return err
	}
	*d = dataFiles{{"train", patterns}}
	return nil
}

// parseCard parses the head of a README.md. Without a head, the card is empty.
func parseCard(readme []byte) (card, error) {
	var c card
	readme = bytes.ReplaceAll(bytes.TrimPrefix(readme, byteOrderMark), []byte("\r\n"), []byte("\n"))
	rest, ok := bytes.CutPrefix(readme, []byte("---\n"))
	if !ok {
		return c, nil
	}
	head, _, ok := bytes.Cut(rest, []byte("\n---"))
	if !ok {
		return c, nil
	}
	if err := yaml.Unmarshal(head, &c); err != nil {
		return card{}, fmt.Errorf("the head of README.md is not valid YAML: %w", explainYAML(err))
	}
	return c, nil
}

// wrongKind matches what package yaml says of a value of the wrong kind.
var wrongKind = regexp.MustCompile("cannot unmarshal !!(\\w+)( `[^`]*`)? into .*")

// explainYAML rewrites an error of package yaml without the names of Go types.
func explainYAML(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	kinds := map[string]string{"map": "a mapping", "seq": "a list", "str": "the text", "int": "the number", "float": "the number", "bool": "the value", "null": "nothing", "timestamp": "the date"}
	var all []string
	for _, e := range wrong.Errors {
		if m := wrongKind.FindStringSubmatch(e); m != nil {
			e = strings.Replace(e, m[0], cmp.Or(kinds[m[1]], "a value")+m[2]+" is not possible there", 1)
		}
		all = append(all, e)
	}
	return errors.New(strings.Join(all, "; "))
}

// license returns the card's licences, or "" if it has none.
func (c card) license() string { return strings.Join(c.License, ", ") }
