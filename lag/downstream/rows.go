package downstream

import (
	"fmt"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/model"
)

// A row is a text or a pair of texts as a model reads it.
type row struct {
	tokens []int32
	spans  [][2]int // where each text is among the tokens, without special tokens
}

// reading says how the models of an objective read texts: with the special tokens
// that they were trained with.
type reading struct {
	length              int   // most tokens of a row
	begin, between, end int32 // special tokens; objective.None for nothing
	segments            bool  // the second text of a pair has a segment of its own
	pad                 int32
}

// readingOf returns how models of an objective read texts:
//
//	encoder          [CLS] A [SEP], [CLS] A [SEP] B [SEP]
//	encoder-decoder  A EOS, A EOS B EOS
//	decoder-only     A, A EOS B
//
// Segments differ only in models that were trained on sentence pairs; in others the
// second segment means nothing. UL2's models that know mode tokens get [NLU] first.
func readingOf(o objective.Objective, v objective.Vocabulary) (reading, error) {
	r := reading{length: o.SequenceLength(), begin: objective.None, between: v.EOS, end: v.EOS, pad: max(v.Pad, 0)}
	switch o.Form {
	case objective.Encoder:
		r.begin, r.between, r.end = v.Cls, v.Sep, v.Sep
		mlm, ok := o.Settings.(objective.MLM)
		r.segments = ok && mlm.Pairs != nil
	case objective.EncoderDecoder:
	case objective.DecoderOnly:
		r.end = objective.None
	default:
		return r, fmt.Errorf("it is not known how models of form %q read texts", o.Form)
	}
	if ul2, ok := o.Settings.(objective.UL2); ok && ul2.ModeTokens {
		r.begin = v.Modes.NLU
	}
	if r.room(2) < 2 {
		return r, fmt.Errorf("sequences of %d tokens have no room for two texts", r.length)
	}
	return r, nil
}

// room returns how many tokens of n texts a row has room for.
func (r reading) room(n int) int {
	special := n - 1
	for _, id := range []int32{r.begin, r.end} {
		if id != objective.None {
			special++
		}
	}
	return r.length - special
}

// row returns a text or a pair of texts with their special tokens. What does not fit is
// cut off at the end, one token at a time from the longer text, as for BERT.
func (r reading) row(texts ...[]int32) row {
	room := r.room(len(texts))
	texts = append([][]int32(nil), texts...)
	for {
		longest, total := 0, 0
		for i, text := range texts {
			if total += len(text); len(text) > len(texts[longest]) {
				longest = i
			}
		}
		if total <= room {
			break
		}
		texts[longest] = texts[longest][:len(texts[longest])-1]
	}
	var one row
	add := func(id int32) {
		if id != objective.None {
			one.tokens = append(one.tokens, id)
		}
	}
	add(r.begin)
	for i, text := range texts {
		if i > 0 {
			add(r.between)
		}
		from := len(one.tokens)
		one.tokens = append(one.tokens, text...)
		one.spans = append(one.spans, [2]int{from, len(one.tokens)})
	}
	add(r.end)
	return one
}

// texts returns rows for a model, each with the given length, and the weights [B, S, L]
// that average the S texts of each.
func (r reading) texts(rows []row, length int) (t model.Texts, pool []float32) {
	n := len(rows[0].spans)
	t = model.Texts{Size: len(rows), Length: length, Tokens: make([]int32, len(rows)*length), Lengths: make([]int32, len(rows))}
	pool = make([]float32, len(rows)*n*length)
	if r.segments && n > 1 {
		t.Segments = make([]int32, len(rows)*length)
	}
	for i, one := range rows {
		tokens := t.Tokens[i*length : (i+1)*length]
		for k := copy(tokens, one.tokens); k < length; k++ {
			tokens[k] = r.pad
		}
		t.Lengths[i] = int32(len(one.tokens))
		for s, span := range one.spans {
			for k := span[0]; k < span[1]; k++ {
				pool[(i*n+s)*length+k] = 1 / float32(span[1]-span[0])
			}
		}
		if t.Segments != nil {
			for k := one.spans[1][0]; k < len(one.tokens); k++ {
				t.Segments[i*length+k] = 1
			}
		}
	}
	return t, pool
}
