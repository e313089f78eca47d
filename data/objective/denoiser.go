package objective

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/strictjson"
)

// Mode is one of UL2's families of denoisers.
type Mode string

// The modes (Tay et al. 2022, section 3.1), and a causal LM as in [MIDAS].
const (
	Regular    Mode = "R" // hides few short spans, as T5 does
	Extreme    Mode = "X" // hides long spans or much of the text
	Sequential Mode = "S" // a prefix LM: hides the suffix
	Causal     Mode = "C" // a causal LM: hides all of the text but its first token
)

// Denoiser describes one denoiser of a [UL2] mixture.
type Denoiser struct {
	Mode     Mode    `json:"mode"`
	MeanSpan float64 `json:"mean_span,omitempty"` // mean length of a hidden span, in tokens; 0 in modes S and C, which hide one span, the suffix
	Density  float64 `json:"density"`             // share of hidden tokens; in mode S the average share, see [PrefixRange]; in mode C 1
	Rate     float64 `json:"rate"`                // weight in the mixture; weights need not sum to 1
}

// UnmarshalJSON decodes a denoiser. Mode, density and rate are required.
func (d *Denoiser) UnmarshalJSON(text []byte) error {
	type fields Denoiser
	if err := strictjson.Decode(text, (*fields)(d)); err != nil {
		return fmt.Errorf("denoiser: %w", err)
	}
	return nil
}

// String returns a text such as R(3, 0.15) or S(0.5).
func (d Denoiser) String() string {
	switch d.Mode {
	case Sequential:
		return fmt.Sprintf("%s(%g)", d.Mode, d.Density)
	case Causal:
		return string(d.Mode)
	}
	return fmt.Sprintf("%s(%g, %g)", d.Mode, d.MeanSpan, d.Density)
}

// Validate reports the first error in the denoiser.
func (d Denoiser) Validate() error {
	switch d.Mode {
	case Regular, Extreme:
		if !(d.MeanSpan >= 1) {
			return fmt.Errorf("objective: %v: the mean span is %v tokens; it must be 1 or more", d, d.MeanSpan)
		}
		if !(d.Density > 0 && d.Density < 1) {
			return fmt.Errorf("objective: %v: the density %v must lie between 0 and 1", d, d.Density)
		}
	case Sequential:
		if d.MeanSpan != 0 {
			return fmt.Errorf("objective: %v: mode S hides one span, the suffix, and takes no mean span; leave it out", d)
		}
		if !(d.Density > 0 && d.Density <= 0.5) {
			return fmt.Errorf("objective: %v: the density %v of a prefix LM must lie between 0 and 0.5 (0.5 allows every split)", d, d.Density)
		}
	case Causal:
		if d.MeanSpan != 0 || d.Density != 1 {
			return fmt.Errorf("objective: mode %s hides all but the first token: its density is 1, not %v, and it takes no mean span, not %v", d.Mode, d.Density, d.MeanSpan)
		}
	default:
		return fmt.Errorf("objective: there is no mode %q; the modes are %q, %q, %q and %q", d.Mode, Regular, Extreme, Sequential, Causal)
	}
	if !(d.Rate >= 0 && d.Rate <= 1e300) {
		return fmt.Errorf("objective: %v: the rate %v must be 0 or more", d, d.Rate)
	}
	return nil
}

// Roll selects the masks that are rotated by a random number of places, as T5's
// random_spans_noise_mask can do. Without rotation the first token of a text
// always stays and the last is always hidden. Rotation can cut a span in two,
// at the ends of the text; a sentinel and a place are reserved for this. If the
// first token is hidden, the targets begin with that span, without a sentinel
// before it, as in T5.
type Roll string

