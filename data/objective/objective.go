package objective

import (
	"errors"
	"fmt"
	"slices"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/strictjson"
)

// Kind names an objective.
type Kind string

// The objectives.
const (
	KindMLM            Kind = "mlm"             // [MLM]
	KindSpanCorruption Kind = "span-corruption" // [SpanCorruption]
	KindUL2            Kind = "ul2"             // [UL2]
	KindPrefixLM       Kind = "prefix-lm"       // [PrefixLM]
	KindCausalLM       Kind = "causal-lm"       // [CausalLM]
)

// Kinds returns the names of all objectives.
func Kinds() []Kind {
	return []Kind{KindMLM, KindSpanCorruption, KindUL2, KindPrefixLM, KindCausalLM}
}

// Form is the kind of model that an objective trains.
type Form string

// The forms.
const (
	Encoder        Form = "encoder"         // batches are [MLMBatch]
	EncoderDecoder Form = "encoder-decoder" // batches are [EncoderDecoderBatch]
	DecoderOnly    Form = "decoder-only"    // batches are [DecoderBatch]
)

// Settings are the settings of one objective: an [MLM], [SpanCorruption], [UL2],
// [PrefixLM] or [CausalLM].
type Settings interface {
	Kind() Kind
	validate(form Form, v Vocabulary) error
	length() int // of a sequence, tokens
	withLength(tokens int) Settings
}

// Objective is an objective and the form of the model. In JSON it is an object
// with kind, form and the fields of the settings:
//
//	{"kind": "ul2", "form": "decoder-only", "sequence_length": 512, "denoisers": [...], "mode_tokens": true, "roll": "single"}
//
// All fields without omitempty are required. Unknown fields are an error.
type Objective struct {
	Form     Form
	Settings Settings
}

// Default returns the usual settings of an objective for sequences of the given
// length. The functions such as [DefaultMLM] give the sources.
func Default(kind Kind, form Form, sequenceLength int) (Objective, error) {
	o := Objective{Form: form}
	switch kind {
	case KindMLM:
		o.Settings = DefaultMLM(sequenceLength)
	case KindSpanCorruption:
		o.Settings = DefaultSpanCorruption(sequenceLength)
	case KindUL2:
		o.Settings = DefaultUL2(sequenceLength)
	case KindPrefixLM:
		o.Settings = DefaultPrefixLM(sequenceLength)
	case KindCausalLM:
		o.Settings = DefaultCausalLM(sequenceLength)
	default:
		return o, errKind(kind)
	}
	return o, nil
}

func errKind(kind Kind) error {
	return fmt.Errorf("objective: there is no objective %q%s; they are %q", kind, closest.Hint(kind, Kinds()), Kinds())
}

// Validate returns an error if the objective cannot make batches from texts of
// the vocabulary.
func (o Objective) Validate(v Vocabulary) error {
	if o.Settings == nil {
		return fmt.Errorf("objective: no objective is given; they are %q", Kinds())
	}
	if !slices.Contains([]Form{Encoder, EncoderDecoder, DecoderOnly}, o.Form) {
		return fmt.Errorf("objective: there is no form %q; it is %q, %q or %q", o.Form, Encoder, EncoderDecoder, DecoderOnly)
	}
	switch o.Settings.(type) {
	case MLM, SpanCorruption, UL2, PrefixLM, CausalLM:
		return o.Settings.validate(o.Form, v)
	}
	return fmt.Errorf("objective: settings of type %T do not belong to an objective: give an MLM, SpanCorruption, UL2, PrefixLM or CausalLM as a value", o.Settings)
}

// SequenceLength is the length of the objective's sequences, in tokens.
func (o Objective) SequenceLength() int { return o.Settings.length() }

// WithSequenceLength returns the objective for sequences of another length.
func (o Objective) WithSequenceLength(tokens int) Objective {
	if o.Settings != nil {
		o.Settings = o.Settings.withLength(tokens)
	}
	return o
}

// head is the beginning of an objective's JSON.
type head struct {
	Kind Kind `json:"kind"`
	Form Form `json:"form"`
}

// settings has the function that decodes the settings of each kind.
var settings = map[Kind]func(text []byte) (Settings, error){
	KindMLM:            strictjson.Decoder[MLM, Settings](),
	KindSpanCorruption: strictjson.Decoder[SpanCorruption, Settings](),
	KindUL2:            strictjson.Decoder[UL2, Settings](),
	KindPrefixLM:       strictjson.Decoder[PrefixLM, Settings](),
	KindCausalLM:       strictjson.Decoder[CausalLM, Settings](),
}

// MarshalJSON writes kind and form before the settings.
func (o Objective) MarshalJSON() ([]byte, error) {
	if o.Settings == nil {
		return nil, errors.New("objective: an objective without settings has no JSON")
	}
	return strictjson.Join(head{o.Settings.Kind(), o.Form}, o.Settings)
}

// UnmarshalJSON decodes what MarshalJSON writes.
func (o *Objective) UnmarshalJSON(text []byte) error {
	var h head
	rest, err := strictjson.Cut(text, &h)
	if err != nil {
		return fmt.Errorf("objective: %w", err)
	}
	read, ok := settings[h.Kind]
	if !ok {
		return errKind(h.Kind)
	}
	decoded, err := read(rest)
	if err != nil {
		return fmt.Errorf("objective: %s: %w", h.Kind, err)
	}
	*o = Objective{Form: h.Form, Settings: decoded}
	return nil
}

// mixture is implemented by settings that make inputs and targets.
type mixture interface {
	Settings
	plans(Form) (plans, error)
}

// denoising returns the objective as a mixture of denoisers.
func (o Objective) denoising(store Tokens, vocab Vocabulary) (*denoising, error) {
	m, ok := o.Settings.(mixture)
	if !ok {
		return nil, fmt.Errorf("objective: %q does not make inputs and targets", o.Settings.Kind())
	}
	p, err := m.plans(o.Form)
	if err != nil {
		return nil, err
	}
	return newDenoising(p, o.Form, m.length(), store, vocab), nil
}

// NewEncoderDecoderSampler returns a sampler of batches of batchSize examples of
// an objective of form [EncoderDecoder].
func NewEncoderDecoderSampler(o Objective, store Tokens, vocab Vocabulary, batchSize int, seed int64) (*Sampler[EncoderDecoderBatch], error) {
	if err := o.validateAs(EncoderDecoder, vocab); err != nil {
		return nil, err
	}
	d, err := o.denoising(store, vocab)
	if err != nil {
		return nil, err
	}
	return newSampler(encoderDecoderRows{d}, store, batchSize, seed)
}

// NewDecoderSampler returns a sampler of batches of batchSize sequences of an
// objective of form [DecoderOnly].
func NewDecoderSampler(o Objective, store Tokens, vocab Vocabulary, batchSize int, seed int64) (*Sampler[DecoderBatch], error) {
	if err := o.validateAs(DecoderOnly, vocab); err != nil {
		return nil, err
	}
	if c, ok := o.Settings.(CausalLM); ok {
		return newSampler(&causalRows{c, store, vocab}, store, batchSize, seed)
	}
	d, err := o.denoising(store, vocab)
	if err != nil {
		return nil, err
	}
	return newSampler(decoderRows{d}, store, batchSize, seed)
}

func (o Objective) validateAs(form Form, v Vocabulary) error {
	if err := o.Validate(v); err != nil {
		return err
	}
	if o.Form != form {
		return fmt.Errorf("objective: batches of form %q are needed, but the objective has form %q", form, o.Form)
	}
	return nil
}
