package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// results are all raw figures. A later run of the command replaces those that it
// measures again and keeps the others.
type results struct {
	Shapes  []shapeResult  `json:"shapes"`
	Studies []studyResult  `json:"studies"`
	Presets []presetResult `json:"presets,omitempty"`
	Rest    *restResult    `json:"rest,omitempty"`
}

type shapeResult struct {
	Shape       string      `json:"shape"`
	About       string      `json:"about"`
	Tokens      int         `json:"tokens"` // of a step
	Parameters  int         `json:"parameters"`
	FLOPs       float64     `json:"flops"`                       // of a step, forward and backward
	MatrixRate  float64     `json:"matrix_flop_per_s,omitempty"` // of the device, in bfloat16; 0 if not measured
	Conditions  conditions  `json:"conditions"`
	Contestants []*measured `json:"contestants"`         // lag first
	Reference   *answer     `json:"reference,omitempty"` // the first loss by transformers
}

type studyResult struct {
	Shape        string     `json:"shape"`
	Steps        int        `json:"steps"` // of each candidate
	Conditions   conditions `json:"conditions"`
	Arrangements []*studied `json:"arrangements"`
}

type restResult struct {
	Conditions conditions `json:"conditions"`
	Figures    *rest      `json:"figures"`
}

// loadResults reads results. A file that does not exist has none.
func loadResults(path string) (*results, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return &results{}, nil
	}
	if err != nil {
		return nil, err
	}
	r := &results{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w; move it away to measure everything again", path, err)
	}
	return r, nil
}

func (r *results) save(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}

func (r *results) putShape(s shapeResult) {
	r.Shapes = replaced(r.Shapes, s, func(o shapeResult) bool { return o.Shape == s.Shape })
}

func (r *results) putStudy(s studyResult) {
	r.Studies = replaced(r.Studies, s, func(o studyResult) bool { return o.Shape == s.Shape })
}

func replaced[T any](list []T, one T, same func(T) bool) []T {
	if i := slices.IndexFunc(list, same); i >= 0 {
		list[i] = one
		return list
	}
	return append(list, one)
}

// contestant returns what a contestant came to, or nil.
func (s shapeResult) contestant(name string) *measured {
	for _, m := range s.Contestants {
		if m.Contestant == name {
			return m
		}
	}
	return nil
}

// against returns lag's speed relative to a peer's.
func (s shapeResult) against(peer string) spread {
	other := s.contestant(peer)
	if other == nil {
		return spread{}
	}
	return speedup(other.Own, other.Steps)
}

// bestPeer returns the name of the peer, of those given or of all, with the lowest
// median of a figure.
func (s shapeResult) bestPeer(figure func(*measured) float64, of ...string) string {
	var best *measured
	for _, m := range s.Contestants {
		if m.Contestant != ownName && (of == nil || slices.Contains(of, m.Contestant)) && (best == nil || figure(m) < figure(best)) {
			best = m
		}
	}
	if best == nil {
		return ""
	}
	return best.Contestant
}

// relativeStep is the time of a step relative to lag's in the same rounds.
func relativeStep(m *measured) float64 { return speedup(m.Own, m.Steps).Median }

func peakMemory(m *measured) float64 { return m.Peak }

// best returns the arrangement of lag or of the peers with the lowest median.
func (s studyResult) best(own bool) *studied {
	var best *studied
	for _, a := range s.Arrangements {
		if a.Own == own && (best == nil || spreadOf(a.Seconds).Median < spreadOf(best.Seconds).Median) {
			best = a
		}
	}
	return best
}
