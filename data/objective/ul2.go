package objective

import (
	"errors"
	"fmt"
)

// SpanCorruption is T5's objective (Raffel et al. 2020, section 3.1.4): spans of
// a text are hidden, each replaced by a sentinel; the targets are the spans,
// each after its sentinel (but see [Roll]); sentinels are <extra_id_0>, <extra_id_1>, ... in
// turn. [NoiseCounts] says how much is hidden, and all masks that do so, begin
// with a token that stays and end with one that does not are equally likely,
// unless they are rolled.
//
//	encoder-decoder: inputs  x x <0> x <1> EOS    targets  <0> y y <1> y EOS
//	decoder-only:    tokens  x x <0> x <1> <0> y y <1> y  with the targets' weights on <0> y y <1> y EOS
//
// In the encoder-decoder form SequenceLength is that of the inputs, and a text
// has the T tokens of [SpanLengths] (a token less where a mask may be rolled and
// a place is reserved). In the decoder-only form it is that of inputs and
// targets together, and a text has the most tokens T with
//
//	T + 2 spans(T) <= SequenceLength.
//
// A text is consecutive tokens of the store, whatever documents they are of.
type SpanCorruption struct {
	SequenceLength int     `json:"sequence_length"` // L, in tokens
	MeanSpan       float64 `json:"mean_span"`       // mean tokens of a hidden span
	Density        float64 `json:"density"`         // share of the tokens that is hidden
	Roll           Roll    `json:"roll"`            // whether masks are turned
}

// DefaultSpanCorruption returns T5's settings: spans of 3 tokens, 15% of the
// text.
func DefaultSpanCorruption(sequenceLength int) SpanCorruption {
	return SpanCorruption{SequenceLength: sequenceLength, MeanSpan: 3, Density: 0.15, Roll: RollNone}
}

// Kind is [KindSpanCorruption].
func (s SpanCorruption) Kind() Kind { return KindSpanCorruption }

func (s SpanCorruption) withLength(tokens int) Settings { s.SequenceLength = tokens; return s }

// Table prints the lengths that result.
func (s SpanCorruption) Table(form Form) (string, error) { return printPlans(s.plans(form)) }

func (s SpanCorruption) length() int { return s.SequenceLength }

func (s SpanCorruption) plans(form Form) (plans, error) {
	return newPlans([]Denoiser{{Regular, s.MeanSpan, s.Density, 1}}, form, s.SequenceLength, false, s.Roll)
}

func (s SpanCorruption) validate(form Form, v Vocabulary) error {
	p, err := s.plans(form)
	if err != nil {
		return err
	}
	return p.validate("span corruption", form, v, false)
}

// PrefixLM predicts what follows a prefix (Raffel et al. 2020, section 3.2.3;
// prefix_lm of T5's code). The prefix of a text has a uniformly random length,
// see [PrefixRange].
//
//	encoder-decoder: inputs  x x x EOS    targets  y y EOS
//	decoder-only:    tokens  x x x y y  with the targets' weights on y y EOS
//
// The text has SequenceLength consecutive tokens of the store. In the
// encoder-decoder form that is the length of the longest inputs with their EOS,
// in the decoder-only form of every row.
type PrefixLM struct {
	SequenceLength int     `json:"sequence_length"` // L, in tokens
	Density        float64 `json:"density"`         // share of the text that is predicted on average; 0.5 allows every split
}

// DefaultPrefixLM allows every split of a text.
func DefaultPrefixLM(sequenceLength int) PrefixLM {
	return PrefixLM{SequenceLength: sequenceLength, Density: 0.5}
}

// Kind is [KindPrefixLM].
func (p PrefixLM) Kind() Kind { return KindPrefixLM }

func (p PrefixLM) withLength(tokens int) Settings { p.SequenceLength = tokens; return p }

// Table prints the lengths that result.
func (p PrefixLM) Table(form Form) (string, error) { return printPlans(p.plans(form)) }

func (p PrefixLM) length() int { return p.SequenceLength }

func (p PrefixLM) plans(form Form) (plans, error) {
	return newPlans([]Denoiser{{Mode: Sequential, Density: p.Density, Rate: 1}}, form, p.SequenceLength, false, RollNone)
}

func (p PrefixLM) validate(form Form, v Vocabulary) error {
	plans, err := p.plans(form)
	if err != nil {
		return err
	}
	return plans.validate("a prefix LM", form, v, false)
}

