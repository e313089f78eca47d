package objective

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden reads reference cases that are not part of this repository.
func golden(t *testing.T, name string, to any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../shared/golden", name))
	if err != nil {
		t.Skipf("no exact cases: %v", err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

// joined returns a store of documents without their padding.
func joined(documents [][]int32, padding int32) sequence {
	var s sequence
	for _, d := range documents {
		for _, id := range d {
			if id != padding {
				s = append(s, id)
			}
		}
	}
	return s
}

// cut returns the segments of a store, which are the sampler's windows.
func cut(t *testing.T, store sequence, size int) [][]int32 {
	t.Helper()
	list := [][]int32{}
	cut := segments{0, store.Len(), int64(size)}
	for k := int64(0); k*cut.size < store.Len(); k++ { // the last one may be shorter
		lo, hi := cut.bounds(k)
		segment := make([]int32, hi-lo)
		if err := store.Read(segment, lo); err != nil {
			t.Fatal(err)
		}
		list = append(list, segment)
	}
	return list
}

// descending returns n sentinels: first, first-1, ...
func descending(first int32, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = first - int32(i)
	}
	return ids
}

func TestGoldenSegments(t *testing.T) {
	var cases []struct {
		Docs      [][]int32 `json:"docs"`
		MaxTokens int       `json:"max_tokens"`
		Segments  [][]int32 `json:"segments"`
	}
	golden(t, "concat_split.json", &cases)
	for _, c := range cases {
		if d := cmp.Diff(c.Segments, cut(t, joined(c.Docs, 0), c.MaxTokens)); d != "" {
			t.Errorf("%v by %d: %s", c.Docs, c.MaxTokens, d)
		}
	}
}

func TestGoldenPrefixes(t *testing.T) {
	var cases []struct {
		Length  int
		Density float64
		Min     int     `json:"min_prefix"`
		Max     int     `json:"max_prefix"`
		Mean    float64 `json:"mean_prefix"`
	}
	golden(t, "prefix_lm_ranges.json", &cases)
	for _, c := range cases {
		if least, most := PrefixRange(c.Length, c.Density); least != c.Min || most != c.Max || float64(least+most)/2 != c.Mean {
			t.Errorf("%d, %v: %d to %d, want %d to %d", c.Length, c.Density, least, most, c.Min, c.Max)
		}
	}
}

func TestGoldenLengths(t *testing.T) {
	var cases []struct {
		Inputs    int     `json:"inputs_length"`
		MeanSpan  float64 `json:"mean_span"`
		Density   float64
		Raw       int  `json:"tokens_length"`
		Targets   int  `json:"targets_length"`
		Used      int  `json:"inputs_used"`
		Noise     int  `json:"noise_tokens"`
		Spans     int  `json:"noise_spans"`
		Sentinels int  `json:"sentinels_needed"`
		TooMany   bool `json:"exceeds_100_sentinels"`
	}
	golden(t, "t5_lengths.json", &cases)
	for _, c := range cases {
		raw, targets := SpanLengths(c.Inputs, c.Density, c.MeanSpan)
		noise, spans := NoiseCounts(raw, c.Density, c.MeanSpan)
		used := raw - noise + round(float64(noise)/c.MeanSpan) + 1
		if raw != c.Raw || targets != c.Targets || noise != c.Noise || spans != c.Spans || used != c.Used {
			t.Errorf("%+v: %d tokens, targets %d, inputs %d, noise %d in %d spans", c, raw, targets, used, noise, spans)
		}
		// The masks are the same, except if a single span is rolled.
		p, err := newPlan(Denoiser{Regular, c.MeanSpan, c.Density, 1}, EncoderDecoder, c.Inputs, false, RollSingle)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if p.inputs > c.Inputs {
			t.Errorf("%+v: inputs of %d tokens", c, p.inputs)
		}
		if !p.roll && (p.raw != c.Raw || p.inputs != c.Used || p.sentinels() != c.Sentinels) {
			t.Errorf("%+v: batches have texts of %d, inputs of %d, %d sentinels", c, p.raw, p.inputs, p.sentinels())
		}
		if p.roll && c.Spans != 1 {
			t.Errorf("%+v: rolled without need", c)
		}
		if c.TooMany != (p.sentinels() > 100) {
			t.Errorf("%+v: %d sentinels", c, p.sentinels())
		}
	}
}

func TestGoldenNoiseCounts(t *testing.T) {
	var cases []struct {
		Density  float64
		MeanSpan float64 `json:"mean_span"`
		Length   int
		Noise    int   `json:"noise_tokens"`
		Spans    int   `json:"noise_spans"`
		Feasible *bool `json:"feasible"`
	}
	golden(t, "t5_noise_counts.json", &cases)
	for _, c := range cases {
		noise, spans := NoiseCounts(c.Length, c.Density, c.MeanSpan)
		if noise != c.Noise || spans != c.Spans {
			t.Errorf("%+v: %d in %d spans", c, noise, spans)
		}
		if c.Feasible != nil && *c.Feasible != (spans <= max(c.Length, 2)-noise) {
			t.Errorf("%+v: feasible?", c)
		}
	}
}

func TestGoldenRounding(t *testing.T) {
	var cases []struct {
		Length  int
		Density float64
		F64     int
	}
	golden(t, "t5_f32_f64_rounding_disagreements.json", &cases)
	for _, c := range cases {
		if n, _ := NoiseCounts(c.Length, c.Density, 3); n != c.F64 {
			t.Errorf("%+v: %d", c, n)
		}
	}
}

func TestGoldenCorruption(t *testing.T) {
	var cases []struct {
		Name     string
		Tokens   []int32
		Mask     []int
		First    int32 `json:"first_sentinel"`
		EOS      int32
		Nonnoise []int   `json:"nonnoise_spans"`
		Noise    []int   `json:"noise_spans"`
		Inputs   []int32 `json:"inputs"`
		Targets  []int32 `json:"targets"`
		In       []int32 `json:"inputs_eos"`
		Out      []int32 `json:"targets_eos"`
	}
	golden(t, "t5_span_corruption_cases.json", &cases)
	for _, c := range cases {
		mask := make([]bool, len(c.Mask))
		for i, m := range c.Mask {
			mask[i] = m == 1
		}
		inputs, targets, err := corrupt(nil, nil, c.Tokens, mask, descending(c.First, 10))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(inputs, c.Inputs) || !slices.Equal(targets, c.Targets) {
			t.Errorf("%s: %v and %v, want %v and %v", c.Name, inputs, targets, c.Inputs, c.Targets)
		}
		if c.Noise == nil {
			continue
		}
		// Check the mask that is made from the lengths of the spans.
		laid := make([]bool, len(mask))
		fillMask(laid, c.Nonnoise, c.Noise, 0)
		if !slices.Equal(laid, mask) {
			t.Errorf("%s: mask %v", c.Name, laid)
		}
		// Check the rows, which include EOS.
		if !slices.Equal(append(inputs, c.EOS), c.In) || !slices.Equal(append(targets, c.EOS), c.Out) {
			t.Errorf("%s: with EOS %v and %v", c.Name, inputs, targets)
		}
	}
}

func TestGoldenMixture(t *testing.T) {
	var want struct {
		Denoisers []struct {
			Mode     Mode
			MeanSpan float64 `json:"mean_span"`
			Density  float64
		}
		Prefixes  map[Mode]string
		Sentinels map[string]int `json:"max_sentinels_for_inputs"`
	}
	golden(t, "ul2_mixture.json", &want)
	u := DefaultUL2(512)
	if len(u.Denoisers) != len(want.Denoisers) {
		t.Fatalf("%d denoisers", len(u.Denoisers))
	}
	for i, d := range u.Denoisers {
		if w := want.Denoisers[i]; d != (Denoiser{w.Mode, w.MeanSpan, w.Density, 1}) {
			t.Errorf("denoiser %d is %v, want %v", i, d, w)
		}
	}
	tokens := map[int32]string{1: "[NLU]", 2: "[NLG]", 3: "[S2S]"}
	for mode, name := range want.Prefixes {
		if got := tokens[Modes{1, 2, 3}.of(mode)]; got != name {
			t.Errorf("%s begins with %s", mode, got)
		}
	}
	for length, n := range want.Sentinels {
		var L int
		if err := json.Unmarshal([]byte(length), &L); err != nil {
			t.Fatal(err)
		}
		u := DefaultUL2(L)
		u.ModeTokens = false // the cases have no mode token
		if got, err := u.Sentinels(EncoderDecoder); err != nil || got != n {
			t.Errorf("inputs of %d need %d sentinels, want %d (%v)", L, got, n, err)
		}
	}
}

// TestCases checks small cases of our own, made by testdata/cases.py.
func TestCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases struct {
		Predictions []struct{ Length, Most, Want int }
		Counts      []struct {
			Length   int
			Density  float64
			MeanSpan float64 `json:"mean_span"`
			Want     [2]int
		}
		Lengths []struct {
			Inputs   int
			Density  float64
			MeanSpan float64 `json:"mean_span"`
			Want     [2]int
		}
		Prefixes []struct {
			Length  int
			Density float64
			Want    [2]int
		}
		Corrupt []struct {
			Mask            string
			Inputs, Targets []int32
		}
		Segments []struct {
			Documents [][]int32
			Size      int
			Want      [][]int32
		}
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases.Predictions {
		if got := (MLM{SequenceLength: c.Length, MaskProbability: 0.15, MaxPredictions: c.Most}).Predictions(c.Length); got != c.Want {
			t.Errorf("predictions %+v: %d", c, got)
		}
	}
	for _, c := range cases.Counts {
		if n, spans := NoiseCounts(c.Length, c.Density, c.MeanSpan); [2]int{n, spans} != c.Want {
			t.Errorf("counts %+v: %d in %d", c, n, spans)
		}
	}
	for _, c := range cases.Lengths {
		if raw, targets := SpanLengths(c.Inputs, c.Density, c.MeanSpan); [2]int{raw, targets} != c.Want {
			t.Errorf("lengths %+v: %d, %d", c, raw, targets)
		}
	}
	for _, c := range cases.Prefixes {
		if least, most := PrefixRange(c.Length, c.Density); [2]int{least, most} != c.Want {
			t.Errorf("prefixes %+v: %d to %d", c, least, most)
		}
	}
	for _, c := range cases.Corrupt {
		tokens, mask := counting(len(c.Mask)), make([]bool, len(c.Mask))
		for i := range mask {
			tokens[i], mask[i] = int32(10+i), c.Mask[i] == '1'
		}
		inputs, targets, err := corrupt(nil, nil, tokens, mask, descending(99, 6))
		if err != nil || !slices.Equal(inputs, c.Inputs) || !slices.Equal(targets, c.Targets) {
			t.Errorf("corrupt %+v: %v, %v, %v", c, inputs, targets, err)
		}
	}
	for _, c := range cases.Segments {
		if d := cmp.Diff(c.Want, cut(t, joined(c.Documents, 0), c.Size)); d != "" {
			t.Errorf("segments %+v: %s", c, d)
		}
	}
}
