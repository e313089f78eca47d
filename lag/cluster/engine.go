package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/strictjson"
	"github.com/landscape-aware/growing/lag/internal/registry"
)

// Engine submits workers, knows how they are, and cancels them. Its value is its
// settings, which are kept as JSON.
type Engine interface {
	// Check returns an error if the settings are impossible. It asks nobody.
	Check() error
	// Describe returns what Submit gives to the engine: a script or a manifest.
	Describe(w Work, s Submission) (string, error)
	// Submit submits the workers of s and the job that comes after them. It calls
	// accepted as soon as the engine has accepted something, with s as it is then.
	Submit(ctx context.Context, w Work, s Submission, accepted func(Submission) error) error
	// Status returns the jobs of some submissions.
	Status(ctx context.Context, list []Submission) ([]Job, error)
	// Cancel cancels jobs of some submissions. What has ended is no error.
	Cancel(ctx context.Context, list []Submission, jobs []Job) error
}

// Kind is a kind of engine.
type Kind struct {
	Name  string
	Short string        // another name; may be empty
	New   func() Engine // returns a pointer to its default settings
}

var kinds = registry.New("cluster", "engines", func(k Kind) string { return k.Name })

// Register adds a kind of engine. It panics if there is one with its name.
func Register(k Kind) { kinds.Register(k) }

// Kinds returns the kinds of engines, ordered by name.
func Kinds() []Kind { return kinds.All() }

// Names returns the names of the kinds of engines, the short ones too.
func Names() (names []string) {
	for _, k := range Kinds() {
		names = append(names, k.Name)
		if k.Short != "" {
			names = append(names, k.Short)
		}
	}
	return names
}

// New returns an engine of a kind with default settings.
func New(name string) (Engine, error) {
	for _, k := range Kinds() {
		if name == k.Name || name != "" && name == k.Short {
			return k.New(), nil
		}
	}
	return nil, fmt.Errorf("there is no engine %q%s; there are %s", name, closest.Hint(name, Names()), strings.Join(Names(), ", "))
}

// Parse returns the engine of a kind with the settings of a JSON object. Unknown
// and impossible settings are errors that say which there are.
func Parse(name string, settings []byte) (Engine, error) {
	e, err := New(name)
	if err != nil {
		return nil, err
	}
	var given map[string]json.RawMessage
	if err := strictjson.Unmarshal(settings, &given); err != nil {
		return nil, fmt.Errorf("the settings of %s: %w", name, err)
	}
	known := settingsOf(reflect.TypeOf(e).Elem())
	for setting := range given {
		found := false
		for _, k := range known {
			found = found || k == setting
		}
		if !found {
			return nil, fmt.Errorf("%s has no setting %q%s; it has %s", name, setting, closest.Hint(setting, known), strings.Join(known, ", "))
		}
	}
	if err := strictjson.Unmarshal(settings, e); err != nil {
		return nil, fmt.Errorf("the settings of %s: %w", name, err)
	}
	return e, e.Check()
}

// settingsOf returns the names of the settings of an engine, in the order of its
// fields.
func settingsOf(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			names = append(names, settingsOf(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// nameOf returns the name of the kind of an engine.
func nameOf(e Engine) (string, error) {
	for _, k := range Kinds() {
		if reflect.TypeOf(k.New()) == reflect.TypeOf(e) {
			return k.Name, nil
		}
	}
	return "", fmt.Errorf("engines of type %T are not registered", e)
}

// Describe returns what [Start] would submit for work without workers so far. The
// suffix of names, which [Start] draws, is "print".
func Describe(e Engine, w Work, workers int) (string, error) {
	if err := errors.Join(e.Check(), w.check()); err != nil {
		return "", err
	}
	s, err := newSubmission(w, e, workers, "print", time.Time{})
	if err != nil {
		return "", err
	}
	return e.Describe(w, s)
}

// State says how far a job is.
type State string

const (
	Pending   State = "pending" // it waits for its turn, perhaps once more
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Unknown   State = "unknown" // the engine does not know it any more
)

// Alive reports whether the job works or will work.
func (s State) Alive() bool { return s == Pending || s == Running }

// Job is a job of a submission: a worker, or what comes after the workers.
type Job struct {
	ID     string    // as the engine names it, such as 12_3, and its processes too, see package job
	Works  bool      // it is one of the workers
	Last   bool      // it makes the analysis when the workers have ended
	State  State     // in the words of this package
	Words  string    // the state in the engine's words, such as PREEMPTED
	Reason string    // why it is pending, or how it ended, in the engine's words; may be empty
	Node   string    // where it runs; empty if it does not
	Began  time.Time // zero if it did not begin
	Batch  string    // name of its submission

	Log     string // file with its output, in the directory of the study; may be empty
	Command string // that shows its output, where it is in no file
}