// UL2 is a mixture of denoisers (Tay et al. 2022). Every example draws its
// denoiser by rate, with random numbers that depend on seed, step and row alone.
// R and X denoisers are [SpanCorruption], S denoisers [PrefixLM].
//
// With ModeTokens each example begins with the token of its denoiser's mode,
// [NLU] for R, [NLG] for X and [S2S] for S, at position 0 of the inputs. Its
// place is reserved: a text has the length it would have if SequenceLength were
// one less.
//
// All batches have one shape: inputs are padded to SequenceLength, targets to
// the longest of the mixture. A window of the store is as long as the longest
// text; a denoiser with shorter ones takes its text from a random place in it.
type UL2 struct {
	SequenceLength int        `json:"sequence_length"` // L, in tokens
	Denoisers      []Denoiser `json:"denoisers"`
	ModeTokens     bool       `json:"mode_tokens"`
	Roll           Roll       `json:"roll"` // which masks of R and X denoisers are turned
}

// DefaultUL2 returns the seven denoisers of the paper (Tay et al. 2022, table 1),
// equally often, with mode tokens. The paper's S denoiser hides a quarter of the
// text on average; ours splits it anywhere with the same probability, as T5's code
// does. X(64, 0.15) has a single span in inputs of up to about 540 tokens; such
// masks are rolled, lest they always hide the suffix.
func DefaultUL2(sequenceLength int) UL2 {
	return UL2{
		SequenceLength: sequenceLength,
		Denoisers: []Denoiser{
			{Regular, 3, 0.15, 1}, {Regular, 8, 0.15, 1},
			{Extreme, 3, 0.5, 1}, {Extreme, 8, 0.5, 1}, {Extreme, 64, 0.15, 1}, {Extreme, 64, 0.5, 1},
			{Sequential, 0, 0.5, 1},
		},
		ModeTokens: true,
		Roll:       RollSingle,
	}
}

// Kind is [KindUL2].
func (u UL2) Kind() Kind { return KindUL2 }

func (u UL2) withLength(tokens int) Settings { u.SequenceLength = tokens; return u }

// Table prints the mixture: a line for each denoiser, with the lengths that
// result.
func (u UL2) Table(form Form) (string, error) { return printPlans(u.plans(form)) }

// Sentinels returns how many sentinel tokens the mixture may need.
func (u UL2) Sentinels(form Form) (int, error) {
	p, err := u.plans(form)
	return p.sentinels(), err
}

func (u UL2) length() int { return u.SequenceLength }

func (u UL2) plans(form Form) (plans, error) {
	return newPlans(u.Denoisers, form, u.SequenceLength, u.ModeTokens, u.Roll)
}

func (u UL2) validate(form Form, v Vocabulary) error {
	p, err := u.plans(form)
	if err != nil {
		return err
	}
	return p.validate("UL2", form, v, u.ModeTokens)
}

// newPlans checks denoisers and fits them. Those with a rate of 0 are kept, so
// that indices are those of the table, but need not fit.
func newPlans(denoisers []Denoiser, form Form, L int, modeTokens bool, roll Roll) (plans, error) {
	if form != EncoderDecoder && form != DecoderOnly {
		return nil, fmt.Errorf("objective: inputs and targets need a decoder, which a model of form %q lacks: the form is %q or %q", form, EncoderDecoder, DecoderOnly)
	}
	if err := roll.validate(); err != nil {
		return nil, err
	}
	if len(denoisers) == 0 {
		return nil, errors.New("objective: a mixture without denoisers; name one or more")
	}
	list := make(plans, len(denoisers))
	var total float64
	for i, d := range denoisers {
		if err := d.Validate(); err != nil {
			return nil, err
		}
		total += d.Rate
		list[i] = plan{Denoiser: d, prefix: modeTokens}
		if d.Rate == 0 {
			continue
		}
		var err error
		if list[i], err = newPlan(d, form, L, modeTokens, roll); err != nil {
			return nil, err
		}
	}
	if total == 0 {
		return nil, errors.New("objective: the rates of all denoisers are 0; give one of them more")
	}
	return list, nil
}

func printPlans(p plans, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return p.table(), nil
}

// validate checks the vocabulary.
func (p plans) validate(objective string, form Form, v Vocabulary, modeTokens bool) error {
	tokens := []named{{"padding", v.Pad}, {"end-of-sequence (EOS)", v.EOS}}
	if modeTokens {
		tokens = append(tokens, named{"[NLU]", v.Modes.NLU}, named{"[NLG]", v.Modes.NLG}, named{"[S2S]", v.Modes.S2S})
	}
	if err := v.need(objective, tokens...); err != nil {
		return err
	}
	return v.needSentinels(objective, p.sentinels(), tokens...)
}
