package downstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/log"
	"gonum.org/v1/gonum/mat"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/data/tokenizer"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/downstream/glue"
	"github.com/landscape-aware/growing/lag/downstream/linear"
	"github.com/landscape-aware/growing/lag/result"
)

// version is part of the keys of tasks. It is raised when the same task gives other
// scores.
const version = "1"

// followName is the name of the task which passages of the validation text follow.
const followName = "follow"

// A task is what is measured of a model at once: a score, or several.
type task struct {
	scores  []result.DownstreamTask
	measure func(ctx context.Context, m *loaded) ([]scored, error)
}

// maker makes the tasks of a study.
type maker struct {
	study   *lag.Finished
	data    *data.Dataset
	options Options
	backend string
	reading reading
	tasks   []task
}

// tasks returns the tasks that the options ask for.
func (o Options) tasks(ctx context.Context, f *lag.Finished, d *data.Dataset, backend string) ([]task, error) {
	m := &maker{study: f, data: d, options: o, backend: backend}
	var err error
	if m.reading, err = readingOf(f.Config.Objective, d.Vocabulary()); err != nil {
		return nil, err
	}
	if err := m.follow(followName, "the study's validation text", d.Validation); err != nil {
		err = fmt.Errorf("which passages of the study's validation text follow each other cannot be asked: %w", err)
		if len(o.Corpora) == 0 && o.GLUE == "" {
			return nil, err
		}
		log.Warn("a task is left out", "because", err)
	}
	if sorted := slices.Sorted(slices.Values(o.Corpora)); len(slices.Compact(sorted)) < len(o.Corpora) {
		return nil, errors.New("a text is given twice; give each once")
	}
	names := corpusNames(o.Corpora)
	for i, source := range o.Corpora {
		if err := m.corpus(ctx, names[i], source); err != nil {
			return nil, fmt.Errorf("the text %s: %w", source, err)
		}
	}
	if o.GLUE != "" {
		if err := m.glue(ctx); err != nil {
			return nil, err
		}
	}
	return m.tasks, nil
}

// corpusNames returns short names of corpora: the names of their files without what says
// their format, or all of their sources if two are the same.
func corpusNames(sources []string) []string {
	var names []string
	for _, s := range sources {
		name := filepath.Base(s)
		for _, extension := range []string{".zst", ".gz", ".txt", ".jsonl", ".json", ".parquet"} {
			if short := strings.TrimSuffix(name, extension); short != "" {
				name = short
			}
		}
		names = append(names, name)
	}
	sorted := slices.Sorted(slices.Values(names))
	if len(slices.Compact(sorted)) < len(names) {
		return sources
	}
	return names
}

// corpus adds the tasks of another text: the objective's loss, the right predictions,
// and which passages follow each other if the text has enough documents for that.
func (m *maker) corpus(ctx context.Context, name, source string) error {
	if !plain.IsText(name) {
		return fmt.Errorf("its name %q has unprintable characters; give it another name", name)
	}
	text, err := readCorpus(ctx, source, m.data.Tokenizer)
	if err != nil {
		return err
	}
	c := m.study.Config
	batches, err := m.batches(text)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(c.Objective)
	if err != nil {
		return err
	}
	key := newHashing(version, "corpus", m.backend, string(settings))
	key.ints(c.BatchSize, m.options.Batches, int(m.options.Seed))
	key.tokens(text.tokens)
	about := text.about(name)
	of := result.DownstreamTask{Key: key.String(), Backend: m.backend, Groups: len(batches), Baseline: result.Undefined()}
	loss, right := of, of
	loss.Name, loss.Measure, loss.About = result.LossOn+name, result.MeasureLoss, "loss of the objective in nats per predicted token, in batches drawn from "+about
	right.Name, right.Measure, right.About = "tokens of "+name, result.MeasurePredicted, "share of the predicted tokens that are right, in the same batches, drawn from "+about
	for _, b := range batches {
		n := predictedTokens(b)
		loss.Test, right.Test = loss.Test+n, right.Test+n
	}
	m.tasks = append(m.tasks, task{[]result.DownstreamTask{loss, right}, func(ctx context.Context, l *loaded) ([]scored, error) {
		list, err := l.predictions(ctx, batches)
		if err != nil {
			return nil, err
		}
		loss, right := scoreTokens(list)
		return []scored{loss, right}, nil
	}})
	if _, long := choosePassage(text, m.passage()); len(long) < leastDocuments {
		return nil // it is of one piece, such as a book without blank lines
	}
	return m.follow("follow in "+name, name, text)
}

