package lag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/objective"
)

// About says what a preset is, and what to expect of it.
type About struct {
	Name     string
	What     string // it does
	Hardware string // that the next two were measured on
	Workers  int    // processes that shared the work
	Takes    string // time
	Expect   string // final losses, in nats per predicted token
	Exports  string // class of transformers that loads its models, or why none does
}

func about(name, what, hardware string, workers int, takes, expect string) About {
	return About{Name: name, What: what, Hardware: hardware, Workers: workers, Takes: takes, Expect: expect}
}

// preset is a ready configuration and what is to be known of it.
type preset[C exporter] struct {
	About
	config func() (C, error)
}

// exporter is a configuration, see [Task.Exports].
type exporter interface {
	Exports() (class string, err error)
}

type presetList[C exporter] []preset[C]

func (l presetList[C]) names() []string {
	var names []string
	for _, p := range l {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

func (l presetList[C]) about() []About {
	var list []About
	for _, p := range l {
		a := p.About
		c, err := p.config()
		if err == nil {
			a.Exports, err = c.Exports()
		}
		if err != nil {
			a.Exports = fmt.Sprintf("none: %v", err)
		}
		list = append(list, a)
	}
	return list
}

func (l presetList[C]) get(what, name string) (config C, err error) {
	i := slices.IndexFunc(l, func(p preset[C]) bool { return p.Name == name })
	if i < 0 {
		return config, fmt.Errorf("there is no %s %q%s; they are %s", what, name, closest.Hint(name, l.names()), strings.Join(l.names(), ", "))
	}
	return l[i].config()
}

// twoCores is the machine that most figures are from.
const twoCores = "two cores of an AMD EPYC, XLA"

var studyPresets = presetList[StudyConfig]{
	{about("smoke", "shows that everything works; its numbers mean nothing", twoCores+", or the pure-Go engine", 1, "seconds", "4.58"), smoke},
	{about("quick", "12 strategies of a toy BERT, 3 to 6 layers, one seed", twoCores, 2, "three and a half minutes", "the best 2.65, the worst 2.83 on the prose of Go 1.26's installation"), quick},
	{about("bert", "45 strategies of a small BERT, 3 to 6 layers, two seeds, to a decayed end", twoCores, 2, "50 minutes", "the best 3.27 on 50 MB of Wikipedia, the spread of the strategies 0.03"), bertStudy},
	{about("ul2", "14 strategies of a small encoder-decoder, 3+3 to 4+4 layers, two seeds", twoCores, 2, "50 minutes", "the best 4.63 on 50 MB of Wikipedia, the spread of the strategies 0.007"), ul2Study},
}

// Presets returns the names that [Preset] takes.
func Presets() []string { return studyPresets.names() }

// Preset returns a ready configuration.
func Preset(name string) (StudyConfig, error) { return studyPresets.get("preset", name) }

// AboutPresets says what each preset of a study is, the fastest first.
func AboutPresets() []About { return studyPresets.about() }

var stackingPresets = presetList[Stacking]{
	{about("smoke", "shows that everything works; its numbers mean nothing", twoCores+", or the pure-Go engine", 1, "seconds", "4.44 to 4.51"), smokeStacking},
	{about("quick", "three stages of a toy BERT, 3 to 9 layers, five arms, two seeds", twoCores, 2, "21 minutes", "MIDAS 2.635, stack-last 2.655, adaptive 2.707, scratch 2.822, late growth 2.873"), quickStacking},
	{about("bert", "the same of a small BERT with stages twice as long", twoCores, 2, "50 minutes", "adaptive 2.963, MIDAS 2.976, stack-last 2.987, scratch 3.142, late growth 3.145 on 50 MB of Wikipedia"), bertStacking},
}

// StackingPresets returns the names that [StackingPreset] takes.
func StackingPresets() []string { return stackingPresets.names() }

// StackingPreset returns a ready configuration.
func StackingPreset(name string) (Stacking, error) {
	return stackingPresets.get("stacking preset", name)
}

// AboutStackingPresets says what each preset of a stacking is, the fastest first.
func AboutStackingPresets() []About { return stackingPresets.about() }

var trainingPresets = presetList[Training]{
	{about("bert", "a BERT of 4 layers, hidden size 128, with relative positions", twoCores, 1, "about 20 minutes, 0.20 s a step", "3.76 on 50 MB of Wikipedia"), bertTraining},
	{about("ul2", "a UL2 encoder-decoder of 3+3 layers, hidden size 128", twoCores, 1, "about 28 minutes, 0.41 s a step", "4.38 on 50 MB of Wikipedia"),
		func() (Training, error) { return ul2Training("ul2", "encoder-decoder", objective.KindUL2) }},
	{about("prefix-lm", "UL2 as a prefix-LM decoder of 3 layers", twoCores, 1, "about 16 minutes, 0.24 s a step", "4.26 on 50 MB of Wikipedia"),
		func() (Training, error) { return ul2Training("prefix-lm", "prefix-lm", objective.KindUL2) }},
	{about("causal-lm", "a causal decoder of 3 layers", twoCores, 1, "about 13 minutes, 0.19 s a step", "3.99 on 50 MB of Wikipedia"),
		func() (Training, error) { return ul2Training("causal-lm", "causal-lm", objective.KindCausalLM) }},
}

// TrainingPresets returns the names that [TrainingPreset] takes.
func TrainingPresets() []string { return trainingPresets.names() }

// TrainingPreset returns the configuration of a training that takes minutes on
// two cores with XLA: a small model of each family and form.
func TrainingPreset(name string) (Training, error) {
	return trainingPresets.get("training preset", name)
}

// AboutTrainingPresets says what each preset of a training is.
func AboutTrainingPresets() []About { return trainingPresets.about() }
