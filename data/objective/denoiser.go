package objective

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/landscape-aware/growing/data/strictjson"
)

// Mode is one of UL2's families of denoisers.
type Mode string

// The modes (Tay et al. 2022, section 3.1).
const (
	Regular    Mode = "R" // few short spans are hidden, as in T5
	Extreme    Mode = "X" // long spans, or much of the text, are hidden
	Sequential Mode = "S" // a prefix LM: what follows a prefix is to be predicted
)

// Denoiser is an entry of a mixture.
type Denoiser struct {
	Mode     Mode    `json:"mode"`
	MeanSpan float64 `json:"mean_span,omitempty"` // mean tokens of a hidden span; none (0) in mode S, which hides one span, the suffix
	Density  float64 `json:"density"`             // share of the tokens that is hidden, on average in mode S, see [PrefixRange]
	Rate     float64 `json:"rate"`                // weight in the mixture; the sum need not be 1
}

// UnmarshalJSON reads a denoiser. Mode, density and rate must be given.
func (d *Denoiser) UnmarshalJSON(text []byte) error {
	type fields Denoiser
	if err := strictjson.Decode(text, (*fields)(d)); err != nil {
		return fmt.Errorf("denoiser: %w", err)
	}
	return nil
}

// String returns R(3, 0.15) or S(0.5).
func (d Denoiser) String() string {
	if d.Mode == Sequential {
		return fmt.Sprintf("%s(%g)", d.Mode, d.Density)
	}
	return fmt.Sprintf("%s(%g, %g)", d.Mode, d.MeanSpan, d.Density)
}

// Validate reports what is wrong with the denoiser.
func (d Denoiser) Validate() error {
	switch d.Mode {
	case Regular, Extreme:
		if !(d.MeanSpan >= 1) {
			return fmt.Errorf("objective: %v: a mean span of %v tokens is impossible; it must be 1 or more", d, d.MeanSpan)
		}
		if !(d.Density > 0 && d.Density < 1) {
			return fmt.Errorf("objective: %v: the density %v must lie between 0 and 1", d, d.Density)
		}
	case Sequential:
		if d.MeanSpan != 0 {
			return fmt.Errorf("objective: %v: mode S hides one span, the suffix, and takes no mean span; leave it out", d)
		}
		if !(d.Density > 0 && d.Density <= 0.5) {
			return fmt.Errorf("objective: %v: the density %v of a prefix LM must lie between 0 and 0.5, which allows every split", d, d.Density)
		}
	default:
		return fmt.Errorf("objective: there is no mode %q; the modes are %q, %q and %q", d.Mode, Regular, Extreme, Sequential)
	}
	if !(d.Rate >= 0 && d.Rate <= 1e300) {
		return fmt.Errorf("objective: %v: the rate %v must be 0 or more", d, d.Rate)
	}
	return nil
}

// Roll says which masks are turned by a random number of places, as T5's
// random_spans_noise_mask does on request. Without it the first token of a text
// always stays and the last one is always hidden. A text that is turned may have
// a span at either end that is one span cut in two, for which a sentinel and a
// place are reserved; where its first token is hidden, the targets begin with
// that span, without a sentinel before it, as in T5.
type Roll string

// The choices.
const (
	RollNone   Roll = "none"   // no mask; a denoiser with a single span, which would always hide the suffix, is refused
	RollSingle Roll = "single" // the masks of denoisers with a single span
	RollAll    Roll = "all"    // all masks
)

func (r Roll) validate() error {
	switch r {
	case RollNone, RollSingle, RollAll:
		return nil
	}
	return fmt.Errorf("objective: there is no roll %q; it is %q, %q or %q", r, RollNone, RollSingle, RollAll)
}

// plan is how a denoiser makes examples of a static shape.
type plan struct {
	Denoiser
	raw     int  // T, tokens of text
	hidden  int  // of them, n; in mode S the most
	spans   int  // that are hidden
	roll    bool // the mask is turned
	prefix  bool // a mode token comes first
	inputs  int  // most tokens of the inputs, mode token and EOS (where there is one) counted
	targets int  // most tokens of the targets, EOS counted
}

// sentinels returns how many sentinels an example may need.
func (p plan) sentinels() int {
	switch {
	case p.Mode == Sequential:
		return 0
	case p.roll:
		return p.spans + 1
	}
	return p.spans
}

