// Command cost measures how the time of a study and of its analysis grows with
// the candidates, the steps and the evaluations, prints it, and draws it:
//
//	go run ./lag/bench/cost -o lag/bench/cost.png
//
// The studies are tiny and run on the pure-Go engine, or on that of -backend;
// the analyzed results are made up. It takes four minutes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/figure/chart"
	"github.com/landscape-aware/growing/lag/internal/synthetic"
)

func main() {
	out := flag.String("o", "", "PNG `file` to write")
	engine := flag.String("backend", backend.Go, backend.Help)
	rounds := flag.Int("rounds", 3, "`times` that each is measured; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *engine, *rounds, *out); err != nil {
		log.Fatal("the cost was not measured", "error", err)
	}
}

// A series is a cost against one size.
type series struct {
	title, size string
	sizes       []int
	seconds     []float64
	once        func(ctx context.Context, size int) (time.Duration, error)
}

func measure(ctx context.Context, engine string, rounds int, out string) error {
	dir, err := os.MkdirTemp("", "lag-cost-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log.SetLevel(log.WarnLevel)
	studies := &studies{dir: dir, engine: engine}
	all := []*series{
		{title: "a study of 40 steps", size: "candidates", sizes: []int{2, 4, 8, 16}, once: func(ctx context.Context, n int) (time.Duration, error) {
			return studies.train(ctx, n, 40)
		}},
		{title: "a study of 4 candidates", size: "steps", sizes: []int{40, 80, 160, 320}, once: func(ctx context.Context, n int) (time.Duration, error) {
			return studies.train(ctx, 4, n)
		}},
		{title: "analysis of 1,000 evaluations each", size: "candidates", sizes: []int{25, 50, 100, 200}, once: func(ctx context.Context, n int) (time.Duration, error) {
			return analyze(ctx, n, 1000)
		}},
		{title: "analysis of 200 candidates", size: "evaluations", sizes: []int{125, 250, 500, 1000}, once: func(ctx context.Context, n int) (time.Duration, error) {
			return analyze(ctx, 200, n)
		}},
	}
	for _, s := range all {
		for _, size := range s.sizes {
			var took []time.Duration
			for range rounds {
				d, err := s.once(ctx, size)
				if err != nil {
					return err
				}
				took = append(took, d)
			}
			slices.Sort(took)
			median := took[len(took)/2]
			s.seconds = append(s.seconds, median.Seconds())
			fmt.Printf("%-36s %5d %-12s %8.3f s (%.3f to %.3f)  %8.3f ms each\n", s.title, size, s.size, median.Seconds(), took[0].Seconds(), took[len(took)-1].Seconds(),
				1000*median.Seconds()/float64(size))
		}
	}
	if out == "" {
		return nil
	}
	png, err := draw(all).PNG(2)
	if err != nil {
		return err
	}
	return os.WriteFile(out, png, 0o644)
}

// studies trains studies that share their data.
type studies struct {
	dir, engine string
	count       int
}

// train returns the time of a study without its pretraining.
func (s *studies) train(ctx context.Context, candidates, steps int) (time.Duration, error) {
	config, err := lag.Preset("smoke")
	if err != nil {
		return 0, err
	}
	if config.Model, err = config.Model.WithDepths(3); err != nil {
		return 0, err
	}
	config.Growth.To = []int{6}
	config.Growth.Schedule.Steps, config.CheckpointEvery = steps, steps
	pool, err := config.Pool()
	if err != nil {
		return 0, err
	}
	config.Growth.Strategies = pool.Names()[:candidates]
	s.count++
	study, err := lag.Open(config, lag.Options{Dir: filepath.Join(s.dir, fmt.Sprint(s.count)), DataDir: filepath.Join(s.dir, "data"), Backend: s.engine})
	if err != nil {
		return 0, err
	}
	defer study.Close()
	if _, err := study.Pretrain(ctx); err != nil {
		return 0, err
	}
	begin := time.Now()
	_, err = study.Run(ctx)
	return time.Since(begin), err
}

// analyze returns the time to analyze a result that was made up.
func analyze(ctx context.Context, candidates, evaluations int) (time.Duration, error) {
	r := synthetic.Large(candidates, evaluations)
	rules := synthetic.Rules(r)
	begin := time.Now()
	err := r.Analyze(ctx, rules)
	return time.Since(begin), err
}

// draw draws the costs in rows of two panels, each with the line through the
// origin and the last point.
func draw(all []*series) chart.Chart {
	c := chart.Chart{Title: "The cost of a study and of its analysis", Series: "cost", Legend: chart.Legend{Entries: []chart.Entry{
		{Label: "measured, median", Kind: chart.Points, Style: measured}, {Label: "in proportion to the largest", Kind: chart.Line, Style: proportional},
	}}}
	for row := range slices.Chunk(all, 2) {
		var panels []chart.Panel
		for _, s := range row {
			panels = append(panels, s.panel())
		}
		c.Rows = append(c.Rows, panels)
	}
	c.Alt = "Four panels of seconds against candidates, steps and evaluations, each with points near a line through the origin."
	return c
}

var (
	measured     = chart.Style{Color: chart.Blue, Radius: 4.5}
	proportional = chart.Style{Color: chart.Grey, Width: 1.6, Dash: chart.Dashed}
)

func (s *series) panel() chart.Panel {
	last := len(s.sizes) - 1
	most, highest := float64(s.sizes[last]), slices.Max(s.seconds)
	p := chart.Panel{
		Title: s.title, Width: 300, Height: 220,
		X: chart.Values(s.size, s.size, 0, 1.08*most, 5), Y: chart.Values("seconds", "seconds", 0, 1.1*highest, 5),
	}
	points := chart.Mark{Kind: chart.Points, Style: measured}
	for i, size := range s.sizes {
		points.Data = append(points.Data, chart.Datum{X: float64(size), Y: s.seconds[i]})
	}
	line := chart.Mark{Kind: chart.Line, Style: proportional, Data: []chart.Datum{{}, {X: most, Y: s.seconds[last]}}}
	p.Marks = []chart.Mark{line, points}
	return p
}