// batches returns the batches of a text.
func (m *maker) batches(text *documents) ([]objective.Sized, error) {
	c := m.study.Config
	sampler, err := c.Objective.NewBatches(text, m.data.Vocabulary(), c.BatchSize, m.options.Seed)
	var batches []objective.Sized
	if err == nil {
		batches, err = sampler.Fixed(m.options.Batches)
	}
	short, ok := errors.AsType[*objective.TooShortError](err)
	switch {
	case ok && short.Batches > 1:
		return nil, advice.Errorf(advice.Batches, "it has %d tokens, and %s need %d; give a longer text, or use fewer batches", short.Have, short.What(), short.Need)
	case ok:
		return nil, fmt.Errorf("it has %d tokens, and %s needs %d; give a longer text", short.Have, short.What(), short.Need)
	}
	return batches, err
}

// predictedTokens returns the number of tokens of a batch that are predicted.
func predictedTokens(b objective.Sized) int {
	var weights []float32
	switch b := b.(type) {
	case objective.MLMBatch:
		weights = b.Weights
	case objective.EncoderDecoderBatch:
		weights = b.Weights
	case objective.DecoderBatch:
		weights = b.Weights
	}
	n := 0
	for _, w := range weights {
		if w > 0 {
			n++
		}
	}
	return n
}

// passage returns the most tokens of each of two passages.
func (m *maker) passage() int { return m.reading.room(2) / 2 }

// follow adds the task which passages of a text follow each other.
func (m *maker) follow(name, of string, text objective.Documents) error {
	drawn, err := drawPairs(text, m.passage(), m.options.Examples, m.options.Seed)
	if err != nil {
		return err
	}
	key := newHashing(version, "follow", m.backend, fmt.Sprintf("%+v", m.reading))
	p := probe{classes: 2, measure: result.MeasureAccuracy}
	for i, e := range slices.Concat(drawn.train, drawn.test) {
		class := 0
		if e.follows {
			class = 1
		}
		p.add(i >= len(drawn.train), m.reading.row(e.first, e.second), class, e.block)
	}
	m.probe(p, key, name, fmt.Sprintf("whether the second of two passages of %s follows the first or is from another document, of %s", plain.Count(drawn.passage, "token"), of))
	return nil
}

// glue adds the tasks of GLUE and SuperGLUE.
func (m *maker) glue(ctx context.Context) error {
	found, others, err := glue.Find(m.options.GLUE)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		log.Warn("tasks that cannot be read are left out", "tasks", strings.Join(others, ", "), "can be read", strings.Join(glue.Names(), ", "))
	}
	e := m.data.Tokenizer.NewEncoder()
	e.Literal = true
	for _, f := range found {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		t, err := f.Read()
		if err != nil {
			return err
		}
		random := rand.New(rand.NewPCG(uint64(m.options.Seed), drawingOfExamples))
		p := probe{classes: len(t.Classes), measure: result.MeasureAccuracy}
		if t.Matthews {
			p.measure = result.MeasureMatthews
		}
		train, dev := drawExamples(t.Train, m.options.Examples, random), drawExamples(t.Dev, m.options.Examples, random)
		for i, one := range slices.Concat(train, dev) {
			p.add(i >= len(train), m.reading.of(e, one), one.Class, i)
		}
		if err := p.check(t); err != nil {
			return fmt.Errorf("%s: %w", f.Dir, err)
		}
		m.probe(p, newHashing(version, "glue", m.backend, fmt.Sprintf("%+v", m.reading)), t.Name, fmt.Sprintf("%s of %s, a linear probe", p.measure, t.Name))
	}
	return nil
}

