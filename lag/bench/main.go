// Command bench measures lag against PyTorch and JAX, side by side:
//
//	go run ./lag/bench
//
// It makes the peers' Python environment in .lag/bench-venv, trains the same
// models from the same weights on the same batches with all of them, checks that
// their losses agree, and writes a table and all raw figures to .lag/bench. See
// README.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/model/bert"
	"github.com/landscape-aware/growing/lag/model/transformer"
)

// options are the flags.
type options struct {
	shapes, peers, study       string
	presets                    string
	rounds, studyRounds        int
	studySteps                 int
	turn                       float64
	arrangements, backend, out string
	rest, reference, update    bool
	estimate, render           bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Error(err)
		os.Exit(1)
	}
}

// run does what the arguments say. Some are those with which this program starts
// itself, for measurements in a process of their own.
func run(ctx context.Context, arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case competeCommand:
			return compete(arguments[1], os.Stdin, os.Stdout)
		case growCommand:
			return printed(growBase())
		case analyzeCommand:
			return printed(analyze(ctx))
		}
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.StringVar(&o.shapes, "shapes", "quick,toy,mini,small,base,ul2-tiny", "comma-separated `names` of the shapes to train; empty for none")
	flags.StringVar(&o.peers, "peers", strings.Join([]string{torchEager, torchCompile, torchAll, jaxPlain, jaxTuned}, ","),
		"comma-separated `names` of what to compare with; also "+torchTuned)
	flags.IntVar(&o.rounds, "rounds", 5, "`rounds` in which each contestant has a turn")
	flags.Float64Var(&o.turn, "turn", 2, "least `seconds` of a turn; it has at least 2 steps")
	flags.StringVar(&o.study, "study", "quick", "comma-separated `names` of the shapes of the study: quick, toy, mini; empty for none")
	flags.IntVar(&o.studyRounds, "study-rounds", 2, "`rounds` of the study")
	flags.IntVar(&o.studySteps, "study-steps", targetSteps, "training `steps` of each of the study's candidates, at least 10; the targets are for the default")
	flags.StringVar(&o.arrangements, "arrangements", defaultArrangements, "semicolon-separated `names` of ways to run the study, or all; a wrong name lists them")
	flags.StringVar(&o.presets, "presets", "quick", "comma-separated `names` of presets of lag study that are run whole, to see where the time goes; empty for none")
	flags.BoolVar(&o.rest, "rest", true, "measure what concerns lag alone: first step, compiling, growing, analysing")
	flags.BoolVar(&o.reference, "reference", true, "also compare the loss of the first step with transformers")
	flags.StringVar(&o.backend, "backend", backend.CPU, "`name` of lag's engine")
	flags.StringVar(&o.out, "out", filepath.Join(".lag", "bench"), "`directory` to write to; figures that are there and are not measured again stay")
	flags.BoolVar(&o.update, "update", false, "also write the table into lag/bench/README.md, and the figures to lag/bench/results.json")
	flags.BoolVar(&o.estimate, "estimate", false, "only say how long it will take")
	flags.BoolVar(&o.render, "render", false, "measure nothing; only write the table of the figures that are there")
	_ = flags.Parse(arguments)
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	if o.render {
		return b.write()
	}
	log.Info("this will take about", "minutes", b.minutes())
	if o.estimate {
		return nil
	}
	return b.measure(ctx)
}

func printed(seconds float64, err error) error {
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(seconds)
	}
	return err
}

// bench is one run of the command.
type bench struct {
	options
	root          string // of the module
	scratch, logs string
	peers         peers
	shapesToTrain []shape
	shapesToStudy []shape
	presets       []string // of lag study
	contestants   []contestant
	ways          []arrangement
	results       *results
}

