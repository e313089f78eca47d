package watch

import "time"

// Status says how far a directory has come.
type Status string

const (
	Waiting  Status = "waiting"  // there is nothing in the directory yet
	Reading  Status = "reading"  // not all files were read yet
	Running  Status = "running"  // a process is at work
	Stopped  Status = "stopped"  // work is left, and nobody does it
	Complete Status = "complete" // there is a result, or a rule has picked with every seed
)

// State is what a [Watcher] knows. Its JSON is what the page shows. Losses are in
// nats per predicted token; times are in seconds.
type State struct {
	Version int64 `json:"version"` // grows with every change
	Whole   bool  `json:"whole"`   // Runs has every run, and not only those that changed

	Name    string    `json:"name"`
	Kind    string    `json:"kind"` // study, stacking or training; empty while waiting
	Dir     string    `json:"dir"`
	Status  Status    `json:"status"`
	Updated time.Time `json:"updated"`

	Done    int      `json:"done"`    // runs of the plan that have come to their end
	Planned int      `json:"planned"` // runs; 0 if it is not known
	Share   float64  `json:"share"`   // of the planned computation that is done, 0 to 1
	Left    *float64 `json:"left"`    // time left with the processes that are at work, or nil if it is not known

	Steps int     `json:"steps"` // training steps of each candidate
	Lag   int     `json:"lag"`   // step at which LAG picks
	Seeds []int64 `json:"seeds"`

	Unigram  *float64 `json:"unigram"`  // unigram entropy of the data, or nil if it was not found
	Work     []Work   `json:"work"`     // processes at work
	Ranks    []Rank   `json:"ranks"`    // strategies of a study, the best first
	Rho      []Rho    `json:"rho"`      // correlations of the losses at a step with the final ones, of candidates that have ended
	Verdict  string   `json:"verdict"`  // of the result
	Warnings []string `json:"warnings"` // worst first
	Notes    []string `json:"notes"`    // what is good to know

	Runs []Run `json:"runs"` // in the order of the plan
}

// Work is a run that a process is training.
type Work struct {
	Run     string   `json:"run"` // name of its directory
	Phase   string   `json:"phase"`
	Label   string   `json:"label"` // strategy, or what else tells it apart
	Seed    int64    `json:"seed"`
	Host    string   `json:"host"` // of the process
	PID     int      `json:"pid"`
	Job     string   `json:"job"` // of a cluster, as its engine names it; empty if there is none
	Step    int      `json:"step"`
	Of      int      `json:"of"`
	Loss    *float64 `json:"loss"`   // training loss of the latest step
	Speed   float64  `json:"speed"`  // steps per second; 0 if it is not known
	Tokens  float64  `json:"tokens"` // per second
	Left    *float64 `json:"left"`
	Silent  float64  `json:"silent"` // since the last line of its log, or since it began
	Started bool     `json:"started"`
}

// Run is a training run.
type Run struct {
	Name     string       `json:"name"` // of its directory
	Phase    string       `json:"phase"`
	Label    string       `json:"label"`
	Strategy string       `json:"strategy"` // empty for a run that was not grown
	Seed     int64        `json:"seed"`
	Layers   string       `json:"layers"`
	Steps    int          `json:"steps"` // done
	Of       int          `json:"of"`
	Status   string       `json:"status"` // complete, diverged, partial, damaged, at work
	Loss     *float64     `json:"loss"`   // latest validation loss
	Curve    [][2]float64 `json:"curve"`  // step and validation loss
	Train    [][2]float64 `json:"train"`  // step and training loss, means of neighbouring steps; only where the log was read
	Counts   bool         `json:"counts"` // it is part of the plan; always, where none is known
	Color    string       `json:"color"`
	Dash     int          `json:"dash"` // pattern of package chart: 0 solid, 1 dashed, 2 dotted, and so on
}

// Rank is the place of a strategy among those that have come as far. With several
// seeds, losses and places are means over the seeds for which they are known.
type Rank struct {
	Strategy string   `json:"strategy"`
	Color    string   `json:"color"`
	Dash     int      `json:"dash"`
	Runs     int      `json:"runs"` // begun, one for each seed
	Ended    int      `json:"ended"`
	Step     int      `json:"step"` // the furthest evaluated step
	Loss     *float64 `json:"loss"` // there
	Final    *float64 `json:"final"`
	AtInit   *float64 `json:"at_init"` // place at step 0, 1 is the best
	AtLag    *float64 `json:"at_lag"`  // place at the lag
	Now      *float64 `json:"now"`     // place at its furthest step
	Among    int      `json:"among"`   // candidates that have come as far
	AtEnd    *float64 `json:"at_end"`  // place at the end
	Status   string   `json:"status"`
}

// Rho is Spearman's correlation of the losses at a step with the final losses.
type Rho struct {
	Step  int     `json:"step"`
	Rho   float64 `json:"rho"`
	Among int     `json:"among"` // candidates
}
