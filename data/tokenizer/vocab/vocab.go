// Package vocab holds the tokens of a vocabulary by id and by name, and reads and
// writes them as the "vocab" of a tokenizer.json.
package vocab

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/data/tokenizer/component"
)

// MaxSize bounds a vocabulary, far above any in use.
const MaxSize = 1 << 24

// Vocabulary is a list of tokens. The zero value is empty.
type Vocabulary struct {
	tokens []string // by id; "" where there is none
	ids    map[string]int32
}

// New returns the vocabulary of tokens, whose ids are their indices. An id whose
// token is "" stands for none. Of equal tokens the last counts. The vocabulary
// keeps the slice.
func New(tokens []string) Vocabulary {
	v := Vocabulary{tokens: tokens, ids: make(map[string]int32, len(tokens))}
	for id, token := range tokens {
		if token != "" {
			v.ids[token] = int32(id)
		}
	}
	return v
}

// Size returns the number of ids, which are 0 to Size()-1.
func (v Vocabulary) Size() int { return len(v.tokens) }

// Token returns the token with the given id as the vocabulary spells it, "" if
// there is none.
func (v Vocabulary) Token(id int32) string {
	if id < 0 || int(id) >= len(v.tokens) {
		return ""
	}
	return v.tokens[id]
}

// ID returns the id of a token, and whether there is such a token.
func (v Vocabulary) ID(token string) (int32, bool) {
	id, ok := v.ids[token]
	return id, ok
}

// Tokens returns the tokens by id. The caller must not change them.
func (v Vocabulary) Tokens() []string { return v.tokens }

// IDs returns the ids by token. The caller must not change them.
func (v Vocabulary) IDs() map[string]int32 { return v.ids }

// Parse reads the "vocab" of a tokenizer.json: ids by token. Each id from 0 on must
// have a token; with holes, some ids may have none.
func Parse(section json.RawMessage, holes bool) (Vocabulary, error) {
	var ids map[string]int64
	if err := strictjson.UnmarshalPart(section, &ids); err != nil {
		return Vocabulary{}, err
	}
	size := int64(len(ids))
	sorted := slices.Sorted(maps.Keys(ids)) // for the same error every time
	for _, token := range sorted {
		switch id := ids[token]; {
		case token == "":
			return Vocabulary{}, fmt.Errorf("the token with id %d is empty", id)
		case !holes && (id < 0 || id >= size):
			return Vocabulary{}, fmt.Errorf("token %q has id %d, but there are %d tokens, whose ids must be 0 to %d; no token has the id %d", token, id, size, size-1, firstFree(ids))
		case id < 0 || id >= MaxSize:
			return Vocabulary{}, fmt.Errorf("token %q has id %d: ids must be 0 to %d", token, id, MaxSize-1)
		default:
			size = max(size, id+1)
		}
	}
	if size > 4*int64(len(ids))+1<<16 {
		return Vocabulary{}, fmt.Errorf("there are only %d tokens, but the largest id is %d", len(ids), size-1)
	}
	tokens := make([]string, size)
	for _, token := range sorted {
		id := ids[token]
		if tokens[id] != "" {
			return Vocabulary{}, fmt.Errorf("tokens %q and %q share the id %d: no two may have the same id", tokens[id], token, id)
		}
		tokens[id] = token
	}
	return New(tokens), nil
}

// firstFree returns the smallest id from 0 on that no token has. A token that a
// vocab.txt had twice leaves such an id.
func firstFree(ids map[string]int64) int64 {
	taken := make([]bool, len(ids)+1)
	for _, id := range ids {
		if id >= 0 && id < int64(len(taken)) {
			taken[id] = true
		}
	}
	return int64(slices.Index(taken, false))
}

// Section returns the vocabulary as [Parse] reads it, in the order of the ids.
func (v Vocabulary) Section() json.RawMessage {
	b := []byte{'{'}
	for id, token := range v.tokens {
		if token == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, component.Marshal(token)...)
		b = fmt.Appendf(b, ":%d", id)
	}
	return append(b, '}')
}
