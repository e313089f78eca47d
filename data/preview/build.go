package preview

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
)

// builder makes the lines of examples.
type builder struct {
	vocab     objective.Vocabulary
	tokens    Tokens
	sentinels map[int32]int
	special   map[int32]bool
	modes     []int32
}

func newBuilder(v objective.Vocabulary, t Tokens) *builder {
	b := &builder{vocab: v, tokens: t, sentinels: make(map[int32]int), special: make(map[int32]bool)}
	for i, id := range v.Sentinels {
		b.sentinels[id] = i
	}
	for _, id := range append(slices.Clone(v.Specials), v.Cls, v.Sep, v.EOS) {
		b.special[id] = true
	}
	b.modes = []int32{v.Modes.NLU, v.Modes.NLG, v.Modes.S2S}
	return b
}

// name returns the text of a single token.
func (b *builder) name(id int32) string {
	if text := Visible(b.tokens.Decode([]int32{id})); text != "" && !b.special[id] {
		return text
	}
	return Visible(b.tokens.Token(id))
}

// Visible returns text as one line. It replaces control characters, and
// characters that change the direction of the text.
func Visible(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return '⏎'
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Bidi_Control):
			return unicode.ReplacementChar
		}
		return r
	}, text))
}

// text appends the text of tokens as a piece with the given role. Special
// tokens become separate pieces.
func (b *builder) text(pieces []Piece, ids []int32, role Role, span int) []Piece {
	for len(ids) > 0 {
		n := slices.IndexFunc(ids, func(id int32) bool { return b.special[id] })
		if n == 0 {
			pieces = append(pieces, Piece{Role: Special, Text: b.name(ids[0])})
			ids = ids[1:]
			continue
		}
		if n < 0 {
			n = len(ids)
		}
		pieces = append(pieces, Piece{Role: role, Text: Visible(b.tokens.Decode(ids[:n])), Span: span})
		ids = ids[n:]
	}
	return pieces
}

// padding appends a piece that stands for n tokens of padding.
func padding(pieces []Piece, n int) []Piece {
	if n > 0 {
		pieces = append(pieces, Piece{Role: Padding, Text: fmt.Sprintf("%d × padding", n)})
	}
	return pieces
}

// corrupted appends the mode token, text and sentinels of inputs.
func (b *builder) corrupted(pieces []Piece, ids []int32) []Piece {
	if len(ids) > 0 && ids[0] >= 0 && slices.Contains(b.modes, ids[0]) && b.vocab.Modes != (objective.Modes{}) {
		pieces = append(pieces, Piece{Role: Mode, Text: b.name(ids[0])})
		ids = ids[1:]
	}
	return b.spans(pieces, ids, Plain, false)
}

// spans appends text with sentinels. In targets, it numbers the hidden spans
// like their sentinels in the inputs. Targets that begin without a sentinel
// begin with the span of the first one.
func (b *builder) spans(pieces []Piece, ids []int32, role Role, hidden bool) []Piece {
	span := 0
	if _, ok := b.sentinels[first32(ids)]; hidden && ok {
		span = -1
	}
	for len(ids) > 0 {
		if s, ok := b.sentinels[ids[0]]; ok {
			pieces = append(pieces, Piece{Role: Sentinel, Text: b.name(ids[0]), Span: s})
			ids = ids[1:]
			span++
			continue
		}
		n := slices.IndexFunc(ids, func(id int32) bool { _, ok := b.sentinels[id]; return ok })
		if n < 0 {
			n = len(ids)
		}
		pieces = b.text(pieces, ids[:n], role, span)
		ids = ids[n:]
	}
	return pieces
}

func first32(ids []int32) int32 {
	if len(ids) == 0 {
		return objective.None
	}
	return ids[0]
}

// targets appends the tokens to predict: as hidden spans if there are
// sentinels, otherwise as plain text.
func (b *builder) targets(pieces []Piece, ids []int32) []Piece {
	if slices.ContainsFunc(ids, func(id int32) bool { _, ok := b.sentinels[id]; return ok }) {
		return b.spans(pieces, ids, Hidden, true)
	}
	return b.text(pieces, ids, Target, 0)
}

