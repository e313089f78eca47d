// Command scale simulates a study of 1,000 candidates on 1 to 256 workers that
// share a file system and are preempted, prints what it comes to, and draws it:
//
//	go run ./lag/bench/scale -o lag/bench/scale.png
//
// The scheduler is the real one, of package engine; only training, files and time
// are simulated. The steps take as long as those that lag/bench has recorded, and
// the operations on files are those that strace has counted.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/charmbracelet/log"
)

func main() {
	out := flag.String("o", "", "PNG `file` to write")
	recorded := flag.String("recorded", "lag/bench/results.json", "`file` with the recorded steps")
	shape := flag.String("shape", "mini", "`name` of the recorded shape")
	p := plan{Latency: 200 * time.Microsecond}
	flag.IntVar(&p.Seeds, "seeds", 20, "`seeds`, each with all strategies")
	flag.IntVar(&p.Strategies, "strategies", 50, "`strategies`")
	flag.IntVar(&p.Steps, "steps", 500, "`steps` of a candidate")
	flag.IntVar(&p.SourceSteps, "source", 3500, "`steps` of the source")
	flag.IntVar(&p.CheckpointEvery, "checkpoints", 50, "`steps` between checkpoints")
	flag.DurationVar(&p.Requeue, "requeue", 2*time.Minute, "`time` from a preemption to the next start")
	flag.Float64Var(&p.Preemptions, "preemptions", 0.25, "preemptions of a worker in an `hour`")
	flag.Float64Var(&p.Capacity, "capacity", 20000, "`operations` a second that the file server does")
	flag.Uint64Var(&p.Seed, "seed", 1, "`seed` of the simulation")
	most := flag.Int("workers", 256, "`workers`, at most")
	flag.Parse()
	log.SetLevel(log.WarnLevel) // of 256 workers
	if err := run(p, *recorded, *shape, *most, *out); err != nil {
		log.Fatal("the simulation failed", "error", err)
	}
}

func run(p plan, recorded, shape string, most int, out string) error {
	var err error
	if p.Step, p.Start, err = readRecorded(recorded, shape); err != nil {
		return err
	}
	fmt.Printf("%d candidates of %d steps, source of %d, %s a step, %g preemptions an hour, %.0f operations a second at most\n",
		p.candidates(), p.Steps, p.SourceSteps, p.Step[0].Round(time.Millisecond), p.Preemptions, p.Capacity)
	all, err := outcomes(p, most)
	if err != nil || out == "" {
		return err
	}
	fmt.Println("The same, if workers did not know that there are many:")
	p.Alone = true
	alone, err := outcomes(p, most)
	if err != nil {
		return err
	}
	png, err := draw(all, alone, p).PNG(2)
	if err != nil {
		return err
	}
	return os.WriteFile(out, png, 0o644)
}

// outcomes simulates and prints a study on 1, 2, 4 workers and so on.
func outcomes(p plan, most int) (all []outcome, err error) {
	fmt.Println("workers  hours  idle   lost   files  operations/s  in its busiest second  locks/s  attempts: held   ended  to release: outcomes  lists  locks")
	for p.Workers = 1; p.Workers <= most; p.Workers *= 2 {
		s, err := simulate(p)
		if err != nil {
			return nil, err
		}
		o := s.outcome()
		fmt.Printf("%7d %6.2f %4.1f%%  %4.1f%%  %4.1f%%  %12.1f %22d %8.1f %15d %7d %21d %6d %6d\n", o.workers, o.hours, 100*o.idle, 100*o.lost, 100*o.files, o.ops, o.peak, o.locks, s.server.tries["held"], s.server.tries["ended"], s.server.tries["outcome"], s.server.tries["listed"], s.server.tries["unlisted"])
		all = append(all, o)
	}
	return all, nil
}

// readRecorded returns the times of steps at a shape, and the time from the start of
// a process to its first step with compiled programs on disk.
func readRecorded(path, shape string) (steps []time.Duration, start time.Duration, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	var r struct {
		Shapes []struct {
			Shape       string `json:"shape"`
			Contestants []struct {
				Contestant string    `json:"contestant"`
				StepS      []float64 `json:"step_s"`
			} `json:"contestants"`
		} `json:"shapes"`
		Rest struct {
			Figures struct {
				FirstStepMini []float64 `json:"first_step_mini_s"`
			} `json:"figures"`
		} `json:"rest"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, s := range r.Shapes {
		for _, c := range s.Contestants {
			if s.Shape == shape && c.Contestant == "lag" {
				for _, t := range c.StepS {
					steps = append(steps, seconds(t))
				}
			}
		}
	}
	if len(steps) == 0 || len(r.Rest.Figures.FirstStepMini) == 0 {
		return nil, 0, fmt.Errorf("%s has no steps of lag at the shape %q, or no first step", path, shape)
	}
	return steps, seconds(r.Rest.Figures.FirstStepMini[0]), nil
}

// outcome is what a simulation came to.
type outcome struct {
	workers           int
	hours             float64 // until the last run ended
	idle, lost, files float64 // shares of the time in which workers held their places
	ops, locks        float64 // a second, over the whole time
	peak              int64   // operations in the busiest second
}

func (s *simulation) outcome() outcome {
	present, seconds := s.spent.present().Seconds(), s.ended.Seconds()
	return outcome{
		workers: s.Workers, hours: s.ended.Hours(), idle: s.spent.Idle.Seconds() / present, files: s.spent.Files.Seconds() / present,
		lost: (s.spent.Lost + s.spent.Started).Seconds() / present, ops: float64(s.server.ops) / seconds, locks: float64(s.server.locks) / seconds, peak: s.server.peak(),
	}
}
