package model

import (
	"bytes"
	"encoding/json"

	"github.com/landscape-aware/growing/lag/growth"
)

// The types below describe Hugging Face's transformers. Package hf reads and
// writes files with them.

// Architecture is a kind of transformers model that a family can read.
type Architecture struct {
	ModelType string   // model_type in config.json
	Classes   []string // classes whose checkpoints can be read; the first is the default
	Bodies    []string // classes with other heads, whose checkpoints can be read if a new head is made
	// Parse reads the shape from a config.json.
	Parse func(text []byte, class string) (Config, error)
	// Settle changes the shape to what the tensors of the checkpoint say, where
	// config.json leaves it open. It is nil if config.json says everything.
	Settle func(c Config, tensors Stored) (Config, error)
	// Derive returns a parameter that the checkpoint does not hold as such, from the
	// tensors that it holds; ok is false for all others. It is nil if the checkpoint
	// holds all parameters.
	Derive    func(c Config, parameter string, read Reader) (t growth.Tensor, ok bool, err error)
	Aliases   []Alias
	Fixed     []Fixed
	Names     TensorNames
	Tokenizer TokenizerKind
}

// Reader reads a tensor of a checkpoint, which must have the shape. Names are
// transformers'.
type Reader func(name string, shape ...int) (growth.Tensor, error)

// Stored is what a checkpoint of transformers contains. Names are
// transformers'.
type Stored interface {
	Has(name string) bool
	Equal(a, b string) (bool, error) // whether two tensors have the same shape and values
}

// Alias is another name that transformers has for a field of a config.json.
type Alias struct{ Alias, Field string }

// Float is a number of a config.json that always has a point or an exponent,
// such as 1.0: transformers 5 refuses 1 for a number that need not be whole.
type Float float64

// MarshalJSON writes the number with a point or an exponent.
func (f Float) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(float64(f))
	if err == nil && !bytes.ContainsAny(text, ".e") {
		text = append(text, ".0"...)
	}
	return text, err
}

// Fixed is a field of a config.json for which only one value is supported.
type Fixed struct {
	Field string
	Value any    // as decoded by encoding/json; also transformers' default
	Why   string // why other values are not supported
}

// TensorNames maps the parameters of a family to the tensors of a checkpoint.
// Parameters that are not in Pairs have the same name on both sides.
type TensorNames struct {
	Pairs       []TensorPair
	Parts       []TensorPair // parts of names that differ; each is replaced once, in this order
	Copies      []TensorCopy
	Ignored     []string          // unused tensors
	Heads       []string          // tensors of heads that the model may lack; they are dropped with a log line
	HeadsAdvice string            // text of that log line
	OtherHeads  []string          // prefixes of the tensors of other classes' heads, which are dropped if a new head is made
	Prefix      string            // prefix of the body's names; absent if the body was saved alone
	Outside     string            // prefix of all other names, which are the head's
	NoHead      string            // advice if the body was saved without a head; "" if no head can be made
	Legacy      map[string]string // older suffixes of names
}

// TensorPair is a parameter with two names.
type TensorPair struct{ Ours, Theirs string }

// TensorCopy is a tensor that equals another one. A checkpoint may contain
// either or both; if both differ, that is an error.
type TensorCopy struct{ Copy, Of string }

// TokenizerKind describes transformers' tokenizer of an architecture.
type TokenizerKind struct {
	SentencePiece      string   // its name for the file of a SentencePiece model; "" if it reads none
	SentencePieceClass string   // class that reads it
	Special            []string // special tokens other than padding, unknown and mask: cls_token, sep_token, eos_token
	Generates          bool     // the model ends texts with eos_token and starts them with padding
	Inputs             []string // what the tokenizer gives the model: model_input_names
}

// Export describes how transformers saves a model.
type Export struct {
	ModelType string
	Class     string   // class that loads it
	Fields    any      // fields of its config.json, a struct
	NoCache   bool     // transformers must generate without its cache
	Without   []string // fields that its config.json must not have
	Note      string   // what is written in another way than the model has it; "" for nothing
	// Adapt changes the tensors, by transformers' names, where transformers needs
	// others than those of the model. It may add, replace and remove tensors, but
	// must not change the values of one. It may be nil.
	Adapt func(tensors growth.Tensors)
}

// Set adds the export's fields to those of a config.json.
func (e Export) Set(fields map[string]json.RawMessage) error {
	text, err := json.Marshal(e.Fields)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &fields)
}

// Names of tensors of a batch that all families share.
const (
	Labels    = "labels"    // tokens to predict
	Weights   = "weights"   // float32, 0 where nothing is predicted
	Positions = "positions" // positions of the labels, for families that predict only at some positions
)

// TransformersBatch describes the tensors, int32 [B, L], that transformers
// reads from a model's batches. A field comes after the one whose shape it has.
// Labels are -100 where nothing is predicted.
type TransformersBatch struct {
	Fields []BatchField
	// Compact means that Loss takes only the labels of predicted positions, [B,
	// P], with their Positions. Otherwise it takes labels of every position.
	Compact bool
}

// BatchField is a tensor of a batch of transformers.
type BatchField struct {
	Name     string
	Like     string // field with the same shape; empty if none
	Values   int    // its values are in [0, Values)
	What     string // description of the values, with a verb for the number
	Optional bool   // may be absent
}