// of returns the row of an example.
func (r reading) of(e *tokenizer.Encoder, one glue.Example) row {
	texts := [][]int32{e.Encode(nil, one.First)}
	if one.Second != "" {
		texts = append(texts, e.Encode(nil, one.Second))
	}
	return r.row(texts...)
}

// drawExamples draws at most n examples, in a random order.
func drawExamples(list []glue.Example, n int, random *rand.Rand) []glue.Example {
	list = slices.Clone(list)
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:min(n, len(list))]
}

// probe is a linear probe: examples to fit a classifier, and those of the test.
type probe struct {
	classes int
	measure result.Measure

	rows   []row
	labels []int
	groups []int // the block of documents of each example, or the example itself
	train  int   // how many of them are to fit; the others are the test
}

func (p *probe) add(test bool, one row, class, group int) {
	p.rows, p.labels, p.groups = append(p.rows, one), append(p.labels, class), append(p.groups, group)
	if !test {
		p.train++
	}
}

// check returns an error if a classifier can learn nothing.
func (p *probe) check(t *glue.Task) error {
	classes := slices.Compact(slices.Sorted(slices.Values(p.labels[:p.train])))
	if p.train < 10 || len(classes) < 2 {
		return fmt.Errorf("the %s to train on have %s of %s; a probe needs at least 10 examples of two classes", plain.Count(p.train, "example"), plain.Count(len(classes), "class"), t.Name)
	}
	return nil
}

// probe adds a linear probe.
func (m *maker) probe(p probe, key hashing, name, about string) {
	key.ints(p.classes, p.train, len(linear.Lambdas))
	for i, one := range p.rows {
		key.tokens(one.tokens)
		key.ints(p.labels[i], one.spans[0][0], one.spans[0][1], p.groups[i])
	}
	test := numbersOf(p.groups[p.train:])
	t := result.DownstreamTask{
		Name: name, Key: key.String(), About: about, Backend: m.backend, Measure: p.measure, Train: p.train, Test: len(p.rows) - p.train,
		Groups: slices.Max(test) + 1, Baseline: result.Number(baseline(p.measure, p.classes, p.labels[p.train:])),
	}
	aside := asideOf(p.groups[:p.train])
	m.tasks = append(m.tasks, task{[]result.DownstreamTask{t}, func(ctx context.Context, l *loaded) ([]scored, error) {
		x, err := l.features(ctx, m.reading, p.rows)
		if err != nil {
			return nil, err
		}
		rows, columns := x.Dims()
		fitted, tested := x.Slice(0, p.train, 0, columns).(*mat.Dense), x.Slice(p.train, rows, 0, columns).(*mat.Dense)
		c, err := linear.Choose(fitted, p.labels[:p.train], p.classes, aside)
		if err != nil {
			return nil, err
		}
		return []scored{scoreClasses(p.measure, p.classes, c.Predict(tested), p.labels[p.train:], test)}, nil
	}})
}

// numbersOf numbers groups from 0, in the order in which they first occur.
func numbersOf(groups []int) []int {
	numbers, list := make(map[int]int), make([]int, len(groups))
	for i, g := range groups {
		if _, ok := numbers[g]; !ok {
			numbers[g] = len(numbers)
		}
		list[i] = numbers[g]
	}
	return list
}

// asideOf marks a fifth of the groups, at least one, by which the penalty of the
// classifier is chosen.
func asideOf(groups []int) []bool {
	marks := make([]bool, len(groups))
	for i, number := range numbersOf(groups) {
		marks[i] = number%5 == 0
	}
	return marks
}
