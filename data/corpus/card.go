package corpus

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// card is what a dataset says of itself in the YAML at the head of its
// README.md (https://huggingface.co/docs/hub/datasets-manual-configuration).
type card struct {
	License stringList   `yaml:"license"`
	Configs []cardConfig `yaml:"configs"`
}

// cardConfig is a config of a dataset: which files make which split.
type cardConfig struct {
	Name      string    `yaml:"config_name"`
	Default   bool      `yaml:"default"`
	Directory string    `yaml:"data_dir"`
	Files     dataFiles `yaml:"data_files"`
}

// dataFiles are the patterns of the files of each split.
type dataFiles []splitFiles

type splitFiles struct {
	Split string     `yaml:"split"`
	Path  stringList `yaml:"path"`
}

// stringList is one string or several.
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

// UnmarshalYAML implements [yaml.Unmarshaler]: patterns without a split are
// those of "train".
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

// parseCard reads the head of a README.md. A file without one is an empty card.
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
		return card{}, fmt.Errorf("the head of README.md is not the YAML it should be: %w", err)
	}
	return c, nil
}

// license returns the licences of the card, "" if it names none.
func (c card) license() string { return strings.Join(c.License, ", ") }