func newBench(ctx context.Context, o options) (*bench, error) {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	b := &bench{options: o, root: filepath.Dir(strings.TrimSpace(string(mod)))}
	if b.out, err = filepath.Abs(o.out); err != nil {
		return nil, err
	}
	b.scratch, b.logs = filepath.Join(b.out, "scratch"), filepath.Join(b.out, "logs")
	b.peers = peers{
		python: filepath.Join(b.root, ".lag", "bench-venv", "bin", "python"), programs: filepath.Join(b.scratch, "peers"),
		cache: filepath.Join(b.scratch, "cache"), threads: runtime.NumCPU(), device: device(o.backend),
	}
	all, err := shapes()
	if err != nil {
		return nil, err
	}
	if b.shapesToTrain, err = named(all, words(o.shapes)); err != nil {
		return nil, err
	}
	studied := slices.DeleteFunc(slices.Clone(all), func(s shape) bool { return s.study == nil })
	if b.shapesToStudy, err = named(studied, words(o.study)); err != nil {
		return nil, err
	}
	b.presets = words(o.presets)
	for _, name := range b.presets {
		if _, err := lag.Preset(name); err != nil {
			return nil, err
		}
	}
	if b.contestants, err = b.peers.named(words(o.peers)); err != nil {
		return nil, err
	}
	if len(b.shapesToStudy) > 0 {
		if b.ways, err = chosen(b.peers.arrangements(b.lag()), o.arrangements); err != nil {
			return nil, err
		}
	}
	b.results, err = loadResults(b.file())
	return b, err
}

// words splits a list at its commas.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func (b *bench) file() string { return filepath.Join(b.out, "results.json") }

// lag is the path of the command lag, which is built for the study.
func (b *bench) lag() string { return filepath.Join(b.scratch, "lag") }

// Seconds of parts, roughly, on two cores.
const (
	startSeconds  = 20 // a contestant's start and its first step
	restSeconds   = 150
	presetSeconds = 360 // of quick; others take longer
)

// minutes estimates the time of everything.
func (b *bench) minutes() int {
	seconds := 0.0
	for _, s := range b.shapesToTrain {
		one := startSeconds + (comparedSteps+warmUpSteps)*s.step + float64(b.rounds)*max(b.turn, 2*s.step)
		for _, group := range b.groups(s) {
			seconds += float64(len(group)) * one
		}
	}
	for _, s := range b.shapesToStudy {
		one := startSeconds + studyCandidates*(float64(b.studySteps)*s.step+studyEvaluations*validationBatches*s.step/3)
		seconds += one * float64(len(b.ways)*b.studyRounds)
	}
	seconds += presetSeconds * float64(len(b.presets))
	if b.rest {
		seconds += restSeconds
	}
	return int(seconds/60) + 1
}

// groups divides the peers of a shape into groups that fit into memory beside
// lag, which is the first of each.
func (b *bench) groups(s shape) [][]contestant {
	own, rest := b.contestants[:1:1], b.contestants[1:]
	most := len(rest)
	if available := statusMB("/proc/meminfo", "MemAvailable:"); available > 0 {
		most = max(1, min(most, int(0.9*available/s.memory)-1))
	}
	var list [][]contestant
	for group := range slices.Chunk(rest, max(most, 1)) {
		list = append(list, append(own, group...))
	}
	if list == nil {
		list = append(list, own)
	}
	return list
}

// measure measures everything. It writes the results after each part.
func (b *bench) measure(ctx context.Context) error {
	if before > busy {
		log.Warn("the machine is not idle, so the figures will be worse than they could be", "load", before)
	}
	if err := errors.Join(os.RemoveAll(b.scratch), os.MkdirAll(b.scratch, 0o777), os.MkdirAll(b.logs, 0o777)); err != nil {
		return err
	}
	if err := writePeers(b.peers.programs); err != nil {
		return err
	}
	if err := pythonEnv(ctx, filepath.Join(b.root, ".lag", "bench-venv"), b.peers.device == "cuda"); err != nil {
		return err
	}
	for _, s := range b.shapesToTrain {
		if err := b.measureShape(ctx, s); err != nil {
			return err
		}
	}
	if len(b.shapesToStudy)+len(b.presets) > 0 {
		build := exec.CommandContext(ctx, "go", "build", "-o", b.lag(), "./lag/cmd/lag")
		build.Dir, build.Stderr = b.root, os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building lag: %w", err)
		}
	}
	for _, s := range b.shapesToStudy {
		if err := b.measureStudy(ctx, s); err != nil {
			return err
		}
	}
	for _, preset := range b.presets {
		if err := b.measurePreset(ctx, preset); err != nil {
			return err
		}
	}
	if b.rest {
		where := conditionsNow(ctx, b.root, b.backend, min(b.rounds, 3))
		figures, err := measureRest(ctx, b.root, b.scratch, b.logs, b.backend, b.peers.threads, min(b.rounds, 3))
		if err != nil {
			return err
		}
		b.results.Rest = &restResult{where, figures}
		if err := b.write(); err != nil {
			return err
		}
	}
	return os.RemoveAll(b.scratch)
}

