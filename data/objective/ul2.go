package objective

import (
	"errors"
	"fmt"
)

// SpanCorruption is T5's objective (Raffel et al. 2020, section 3.1.4). It
// hides spans of a text. Inputs are the text with each hidden span replaced by
// a sentinel; targets are the hidden spans, each after its sentinel (for an
// exception see [Roll]). The sentinels are <extra_id_0>, <extra_id_1>, ... in
// order. [NoiseCounts] determines how much is hidden. All masks with these
// counts that begin with a visible token and end with a hidden one are equally
// likely; then they may be rolled.
//
//	encoder-decoder: inputs  x x <0> x <1> EOS    targets  <0> y y <1> y EOS
//	decoder-only:    tokens  x x <0> x <1> <0> y y <1> y  with the targets' weights on <0> y y <1> y EOS
//
// In the encoder-decoder form SequenceLength is the length of the inputs, and a
// text has the T tokens of [SpanLengths], or one less if masks are rolled. In
// the decoder-only form it is the length of inputs and targets together, and a
// text has the largest T with
//
//	T + 2 spans(T) <= SequenceLength.
//
// A text is a sequence of consecutive tokens of the store, across document
// boundaries.
type SpanCorruption struct {
	SequenceLength int     `json:"sequence_length"` // L, in tokens
	MeanSpan       float64 `json:"mean_span"`       // mean length of a hidden span, in tokens
	Density        float64 `json:"density"`         // share of hidden tokens
	Roll           Roll    `json:"roll"`            // which masks are rotated
}

// DefaultSpanCorruption returns T5's settings: spans of 3 tokens on average,
// 15% of the text.
func DefaultSpanCorruption(sequenceLength int) SpanCorruption {
	return SpanCorruption{SequenceLength: sequenceLength, MeanSpan: 3, Density: 0.15, Roll: RollNone}
}

// Kind returns [KindSpanCorruption].
func (s SpanCorruption) Kind() Kind { return KindSpanCorruption }

func (s SpanCorruption) withLength(tokens int) Settings { s.SequenceLength = tokens; return s }

// Table returns a table of the resulting lengths.
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

// PrefixLM predicts the rest of a text from a prefix (Raffel et al. 2020,
// section 3.2.3; prefix_lm of T5's code). The length of the prefix is uniformly
// random, see [PrefixRange].
//
//	encoder-decoder: inputs  x x x EOS    targets  y y EOS
//	decoder-only:    tokens  x x x y y  with the targets' weights on y y EOS
//
// A text has SequenceLength consecutive tokens of the store. That is also the
// length of the longest inputs with EOS in the encoder-decoder form, and of
// every row in the decoder-only form.
type PrefixLM struct {
	SequenceLength int     `json:"sequence_length"` // L, in tokens
	Density        float64 `json:"density"`         // average share of predicted tokens; 0.5 allows every split
}

// DefaultPrefixLM returns a prefix LM that allows every split of a text.
func DefaultPrefixLM(sequenceLength int) PrefixLM {
	return PrefixLM{SequenceLength: sequenceLength, Density: 0.5}
}

// Kind returns [KindPrefixLM].
func (p PrefixLM) Kind() Kind { return KindPrefixLM }

func (p PrefixLM) withLength(tokens int) Settings { p.SequenceLength = tokens; return p }

// Table returns a table of the resulting lengths.
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

// UL2 is a mixture of denoisers (Tay et al. 2022). Every example uses a random
// denoiser, with probability proportional to its rate; it depends only on seed,
// step and row. R and X denoisers are [SpanCorruption], S denoisers are
// [PrefixLM].
//
// With ModeTokens the inputs of each example begin with the token of its
// denoiser's mode: [NLU] for R, [NLG] for X and [S2S] for S and C. A text is then as
// long as it would be for a SequenceLength of one less.
//
// All batches have the same shape: inputs are padded to SequenceLength and
// targets to the longest of the mixture. A window of the store has the length
// of the longest text. A denoiser with shorter texts takes them from a random
// place in the window.
type UL2 struct {
	SequenceLength int        `json:"sequence_length"` // L, in tokens
	Denoisers      []Denoiser `json:"denoisers"`
	ModeTokens     bool       `json:"mode_tokens"`
	Roll           Roll       `json:"roll"` // which masks of R and X denoisers are rotated
}

// DefaultUL2 returns the seven denoisers of the paper (Tay et al. 2022, table
// 1) with equal rates and with mode tokens. The paper's S denoiser hides a
// quarter of the text on average; ours makes every split equally likely, as
// T5's code does. X(64, 0.15) has a single span if inputs have at most about
// 540 tokens. Such masks are rolled, so that they do not always hide the
// suffix.
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

// MIDAS returns the mixture on which Saunshi et al. 2024, On the Inductive Bias of
// Stacking Towards Improving Reasoning (arXiv 2409.19044), train decoders: 60% causal LM,
// 20% prefix LM and 20% span corruption. Spans and density are T5's, there are no
// mode tokens, and the first token of a text is never predicted; these are this
// project's choice. In the encoder-decoder form the inputs of a causal LM are its
// first token.
func MIDAS(sequenceLength int) UL2 {
	return UL2{
		SequenceLength: sequenceLength,
		Denoisers:      []Denoiser{{Causal, 0, 1, 0.6}, {Sequential, 0, 0.5, 0.2}, {Regular, 3, 0.15, 0.2}},
		Roll:           RollSingle,
	}
}

// Kind returns [KindUL2].
func (u UL2) Kind() Kind { return KindUL2 }

func (u UL2) withLength(tokens int) Settings { u.SequenceLength = tokens; return u }

// Table returns a table of the mixture, with a line for each denoiser and the
// resulting lengths.
func (u UL2) Table(form Form) (string, error) { return printPlans(u.plans(form)) }

// Sentinels returns the most sentinels that an example of the mixture needs.
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

// newPlans validates denoisers and computes their lengths. It keeps denoisers
// with rate 0, so that indices match the table, but does not check their
// lengths.
func newPlans(denoisers []Denoiser, form Form, L int, modeTokens bool, roll Roll) (plans, error) {
	if form != EncoderDecoder && form != DecoderOnly {
		return nil, fmt.Errorf("objective: inputs and targets need a decoder, which a model of form %q lacks: the form must be %q or %q", form, EncoderDecoder, DecoderOnly)
	}
	if err := roll.validate(); err != nil {
		return nil, err
	}
	if len(denoisers) == 0 {
		return nil, errors.New("objective: the mixture has no denoisers; give one or more")
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
		return nil, errors.New("objective: the rates of all denoisers are 0; increase one of them")
	}
	return list, nil
}

func printPlans(p plans, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return p.table(), nil
}

// validate checks that the vocabulary has the tokens that the mixture needs.
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
