package tokenizer

import "github.com/landscape-aware/growing/data/tokenizer/vocab"

// sentinelsOfT5 is the number of sentinels of T5's vocabularies.
const sentinelsOfT5 = 100

// ExtendUL2 returns the tokenizer with T5's sentinels <extra_id_0> to
// <extra_id_(n-1)> and, if modes is set, UL2's mode tokens. It adds those that are
// missing.
//
// To a vocabulary of T5 it adds sentinels as transformers does, for their rows in a
// pretrained table: all 100 if it has fewer, <extra_id_0> with the highest id, then
// those beyond 100, then the mode tokens. To others it adds the mode tokens, then
// the sentinels, <extra_id_0> with the highest id.
func (t *Tokenizer) ExtendUL2(sentinels int, modes bool) (*Tokenizer, error) {
	if sentinels < 0 || sentinels > vocab.MaxSize {
		return nil, errSentinels(sentinels)
	}
	var names, modeNames []string
	if modes {
		modeNames = []string{NLU, NLG, S2S}
	}
	descending := func(from, to int) {
		for n := to - 1; n >= from; n-- {
			names = append(names, Sentinel(n))
		}
	}
	if !t.isT5() {
		names = modeNames
		descending(0, sentinels)
		return t.Extend(names...)
	}
	if sentinels > 0 || modes {
		descending(0, sentinelsOfT5)
	}
	descending(sentinelsOfT5, sentinels)
	return t.Extend(append(names, modeNames...)...)
}

// isT5 reports whether the vocabulary is one of T5: unigram, with T5's three special
// tokens in their places and no others, and with all sentinels or none. Vocabularies
// that are trained here have <s> and <mask>; those that were extended with fewer
// sentinels keep their order.
func (t *Tokenizer) isT5() bool {
	sp, n := t.special, len(t.sentinels)
	return t.kind == Unigram && sp.Pad == 0 && sp.EOS == 1 && sp.Unk == 2 && sp.Cls < 0 && sp.Mask < 0 && (n == 0 || n >= sentinelsOfT5)
}