// newPlan fits the examples of a denoiser into the length L: of the inputs in
// the encoder-decoder form, of inputs and targets together in the decoder-only
// one.
func newPlan(d Denoiser, form Form, L int, prefix bool, roll Roll) (plan, error) {
	p := plan{Denoiser: d, prefix: prefix}
	place := L
	if prefix {
		place--
	}
	if d.Mode == Sequential {
		return p.sequential(form, place, L)
	}
	p.roll = roll == RollAll
	p.fit(form, place)
	if p.spans == 1 && roll == RollSingle {
		p.roll = true
		p.fit(form, place)
	}
	switch {
	case p.raw < 2:
		return p, fmt.Errorf("objective: sequences of %d tokens are too short for %v: there is no place for a text of two tokens beside sentinels and EOS: lengthen them", L, d)
	case p.spans > p.raw-p.hidden:
		return p, fmt.Errorf("objective: %v is impossible: of %d tokens %d are hidden in %d spans, and the %d that stay do not reach to keep the spans apart: lower the density or lengthen the mean span",
			d, p.raw, p.hidden, p.spans, p.raw-p.hidden)
	case p.spans == 1 && !p.roll:
		return p, fmt.Errorf("objective: sequences of %d tokens are too short for %v: it would hide a single span of %d of %d tokens, always the suffix, as mode S does: lengthen the sequences, shorten the mean span, or set roll to %q or %q",
			L, d, p.hidden, p.raw, RollSingle, RollAll)
	}
	return p, nil
}

// fit chooses the largest text of which inputs, or inputs and targets, fit into
// the place.
func (p *plan) fit(form Form, place int) {
	extra := 0
	if p.roll {
		extra = 1 // the sentinel of a span that is cut in two, in inputs or in targets
	}
	counts := func(raw int) (inputs, targets int) {
		n, spans := NoiseCounts(raw, p.Density, p.MeanSpan)
		return raw - n + spans, n + spans
	}
	if form == DecoderOnly {
		p.raw = largest(place, func(raw int) bool {
			inputs, targets := counts(raw)
			return inputs+targets+extra <= place // the targets' EOS is predicted, but not read
		})
	} else {
		p.raw, _ = SpanLengths(place-extra, p.Density, p.MeanSpan)
		p.raw = min(p.raw, largest(place, func(raw int) bool { // see SpanLengths
			inputs, _ := counts(raw)
			return inputs+extra+1 <= place
		}))
	}
	p.hidden, p.spans = NoiseCounts(p.raw, p.Density, p.MeanSpan)
	p.inputs, p.targets = counts(p.raw)
	p.inputs, p.targets = p.inputs+extra+p.overhead(form), p.targets+extra+1
}

// overhead counts the mode token and the EOS of the inputs.
func (p *plan) overhead(form Form) int {
	n := 0
	if p.prefix {
		n++
	}
	if form == EncoderDecoder {
		n++
	}
	return n
}

// sequential fits a prefix LM: the longest prefix is a token less than the text,
// which leaves that token's place to the EOS of the inputs; without one, it is
// the EOS of the targets that need not be read.
func (p plan) sequential(form Form, place, L int) (plan, error) {
	if place < 2 {
		return p, fmt.Errorf("objective: sequences of %d tokens are too short for %v: there is no place for a text of two tokens: lengthen them", L, p.Denoiser)
	}
	p.raw, p.spans = place, 1
	least, most := PrefixRange(p.raw, p.Density)
	p.hidden = p.raw - least
	p.inputs, p.targets = most+p.overhead(form), p.hidden+1
	return p, nil
}

// plans is a mixture.
type plans []plan

// sentinels returns how many sentinels the mixture may need.
func (p plans) sentinels() int {
	n := 0
	for _, plan := range p {
		n = max(n, plan.sentinels())
	}
	return n
}

// table prints the mixture.
func (p plans) table() string {
	var total float64
	for _, d := range p {
		total += d.Rate
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "#\tmode\tmean span\tdensity\trate\ttext\thidden\tspans\trolled\tinputs\ttargets\tsentinels\t")
	for i, d := range p {
		span, hidden, rolled := fmt.Sprintf("%g", d.MeanSpan), fmt.Sprint(d.hidden), "no"
		if d.Mode == Sequential {
			least, most := PrefixRange(d.raw, d.Density)
			span, hidden = "-", fmt.Sprintf("%d-%d", d.raw-most, d.raw-least)
		}
		if d.Rate == 0 {
			fmt.Fprintf(w, "%d\t%s\t%s\t%g\t0%%\t-\t-\t-\t-\t-\t-\t-\t\n", i, d.Mode, span, d.Density)
			continue
		}
		if d.roll {
			rolled = "yes"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%g\t%.1f%%\t%d\t%s\t%d\t%s\t%d\t%d\t%d\t\n",
			i, d.Mode, span, d.Density, 100*d.Rate/total, d.raw, hidden, d.spans, rolled, d.inputs, d.targets, d.sentinels())
	}
	w.Flush()
	return b.String()
}
