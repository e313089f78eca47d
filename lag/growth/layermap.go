package growth

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landscape-aware/growing/data/plain"
)

// New is the source of a layer that gets the model's own initialization instead
// of a copy.
const New = -1

// Map holds the source layer of each layer of the grown stack, bottom first.
// Map[i] is in [0, depth of the source), or [New].
type Map []int

// ParseMap parses a layer map such as "0 1 2 2". N, n, - and -1 stand for a new
// layer. Commas and enclosing brackets are allowed.
func ParseMap(s string) (Map, error) {
	body := strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(body, "["); ok {
		if body, ok = strings.CutSuffix(rest, "]"); !ok {
			return nil, fmt.Errorf("layer map %q has no closing bracket: write it like %q", s, "[0 1 2 2]")
		}
	}
	fields := strings.FieldsFunc(body, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	if len(fields) == 0 {
		return nil, fmt.Errorf("layer map %q is empty: give a source layer, or N for a new one, for each grown layer", s)
	}
	m := make(Map, len(fields))
	for i, field := range fields {
		switch field {
		case "N", "n", "-", "-1":
			m[i] = New
			continue
		}
		layer, err := strconv.ParseUint(field, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("layer map %q: place %d is %q: write the index of a source layer, from 0, or N for a new layer", s, i, field)
		}
		m[i] = int(layer)
	}
	return m, nil
}

// String returns the map in the format of [ParseMap], such as "0 1 2 N".
func (m Map) String() string {
	fields := make([]string, len(m))
	for i, layer := range m {
		fields[i] = strconv.Itoa(layer)
		if layer == New {
			fields[i] = "N"
		}
	}
	return strings.Join(fields, " ")
}

// Validate returns an error if the map cannot grow a stack of from layers. It
// must have at least from layers, and each must be New or a layer of the
// source. A map need not use all source layers, and may use them in any order.
func (m Map) Validate(from int) error {
	if from < 1 {
		return fmt.Errorf("the source stack has %s: a stack that grows needs at least 1", plain.Count(from, "layer"))
	}
	if len(m) == 0 {
		return errors.New("the layer map is empty: give a source layer, or New, for each grown layer")
	}
	if len(m) < from {
		return fmt.Errorf("layer map [%v] has %s, fewer than the source's %d: growing does not remove layers, so map at least %d", m, plain.Count(len(m), "layer"), from, from)
	}
	for i, layer := range m {
		if layer != New && (layer < 0 || layer >= from) {
			return fmt.Errorf("layer map [%v]: place %d has source layer %d, but a source of %s has layers 0 to %d, and New is %d", m, i, layer, Depths{from}.Layers(), from-1, New)
		}
	}
	return nil
}

// Duplicates reports for each grown layer whether it is a duplicate: a use of a
// source layer after the first use, counted from the bottom of the grown stack.
func (m Map) Duplicates() []bool {
	duplicates := make([]bool, len(m))
	used := make(map[int]bool, len(m))
	for i, layer := range m {
		duplicates[i] = layer != New && used[layer]
		used[layer] = true
	}
	return duplicates
}

// KeepsOrder reports whether the grown stack without its duplicates equals the
// source: layers 0 to from-1 in order, and no new layers. Only then does a
// model whose duplicates are the identity (gates at 0, or zeroed duplicates in
// a pre-norm stack) compute the same function as its source.
func (m Map) KeepsOrder(from int) bool {
	originals := make(Map, 0, from)
	for i, duplicate := range m.Duplicates() {
		if !duplicate {
			originals = append(originals, m[i])
		}
	}
	return slices.Equal(originals, span(0, from))
}

// Draw returns a one-line drawing of the grown stack, bottom first: [1] is the
// first use of source layer 1, (1) a duplicate of it, <N> a new layer. Unused
// source layers follow, as in "without 0".
func (m Map) Draw(from int) string {
	width := len(strconv.Itoa(max(from-1, 0)))
	var b strings.Builder
	used := make(map[int]bool, from)
	for _, layer := range m {
		switch {
		case layer == New:
			fmt.Fprintf(&b, "<%*s>", width, "N")
		case used[layer]:
			fmt.Fprintf(&b, "(%*d)", width, layer)
		default:
			fmt.Fprintf(&b, "[%*d]", width, layer)
		}
		used[layer] = true
	}
	var unused []string
	for layer := range from {
		if !used[layer] {
			unused = append(unused, strconv.Itoa(layer))
		}
	}
	if len(unused) > 0 {
		fmt.Fprintf(&b, " without %s", strings.Join(unused, " "))
	}
	return b.String()
}

// span returns the layers start, start+1, ..., end-1.
func span(start, end int) Map {
	m := make(Map, 0, max(end-start, 0))
	for layer := start; layer < end; layer++ {
		m = append(m, layer)
	}
	return m
}
