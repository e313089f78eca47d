package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/charmbracelet/log"
)

// Steps before the rounds.
const (
	comparedSteps = 5 // whose losses must agree; the first compiles
	warmUpSteps   = 2 // more
)

// measured is what one contestant came to at one shape.
type measured struct {
	Contestant string            `json:"contestant"`
	Versions   map[string]string `json:"versions"`
	Start      float64           `json:"start_s"`     // from the start of the process until it was ready
	First      float64           `json:"first_s"`     // the first step, compilation included
	Losses     []float64         `json:"losses"`      // of the first steps, nats
	Differ     float64           `json:"differ"`      // greatest relative difference of these from lag's
	Steps      []float64         `json:"step_s"`      // seconds of a step, for each round
	Own        []float64         `json:"lag_step_s"`  // lag's in the same rounds
	Turn       int               `json:"turn_steps"`  // steps of a round
	Peak       float64           `json:"peak_MB"`     // most memory of the process
	PeakFirst  float64           `json:"peak_one_MB"` // after the first step
}

// race measures contestants at a shape. All are in memory, and those that wait
// are paused. In each round each trains some steps, in an order that rotates.
type race struct {
	shape  shape
	dir    string // the shape's files
	logs   string
	rounds int
	turn   float64 // seconds that a contestant trains in a round, about
}

func (r race) run(ctx context.Context, contestants []contestant) (list []*measured, err error) {
	running := make([]*process, len(contestants))
	defer func() {
		for _, p := range running {
			if p != nil {
				err = errors.Join(err, p.stop())
			}
		}
	}()
	for i, c := range contestants {
		m := &measured{Contestant: c.name}
		list = append(list, m)
		if running[i], err = r.begin(ctx, c, m); err != nil {
			return list, err
		}
		if m.Differ, _ = agreement(list[0].Losses, m.Losses); !(m.Differ <= r.shape.agreed) {
			return list, fmt.Errorf("%s: the losses of %s differ from those of %s by %.2g, relatively, more than %g: %v and %v",
				r.shape.name, c.name, list[0].Contestant, m.Differ, r.shape.agreed, m.Losses, list[0].Losses)
		}
		if err := r.rest(running[i], m); err != nil {
			return list, err
		}
	}
	for round := range r.rounds {
		for turn := range contestants {
			i := (turn + round) % len(contestants)
			if err := running[i].resume(); err != nil {
				return list, err
			}
			seconds, _, err := running[i].steps(list[i].Turn)
			if err != nil {
				return list, err
			}
			list[i].Steps = append(list[i].Steps, seconds/float64(list[i].Turn))
			if err := r.rest(running[i], list[i]); err != nil {
				return list, err
			}
		}
		log.Info("round", "shape", r.shape.name, "of", fmt.Sprintf("%d/%d", round+1, r.rounds), "ms_a_step", lastSteps(list))
	}
	for _, m := range list {
		m.Own = list[0].Steps
	}
	return list, nil
}

// begin starts a contestant and trains its first steps.
func (r race) begin(ctx context.Context, c contestant, m *measured) (*process, error) {
	p, err := c.begin(ctx, r.dir, filepath.Join(r.logs, r.shape.name+" "+c.name+".log"))
	if err != nil {
		return nil, err
	}
	first, losses, err := p.steps(1)
	if err != nil {
		return p, err
	}
	m.Start, m.First, m.Versions, m.PeakFirst = p.start, first, p.versions, p.peak()
	_, more, err := p.steps(comparedSteps - 1)
	if err != nil {
		return p, err
	}
	m.Losses = append(losses, more...)
	seconds, _, err := p.steps(warmUpSteps)
	if err != nil {
		return p, err
	}
	m.Turn = max(2, int(math.Ceil(r.turn*warmUpSteps/seconds)))
	log.Info("started", "shape", r.shape.name, "contestant", c.name, "start_s", round2(p.start), "first_step_s", round2(first),
		"step_s", round2(seconds/warmUpSteps), "MB", int(p.peak()))
	return p, nil
}

// rest ends the turn of a contestant.
func (r race) rest(p *process, m *measured) error {
	m.Peak = max(m.Peak, p.peak())
	return p.pause()
}

func lastSteps(list []*measured) string {
	text := ""
	for _, m := range list {
		text += fmt.Sprintf(" %s %.1f", m.Contestant, 1e3*m.Steps[len(m.Steps)-1])
	}
	return text[1:]
}

func round2(x float64) float64 { return math.Round(100*x) / 100 }
