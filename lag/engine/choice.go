package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/backend/cores"
	"github.com/landscape-aware/growing/lag/model"
)

// Arrangement is a number of processes, each with its share of the cores, and how
// many training steps a second all of them make together.
type Arrangement struct {
	Processes int     `json:"processes"`
	Rate      float64 `json:"steps_per_second"`
}

// Choice is a number of processes that was chosen by a measurement.
type Choice struct {
	Processes int           `json:"processes"`
	Measured  []Arrangement `json:"measured"` // fewest processes first

	incomplete bool // more processes could not be measured, now
}

// String returns what was measured.
func (c Choice) String() string {
	list := make([]string, len(c.Measured))
	for i, a := range c.Measured {
		list[i] = fmt.Sprintf("%d: %.4g", a.Processes, a.Rate)
	}
	return strings.Join(list, ", ")
}

// UnmarshalJSON reads a choice. Unknown and missing fields are errors.
func (c *Choice) UnmarshalJSON(text []byte) error {
	type fields Choice
	var read fields
	if err := strictjson.Decode(sealed.Strip(text), &read); err != nil {
		return err
	}
	if read.Processes < 1 {
		return fmt.Errorf("a choice of %d processes", read.Processes)
	}
	*c = Choice(read)
	return nil
}

// worth is how much faster more processes must be than fewer. Each has to start, to
// load its programs, and needs memory of its own.
const worth = 1.05

// Choose measures one process, and then twice as many again and again, up to a
// limit, as long as they are faster. If more than one cannot be measured, as
// without enough memory, it warns and takes what it knows.
func Choose(ctx context.Context, limit int, measure func(ctx context.Context, n int) (rate float64, err error)) (c Choice, err error) {
	best := 0.0
	for n := 1; ; n = min(2*n, limit) {
		rate, err := measure(ctx, n)
		if err == nil && (!(rate > 0) || math.IsInf(rate, 1)) {
			err = fmt.Errorf("%d processes made %v steps a second", n, rate)
		}
		switch {
		case ctx.Err() != nil:
			return c, context.Cause(ctx)
		case err != nil && n == 1:
			return c, fmt.Errorf("measuring the speed of one process: %w", err)
		case err != nil:
			log.Warn("the speed of several processes cannot be measured; fewer are taken", "processes", n, "error", err)
			c.incomplete = true
			return c, nil
		}
		c.Measured = append(c.Measured, Arrangement{n, rate})
		if rate < best*worth {
			return c, nil
		}
		c.Processes, best = n, rate
		if n >= limit {
			return c, nil
		}
	}
}

// quiet is the greatest share of the cores that others may use while a choice is
// measured that is remembered. Where others compute, they decide what is fastest.
const quiet = 0.5

// choiceKey is what a choice depends on.
type choiceKey struct {
	Task        Task        `json:"task"`
	Model       model.Model `json:"model"` // that is trained
	Limit       int         `json:"limit"`
	Environment environment `json:"environment"`
	Host        string      `json:"host"`
}

// ChooseProcesses returns the number of processes, at most limit, that train a model
// of the session's task fastest: that of an earlier measurement in the user's cache,
// or of one that it makes. remembered says which. load is how many other processes
// compute on the machine; a choice that was made on a busy one is not kept, nor one
// for which not all could be measured. The backend must be one that computes on cores.
func (s *Session) ChooseProcesses(ctx context.Context, m model.Model, limit int, load float64, measure func(ctx context.Context, n int) (rate float64, err error)) (c Choice, remembered bool, err error) {
	limit = min(limit, cores.Usable())
	if limit <= 1 || !s.OnCores() {
		return Choice{Processes: 1}, false, nil
	}
	host, _ := os.Hostname() // home directories may be those of several machines
	path, err := choiceFile(choiceKey{s.task, m, limit, s.environment.now(), host})
	if err != nil {
		log.Debug("the number of processes cannot be remembered", "error", err)
	} else if err := sealed.Read(path, &c); err == nil {
		return c, true, nil
	}
	if c, err = Choose(ctx, limit, measure); err != nil || path == "" || c.incomplete {
		return c, false, err
	}
	if load > quiet*float64(cores.Online()) {
		log.Warn("the machine was busy while the number of workers was measured; it is measured again the next time", "load", load)
		return c, false, nil
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), sealed.Write(path, c)); err != nil {
		log.Debug("the number of processes cannot be remembered", "error", err)
	}
	return c, false, nil
}

// OnCores reports whether the backend computes on the machine's cores.
func (s *Session) OnCores() bool {
	return s.backend.Kind == backend.CPU || s.backend.Kind == backend.Go
}

// choiceFile returns the path of what was chosen for a key.
func choiceFile(key choiceKey) (string, error) {
	text, err := json.Marshal(key)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return filepath.Join(cache, "lag", "workers", hex.EncodeToString(sum[:8])+".json"), nil
}
