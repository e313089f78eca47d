package model

import "encoding/json"

// What a family says of Hugging Face's transformers. Package hf reads and writes
// files by it.

// Architecture is a kind of model of transformers that a family can read.
type Architecture struct {
	ModelType string   // model_type in config.json
	Classes   []string // whose checkpoints can be read; the first is meant where none is named
	// Parse reads the shape from a config.json.
	Parse     func(text []byte, class string) (Config, error)
	Fixed     []Fixed
	Names     TensorNames
	Tokenizer TokenizerKind
}

// Fixed is a field of a config.json that may have one value only.
type Fixed struct {
	Field string
	Value any    // as encoding/json decodes it; also what transformers takes where the field is absent
	Why   string // what another value would ask for
}

// TensorNames maps the parameters of a family to the tensors of a checkpoint. A
// parameter that is not in Pairs has the same name on both sides.
type TensorNames struct {
	Pairs       []TensorPair
	Copies      []TensorCopy
	Ignored     []string          // tensors without a function
	Heads       []string          // tensors of heads that the model may lack; they are left out with a line in the log
	HeadsAdvice string            // what that line says
	Prefix      string            // begins the names of the model's body; absent where the body was saved alone
	Outside     string            // begins the names of what is not of the body
	NoHead      string            // advice where the body was saved without a head
	Legacy      map[string]string // older ends of names
}

// TensorPair is a parameter under two names.
type TensorPair struct{ Ours, Theirs string }

// TensorCopy is a tensor that is one with another. A checkpoint may hold either
// or both; two that differ are an error.
type TensorCopy struct{ Copy, Of string }

// TokenizerKind is how transformers' tokenizer of an architecture is set up.
type TokenizerKind struct {
	SentencePiece      string   // its name for the file of a SentencePiece model; "" if it reads none
	SentencePieceClass string   // the class that reads it
	Special            []string // special tokens beside padding, unknown and mask: cls_token, sep_token, eos_token
	Generates          bool     // whether the model ends texts with eos_token and starts them with padding
}

// Export is a model as transformers saves it.
type Export struct {
	ModelType string
	Class     string // the class that loads it
	Fields    any    // of its config.json, a struct
	NoCache   bool   // whether transformers must generate without its cache
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
	Positions = "positions" // places of the labels, of a family that predicts at some positions alone
)

// TransformersBatch is what transformers reads of the batches of a model, int32
// [B, L], in an order in which a field comes after the one whose shape it has.
// Labels are -100 where nothing is predicted.
type TransformersBatch struct {
	Fields []BatchField
	// Compact says that Loss takes the labels of the predicted positions alone,
	// [B, P], with their Positions; else those of every position.
	Compact bool
}

// BatchField is a tensor of a batch of transformers.
type BatchField struct {
	Name     string
	Like     string // the field whose shape it has; none for its own
	Values   int    // its values lie in [0, Values)
	What     string // what has those values, with a place for the number
	Optional bool   // whether it may be absent
}
