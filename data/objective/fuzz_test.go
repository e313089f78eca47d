package objective

import (
	"encoding/json"
	"reflect"
	"testing"
)

// FuzzObjective decodes objectives from arbitrary text. Encoding and decoding
// an objective again gives the same one, and a valid one gives a batch or an
// error.
func FuzzObjective(f *testing.F) {
	pairs := DefaultMLM(32)
	pairs.Pairs, pairs.WholeWords = DefaultSentencePairs(), true
	for _, o := range []Objective{
		{Encoder, DefaultMLM(64)}, {Encoder, pairs},
		{EncoderDecoder, DefaultSpanCorruption(64)}, {DecoderOnly, DefaultUL2(48)},
		{EncoderDecoder, DefaultPrefixLM(16)}, {DecoderOnly, CausalLM{16, true}},
	} {
		text, err := json.Marshal(o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	store := newLibrary(300, 1, 0, 200, 499)
	v := t5vocab(2000, 60)
	v.Cls, v.Sep, v.Mask = 2, 3, 4
	v.Continues = func(id int32) bool { return id%3 == 0 }
	f.Fuzz(func(t *testing.T, text []byte) {
		var o, again Objective
		if json.Unmarshal(text, &o) != nil {
			return
		}
		written, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil || !reflect.DeepEqual(o, again) {
			t.Fatalf("%s: %v", written, err)
		}
		if o.Validate(v) != nil {
			return
		}
		switch o.Form {
		case Encoder:
			if s, err := NewMLMSampler(o.Settings.(MLM), store, v, 2, 1); err == nil {
				batch(t, s, 3)
			}
		case EncoderDecoder:
			if s, err := NewEncoderDecoderSampler(o, store, v, 2, 1); err == nil {
				at(t, s, 3)
			}
		case DecoderOnly:
			if s, err := NewDecoderSampler(o, store, v, 2, 1); err == nil {
				at(t, s, 3)
			}
		}
	})
}