func (b *bench) measureShape(ctx context.Context, s shape) error {
	r := race{shape: s, dir: filepath.Join(b.scratch, s.name), logs: b.logs, rounds: b.rounds, turn: b.turn}
	if err := writeShape(r.dir, s, b.backend, b.peers.threads); err != nil {
		return err
	}
	result := shapeResult{Shape: s.name, About: s.about, Tokens: s.tokens, FLOPs: s.flops, Conditions: conditionsNow(ctx, b.root, b.backend, b.rounds)}
	var err error
	if config, ok := s.model.(bert.Config); ok && config.Precision == transformer.BFloat16 {
		if result.MatrixRate, err = b.peers.matrixRate(ctx); err != nil {
			return err
		}
	}
	for _, p := range s.model.Parameters() {
		result.Parameters += p.Size()
	}
	for i, group := range b.groups(s) {
		list, err := r.run(ctx, group)
		if err != nil {
			return err
		}
		if i > 0 { // lag's own row is that of the first group
			list = list[1:]
		}
		result.Contestants = append(result.Contestants, list...)
	}
	if b.reference && referenced(s) {
		if result.Reference, err = b.peers.reference(ctx, r.dir); err != nil {
			return err
		}
		losses := result.Contestants[0].Losses[:1]
		if differ, _ := agreement(losses, result.Reference.Losses); !(differ <= s.agreed) {
			return fmt.Errorf("%s: the first loss is %v, but %v in transformers", s.name, losses, result.Reference.Losses)
		}
	}
	b.results.putShape(result)
	return b.write()
}

func (b *bench) measureStudy(ctx context.Context, s shape) error {
	file, err := os.Create(filepath.Join(b.logs, "study "+s.name+".log"))
	if err != nil {
		return err
	}
	defer file.Close()
	place := studyPlace{
		shape: s, files: filepath.Join(b.scratch, s.name), scratch: filepath.Join(b.scratch, "study-"+s.name),
		cache: filepath.Join(b.scratch, "study-"+s.name, "cache"), data: filepath.Join(b.scratch, "data"), log: file, steps: b.studySteps,
	}
	if err := writeShape(place.files, s, b.backend, b.peers.threads); err != nil {
		return err
	}
	result := studyResult{Shape: s.name, Steps: b.studySteps, Conditions: conditionsNow(ctx, b.root, b.backend, b.studyRounds)}
	if result.Arrangements, err = b.peers.runStudy(ctx, b.lag(), place, b.ways, b.studyRounds); err != nil {
		return err
	}
	b.results.putStudy(result)
	return b.write()
}

// write writes the figures and the table.
func (b *bench) write() error {
	if err := os.MkdirAll(b.out, 0o777); err != nil {
		return err
	}
	if err := b.results.save(b.file()); err != nil {
		return err
	}
	var table bytes.Buffer
	b.results.write(&table)
	if err := os.WriteFile(filepath.Join(b.out, "table.md"), table.Bytes(), 0o666); err != nil {
		return err
	}
	if !b.update {
		return nil
	}
	readme := filepath.Join(b.root, "lag", "bench", "README.md")
	text, err := os.ReadFile(readme)
	if err == nil {
		text, err = between(text, table.Bytes())
	}
	if err == nil {
		err = os.WriteFile(readme, text, 0o666)
	}
	if err == nil {
		err = b.results.save(filepath.Join(filepath.Dir(readme), "results.json"))
	}
	return err
}

// Comments between which the README has the table.
const (
	tableBegins = "<!-- The command writes this part. -->"
	tableEnds   = "<!-- The command's part ends. -->"
)

// between replaces what is between the comments.
func between(text, table []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(tableBegins))
	_, after, found := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !found {
		return nil, fmt.Errorf("the README has no %s and %s for the table", tableBegins, tableEnds)
	}
	return slices.Concat(before, []byte(tableBegins+"\n\n"), table, []byte("\n"+tableEnds), after), nil
}
