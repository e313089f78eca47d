package objective

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	pairs := DefaultMLM(64)
	pairs.Pairs, pairs.WholeWords = DefaultSentencePairs(), true
	for _, o := range []Objective{
		{Encoder, DefaultMLM(128)}, {Encoder, pairs},
		{EncoderDecoder, DefaultSpanCorruption(512)}, {DecoderOnly, DefaultUL2(512)},
		{DecoderOnly, DefaultPrefixLM(64)}, {DecoderOnly, CausalLM{64, true}},
	} {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var got Objective
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	text, _ := json.Marshal(Objective{EncoderDecoder, DefaultSpanCorruption(512)})
	if want := `{"kind":"span-corruption","form":"encoder-decoder","sequence_length":512,"mean_span":3,"density":0.15,"roll":"none"}`; string(text) != want {
		t.Errorf("%s", text)
	}
	if _, err := json.Marshal(Objective{}); err == nil {
		t.Error("an objective without settings was written")
	}
}

func TestJSONErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`[]`, "must be an object"},
		{`{"form":"encoder"}`, `"kind" is missing`},
		{`{"kind":"gpt","form":"encoder"}`, `there is no objective "gpt"`},
		{`{"kind":3,"form":"encoder"}`, "kind"},
		{`{"kind":"causal-lm"}`, `"form" is missing`},
		{`{"kind":"causal-lm","form":"decoder-only","sequence_length":8}`, `"separate_documents" is missing`},
		{`{"kind":"causal-lm","form":"decoder-only","sequence_length":null,"separate_documents":true}`, `"sequence_length" is missing`},
		{`{"kind":"causal-lm","form":"decoder-only","sequence_length":8,"separate_documents":true,"density":0.5}`, `unknown field "density"`},
		{`{"kind":"prefix-lm","form":"decoder-only","sequence_length":8.5,"density":0.5}`, "must be a whole number in digits"},
		{`{"kind":"ul2","form":"decoder-only","sequence_length":64,"mode_tokens":true,"roll":"none","denoisers":[{"mode":"R","mean_span":3,"density":0.15}]}`, `"rate" is missing`},
		{`{"kind":"ul2","form":"decoder-only","sequence_length":64,"mode_tokens":true,"roll":"none","denoisers":[{"mode":"R","span":3,"density":0.15,"rate":1}]}`, `unknown field "span"`},
		{`{"kind":"mlm","form":"encoder","sequence_length":64,"mask_probability":0.15,"max_predictions":0,"pairs":{"random_next":0.5}}`, `"short_probability" is missing`},
	} {
		var o Objective
		if err := json.Unmarshal([]byte(c.text), &o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	bert, t5 := vocab(100), t5vocab(100, 40)
	bert.Pad, bert.EOS = 0, None
	few := t5vocab(100, 10)
	noModes := t5
	noModes.Modes = Modes{None, None, None}
	same := t5
	same.EOS = same.Pad
	clash := t5
	clash.EOS = clash.Sentinels[3]
	ul2 := func(change func(*UL2)) UL2 {
		u := DefaultUL2(128)
		change(&u)
		return u
	}
	rates := func(rate float64) UL2 {
		return ul2(func(u *UL2) {
			for i := range u.Denoisers {
				u.Denoisers[i].Rate = rate
			}
		})
	}
	denoiser := func(d Denoiser) UL2 { return ul2(func(u *UL2) { u.Denoisers = []Denoiser{d} }) }
	words := DefaultMLM(64)
	words.WholeWords = true
	pairs := func(length int, random float64) MLM {
		m := DefaultMLM(length)
		m.Pairs = &SentencePairs{RandomNext: random}
		return m
	}
	for _, c := range []struct {
		form     Form
		settings Settings
		v        Vocabulary
		want     string // "" if there is no error
	}{
		{Encoder, DefaultMLM(64), bert, ""},
		{EncoderDecoder, DefaultUL2(128), t5, ""},
		{DecoderOnly, DefaultUL2(128), t5, ""},
		{DecoderOnly, DefaultCausalLM(1), bert, ""},
		{Encoder, nil, bert, "no objective is given"},
		{"decoder", DefaultMLM(64), bert, `no form "decoder"`},
		{"", DefaultMLM(64), bert, `no form ""`},
		{DecoderOnly, DefaultMLM(64), bert, "attends to both sides"},
		{EncoderDecoder, DefaultMLM(64), bert, "attends to both sides"},
		{Encoder, DefaultMLM(64), t5, "has no [CLS] token"},
		{Encoder, DefaultMLM(2), bert, "too short"},
		{Encoder, words, bert, "marks tokens which continue"},
		{Encoder, pairs(4, 0.5), bert, "take five"},
		{Encoder, pairs(64, 1.5), bert, "random next sentence"},
		{Encoder, DefaultUL2(128), t5, "need a decoder"},
		{Encoder, DefaultCausalLM(8), bert, `its form is "decoder-only"`},
		{EncoderDecoder, DefaultCausalLM(8), bert, `its form is "decoder-only"`},
		{DecoderOnly, CausalLM{0, false}, bert, "1 or more"},
		{DecoderOnly, CausalLM{8, true}, Vocabulary{Size: 9, Sep: None, EOS: None}, "neither [SEP] nor EOS to end a document"},
		{EncoderDecoder, DefaultUL2(128), bert, "no end-of-sequence (EOS) token"},
		{EncoderDecoder, DefaultUL2(128), noModes, "no [NLU] token"},
		{EncoderDecoder, DefaultUL2(128), same, "must be different tokens"},
		{EncoderDecoder, DefaultUL2(128), clash, "end-of-sequence (EOS) and <extra_id_3>"},
		{EncoderDecoder, DefaultUL2(128), few, "needs 31 sentinel tokens (<extra_id_n>), and the vocabulary has 10: train the tokenizer with 31"},
		{EncoderDecoder, SpanCorruption{512, 3, 0.5, RollNone}, t5, "needs 128 sentinel"},
		{EncoderDecoder, SpanCorruption{64, 0.5, 0.15, RollNone}, t5, "the mean span is 0.5"},
		{EncoderDecoder, SpanCorruption{64, math.NaN(), 0.15, RollNone}, t5, "the mean span is NaN"},
		{EncoderDecoder, SpanCorruption{64, 3, 0, RollNone}, t5, "density 0 must lie"},
		{EncoderDecoder, SpanCorruption{64, 3, 1, RollNone}, t5, "density 1 must lie"},
		{EncoderDecoder, SpanCorruption{64, 1, 0.9, RollNone}, t5, "are too few to separate the spans"},
		{EncoderDecoder, SpanCorruption{64, 3, 0.15, "some"}, t5, `no roll "some"`},
		{EncoderDecoder, SpanCorruption{16, 3, 0.15, RollNone}, t5, "always the suffix"},
		{DecoderOnly, SpanCorruption{16, 3, 0.15, RollNone}, t5, "always the suffix"},
		{EncoderDecoder, SpanCorruption{16, 3, 0.15, RollSingle}, t5, ""},
		{EncoderDecoder, SpanCorruption{2, 3, 0.15, RollSingle}, t5, "a text of two tokens does not fit"},
		{DecoderOnly, SpanCorruption{3, 3, 0.15, RollAll}, t5, "a text of two tokens does not fit"},
		{EncoderDecoder, SpanCorruption{-5, 3, 0.15, RollAll}, t5, "a text of two tokens does not fit"},
		{EncoderDecoder, PrefixLM{1, 0.5}, t5, "a text of two tokens does not fit"},
		{EncoderDecoder, PrefixLM{64, 0.6}, t5, "between 0 and 0.5"},
		{EncoderDecoder, ul2(func(u *UL2) { u.Roll = RollNone }), t5, "X(64, 0.15)"},
		{EncoderDecoder, ul2(func(u *UL2) { u.Denoisers = nil }), t5, "has no denoisers"},
		{EncoderDecoder, rates(0), t5, "rates of all denoisers are 0"},
		{EncoderDecoder, rates(-1), t5, "must be 0 or more"},
		{EncoderDecoder, rates(math.Inf(1)), t5, "must be 0 or more"},
		{EncoderDecoder, denoiser(Denoiser{"Y", 3, 0.15, 1}), t5, `no mode "Y"`},
		{EncoderDecoder, denoiser(Denoiser{Sequential, 3, 0.5, 1}), t5, "takes no mean span"},
	} {
		err := Objective{c.form, c.settings}.Validate(c.v)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %+v: %v, want %q", c.form, c.settings, err, c.want)
		}
	}
}

// TestForms checks that samplers return an error for objectives of another form.
func TestForms(t *testing.T) {
	v, store := t5vocab(1000, 40), counting(1000)
	if _, err := NewEncoderDecoderSampler(Objective{DecoderOnly, DefaultUL2(64)}, store, v, 2, 1); err == nil || !strings.Contains(err.Error(), `has form "decoder-only"`) {
		t.Error(err)
	}
	if _, err := NewDecoderSampler(Objective{EncoderDecoder, DefaultUL2(64)}, store, v, 2, 1); err == nil || !strings.Contains(err.Error(), `has form "encoder-decoder"`) {
		t.Error(err)
	}
	if _, err := Default("gpt", Encoder, 64); err == nil {
		t.Error("an unknown objective has defaults")
	}
	// Invalid tokens in a store are an error.
	store[500] = v.Sentinels[2]
	s := encoderDecoder(t, DefaultSpanCorruption(64), store, v, 10, 1)
	if _, err := s.Batch(0); err == nil || !strings.Contains(err.Error(), "must not occur in a text") {
		t.Error(err)
	}
	store[500] = 20000
	if _, err := s.Batch(0); err == nil || !strings.Contains(err.Error(), "another vocabulary") {
		t.Error(err)
	}
}