// MLM returns the rows of a masked language model's batch as examples.
func MLM(batch objective.MLMBatch, vocab objective.Vocabulary, tokens Tokens) []Example {
	b := newBuilder(vocab, tokens)
	var examples []Example
	for row := range batch.Size {
		ids := batch.Tokens[row*batch.Length : (row+1)*batch.Length]
		labels := make(map[int]int32)
		for i := row * batch.Predictions; i < (row+1)*batch.Predictions; i++ {
			if batch.Weights[i] != 0 {
				labels[int(batch.Positions[i])] = batch.Labels[i]
			}
		}
		n := int(batch.Lengths[row])
		e := Example{Title: fmt.Sprintf("example %d, mlm, %d of %s to predict", row+1, len(labels), plain.Count(n, "token"))}
		if batch.Segments == nil {
			e.Lines = []Line{{Name: "tokens", Pieces: padding(b.masked(ids, 0, n, labels), batch.Length-n)}}
		} else {
			second := slices.Index(batch.Segments[row*batch.Length:(row+1)*batch.Length], 1)
			note := "label 0: follows A"
			if batch.NextSentence[row] != 0 {
				note = "label 1: of another document"
			}
			e.Lines = []Line{
				{Name: "A", Pieces: b.masked(ids, 0, second, labels)},
				{Name: "B", Note: note, Pieces: padding(b.masked(ids, second, n, labels), batch.Length-n)},
			}
		}
		examples = append(examples, e)
	}
	return examples
}

// masked returns the pieces for the tokens from, ..., to-1 of a row. Tokens
// with a label are predicted.
func (b *builder) masked(ids []int32, from, to int, labels map[int]int32) []Piece {
	var pieces []Piece
	run := from // beginning of the text before the next predicted token
	for i := from; i < to; i++ {
		label, ok := labels[i]
		if !ok {
			continue
		}
		pieces = b.text(pieces, ids[run:i], Plain, 0)
		run = i + 1
		p := Piece{Role: Replaced, Text: b.name(ids[i]), Label: b.name(label)}
		switch ids[i] {
		case b.vocab.Mask:
			p.Role = Masked
		case label:
			p.Role = Kept
		}
		pieces = append(pieces, p)
	}
	return b.text(pieces, ids[run:to], Plain, 0)
}

// EncoderDecoder returns the rows of an encoder-decoder batch as examples.
func EncoderDecoder(batch objective.EncoderDecoderBatch, o objective.Objective, vocab objective.Vocabulary, tokens Tokens) []Example {
	b := newBuilder(vocab, tokens)
	var examples []Example
	for row := range batch.Size {
		n, m := int(batch.InputLengths[row]), int(batch.TargetLengths[row])
		inputs := batch.Inputs[row*batch.InputLength:][:n]
		targets := batch.Targets[row*batch.TargetLength:][:m]
		examples = append(examples, Example{Title: title(row, o, batch.Denoisers[row]), Lines: []Line{
			{Name: "inputs", Note: plain.Count(n, "token"), Pieces: padding(b.corrupted(nil, inputs), batch.InputLength-n)},
			{Name: "targets", Note: plain.Count(m, "token"), Pieces: padding(b.targets(nil, targets), batch.TargetLength-m)},
		}})
	}
	return examples
}

// Decoder returns the rows of a decoder-only batch as examples. After the
// prefix it shows the targets.
func Decoder(batch objective.DecoderBatch, o objective.Objective, vocab objective.Vocabulary, tokens Tokens) []Example {
	b := newBuilder(vocab, tokens)
	var examples []Example
	for row := range batch.Size {
		n, prefix := int(batch.Lengths[row]), int(batch.PrefixLengths[row])
		lo := row * batch.Length
		ids, targets := batch.Tokens[lo:lo+n], batch.Targets[lo:lo+n]
		e := Example{Title: title(row, o, batch.Denoisers[row])}
		if prefix > 0 {
			e.Lines = []Line{
				{Name: "prefix", Note: fmt.Sprintf("%s, attention in both directions", plain.Count(prefix, "token")), Pieces: b.corrupted(nil, ids[:prefix])},
				{Name: "targets", Note: fmt.Sprintf("%s, causal attention", plain.Count(n-prefix+1, "token")), Pieces: padding(b.targets(nil, targets[prefix-1:]), batch.Length-n)},
			}
		} else {
			pieces := b.text(nil, ids[:1], Plain, 0)
			for i := 0; i < n; {
				end := i
				for end < n && batch.Weights[lo+end] == batch.Weights[lo+i] {
					end++
				}
				role := Target
				if batch.Weights[lo+i] == 0 {
					role = Plain
				}
				pieces = b.text(pieces, targets[i:end], role, 0)
				i = end
			}
			e.Lines = []Line{{Name: "tokens", Note: fmt.Sprintf("%s, causal attention", plain.Count(n, "token")), Pieces: padding(pieces, batch.Length-n)}}
		}
		examples = append(examples, e)
	}
	return examples
}