// The choices.
const (
	RollNone   Roll = "none"   // no mask; a denoiser with a single span is then an error, because it would always hide the suffix
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

// plan holds the lengths of a denoiser's examples.
type plan struct {
	Denoiser
	raw     int  // T, tokens of text
	hidden  int  // n, hidden tokens of the text; in modes S and C the most
	spans   int  // number of hidden spans
	roll    bool // whether the mask is rotated
	prefix  bool // whether a mode token comes first
	inputs  int  // most tokens of the inputs, including the mode token and EOS if there are any
	targets int  // most tokens of the targets, including EOS
}

// hidesSuffix reports whether the targets are the rest of the text, without sentinels.
func (d Denoiser) hidesSuffix() bool { return d.Mode == Sequential || d.Mode == Causal }

// prefixRange returns the least and the greatest length of the prefix before a hidden
// suffix.
func (p plan) prefixRange() (least, most int) {
	if p.Mode == Causal {
		return 1, 1
	}
	return PrefixRange(p.raw, p.Density)
}

// sentinels returns the most sentinels that an example needs.
func (p plan) sentinels() int {
	switch {
	case p.hidesSuffix():
		return 0
	case p.roll:
		return p.spans + 1
	}
	return p.spans
}

// newPlan computes the lengths for a denoiser. L limits the inputs in the
// encoder-decoder form, and inputs and targets together in the decoder-only
// form.
func newPlan(d Denoiser, form Form, L int, prefix bool, roll Roll) (plan, error) {
	p := plan{Denoiser: d, prefix: prefix}
	place := L
	if prefix {
		place--
	}
	if d.hidesSuffix() {
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
		return p, fmt.Errorf("objective: sequences of %s are too short for %v: a text of two tokens does not fit beside sentinels and EOS: lengthen them", plain.Count(L, "token"), d)
	case p.spans > p.raw-p.hidden:
		return p, fmt.Errorf("objective: %v is impossible: of %d tokens %d are hidden in %d spans, and the remaining %d are too few to separate the spans: lower the density or lengthen the mean span",
			d, p.raw, p.hidden, p.spans, p.raw-p.hidden)
	case p.spans == 1 && !p.roll:
		return p, fmt.Errorf("objective: sequences of %d tokens are too short for %v: it would hide a single span of %d of %d tokens, always the suffix, as mode S does: lengthen the sequences, shorten the mean span, or set roll to %q or %q",
			L, d, p.hidden, p.raw, RollSingle, RollAll)
	}
	return p, nil
}

// fit chooses the longest text whose inputs (in the encoder-decoder form), or
// inputs and targets together, fit into place tokens.
func (p *plan) fit(form Form, place int) {
	extra := 0
	if p.roll {
		extra = 1 // the second sentinel of a span that is cut in two
	}
	counts := func(raw int) (inputs, targets int) {
		n, spans := NoiseCounts(raw, p.Density, p.MeanSpan)
		return raw - n + spans, n + spans
	}
	if form == DecoderOnly {
		p.raw = largest(place, func(raw int) bool {
			inputs, targets := counts(raw)
			return inputs+targets+extra <= place // the targets' EOS is predicted but not read
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

// overhead returns the number of mode tokens and EOS in the inputs.
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

// sequential computes the lengths for a prefix LM or a causal LM. The longest prefix is one
// token shorter than the text. In the encoder-decoder form that leaves a place
// for the EOS of the inputs; in the decoder-only form the EOS of the targets is
// not read and needs no place.
func (p plan) sequential(form Form, place, L int) (plan, error) {
	if place < 2 {
		return p, fmt.Errorf("objective: sequences of %s are too short for %v: a text of two tokens does not fit: lengthen them", plain.Count(L, "token"), p.Denoiser)
	}
	p.raw, p.spans = place, 1
	least, most := p.prefixRange()
	p.hidden = p.raw - least
	p.inputs, p.targets = most+p.overhead(form), p.hidden+1
	return p, nil
}

// plans is a mixture.
type plans []plan

// sentinels returns the most sentinels that an example of the mixture needs.
func (p plans) sentinels() int {
	n := 0
	for _, plan := range p {
		n = max(n, plan.sentinels())
	}
	return n
}

// table returns a table of the mixture.
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
		if d.hidesSuffix() {
			span = "-"
			if least, most := d.prefixRange(); least < most {
				hidden = fmt.Sprintf("%d-%d", d.raw-most, d.raw-least)
			}
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
