package downstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/dustin/go-humanize"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"

	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/data/plain"
	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/advice"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/trained"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// programs are compiled functions of models, which all models of one configuration
// share.
type programs struct {
	backend  *backend.Backend
	compiled map[string]*train.Forward
}

func (p *programs) close() {
	if p.backend.Left() {
		return // a compilation or a call still uses its function
	}
	for _, f := range p.compiled {
		f.Finalize()
	}
}

// loaded is a model whose weights are on the device.
type loaded struct {
	config     model.Config
	key        string // the configuration
	parameters []*tensors.Tensor
	programs   *programs
}

// load reads the model at the end of a run.
func (p *programs) load(of lag.FinalModel) (*loaded, error) {
	m, err := trained.Load(of.Dir)
	if err != nil {
		return nil, err
	}
	if m.Step != of.Steps { // the log that says where the run ended is damaged
		return nil, fmt.Errorf("the newest state in %s is after %s, not after %d; `lag runs continue %s` makes the final one again", of.Dir, plain.Count(m.Step, "step"), of.Steps, plain.Quoted(of.Dir))
	}
	key, err := json.Marshal(m.Model)
	if err != nil {
		return nil, err
	}
	l := &loaded{config: m.Model.Config, key: string(key), programs: p}
	for _, parameter := range l.config.Parameters() {
		t := m.Params[parameter.Name]
		l.parameters = append(l.parameters, tensors.FromFlatDataAndDimensions(t.Data, t.Shape...))
	}
	return l, nil
}

// modelError says why a model cannot do a task that others may.
type modelError struct{ text string }

func (e *modelError) Error() string { return e.text }

// close frees the weights.
func (l *loaded) close() error {
	var errs []error
	for _, t := range l.parameters {
		errs = append(errs, t.FinalizeAll())
	}
	return errors.Join(errs...)
}

// call calls a function of the model, which it compiles the first time for this
// configuration and this name.
func (l *loaded) call(ctx context.Context, name string, batch train.Batch, build func(w transformer.Weights, in transformer.Inputs) []*Node) (out []growth.Tensor, err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	names := slices.Sorted(maps.Keys(batch))
	key := fmt.Sprintf("%s %q %s", name, names, l.key)
	forward, ok := l.programs.compiled[key]
	if !ok {
		if forward, err = train.NewForward(l.programs.backend, l.config.Parameters(), names, build); err != nil {
			return nil, err
		}
		l.programs.compiled[key] = forward
	}
	var values []growth.Tensor
	if err = l.programs.backend.Leave(ctx, func() (err error) {
		values, err = forward.Call(l.parameters, batch)
		return err
	}); err != nil {
		return nil, err
	}
	return values, nil
}

// free frees what a call used. After a cancellation it may be in use.
func free(ctx context.Context, finalize func() error) error {
	if ctx.Err() != nil {
		return nil
	}
	return finalize()
}

const (
	poolName     = "downstream_pool" // [B, S, L] float32, beside the model's own tensors
	tokensAtOnce = 4096              // as in package train: with more the time for each token does not fall
)

// features returns a row of features for each row of texts: the mean of the last hidden
// states over the text [N, H], or the four features of a pair [N, 4H].
func (l *loaded) features(ctx context.Context, r reading, rows []row) (*mat.Dense, error) {
	reader, ok := l.config.(model.TextReader)
	if !ok {
		return nil, fmt.Errorf("models of family %s do not give hidden states of texts, so there can be no probe of them; implement model.TextReader", l.config.Family())
	}
	longest := 0
	for _, one := range rows {
		longest = max(longest, len(one.tokens))
	}
	length := min((longest+7)/8*8, r.length)
	size := min(max(1, tokensAtOnce/length), len(rows))
	var x *mat.Dense
	for from := 0; from < len(rows); from += size {
		part := slices.Clone(rows[from:min(from+size, len(rows))])
		n := len(part)
		for len(part) < size { // all batches have one shape
			part = append(part, part[0])
		}
		texts, pool := r.texts(part, length)
		batch := reader.TextInputs(texts)
		spans := len(part[0].spans)
		batch[poolName] = tensors.FromFlatDataAndDimensions(pool, size, spans, length)
		out, err := l.call(ctx, "features", batch, func(w transformer.Weights, in transformer.Inputs) []*Node {
			hidden_BxLxH := ConvertDType(reader.Hidden(w, in), in[poolName].DType())
			return []*Node{Einsum("bsl,blh->bsh", in[poolName], hidden_BxLxH)}
		})
		if err = errors.Join(err, free(ctx, batch.Finalize)); err != nil {
			return nil, err
		}
		means, hidden := out[0].Data, out[0].Shape[2]
		if x == nil {
			columns := hidden
			if spans == 2 {
				columns = 4 * hidden
			}
			if err := checkFeatures(len(rows), columns); err != nil {
				return nil, err
			}
			x = mat.NewDense(len(rows), columns, nil)
		}
		for i := range n {
			of := means[i*spans*hidden : (i+1)*spans*hidden]
			if slices.ContainsFunc(of, func(v float32) bool { return !finite(float64(v)) }) {
				return nil, &modelError{fmt.Sprintf("its last hidden states are not finite, first in example %d", from+i)}
			}
			combine(x.RawRowView(from+i), of, hidden)
		}
	}
	return x, nil
}

// mostFeatures is how many bytes of features there may be. Fitting takes about twice as
// much beside them.
const mostFeatures = 1 << 30

// checkFeatures returns an error if the features of examples take too much memory.
func checkFeatures(examples, features int) error {
	const size = 8 // bytes of a float64
	if need := uint64(examples) * uint64(features) * size; need > mostFeatures {
		return advice.Errorf(advice.Examples, "%d features of each of %s take %s, and at most %s are possible, for %d examples to fit and to test; use fewer",
			features, plain.Count(examples, "example"), humanize.IBytes(need), humanize.IBytes(mostFeatures), mostFeatures/size/features)
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// combine writes the features of one text's mean, or of two texts' means, to dst.
func combine(dst []float64, means []float32, hidden int) {
	for k := range hidden {
		u := float64(means[k])
		dst[k] = u
		if len(means) == hidden {
			continue
		}
		v := float64(means[hidden+k])
		dst[hidden+k], dst[2*hidden+k], dst[3*hidden+k] = v, math.Abs(u-v), u*v
	}
}

// predicted are sums over the predicted tokens of some batches.
type predicted struct {
	loss, count float64 // nats, tokens
	right       float64 // tokens with the highest logit
}

// mostLogits is how many logits are computed at once, 256 MiB of float32.
const mostLogits = 1 << 26

// predictions returns the loss and the right predictions of a model on each of some
// batches.
func (l *loaded) predictions(ctx context.Context, batches []objective.Sized) ([]predicted, error) {
	var list []predicted
	for _, one := range batches {
		batch, err := l.config.Inputs(one)
		if err != nil {
			return nil, err
		}
		parts, err := inParts(batch, l.config.Vocabulary())
		if err = errors.Join(err, batch.Finalize()); err != nil {
			return nil, err
		}
		var sum predicted
		for _, part := range parts {
			if err == nil {
				var out []growth.Tensor
				if out, err = l.call(ctx, "predictions", part, l.predict); err == nil {
					sum.loss += float64(out[0].Data[0])
					sum.count += float64(out[0].Data[1])
					sum.right += float64(out[0].Data[2])
				}
			}
			err = errors.Join(err, free(ctx, part.Finalize))
		}
		if err != nil {
			return nil, err
		}
		if !finite(sum.loss) {
			return nil, &modelError{fmt.Sprintf("its loss is not finite, first in batch %d", len(list))}
		}
		list = append(list, sum)
	}
	return list, nil
}

// inParts splits a batch so that its logits fit into memory.
func inParts(batch train.Batch, vocabulary int) ([]train.Batch, error) {
	rows, positions := 1, 1
	for _, t := range batch {
		if dims := t.Shape().Dimensions; len(dims) > 1 {
			rows, positions = dims[0], max(positions, dims[1])
		}
	}
	n := min(rows, (rows*positions*vocabulary+mostLogits-1)/mostLogits)
	for rows%max(n, 1) != 0 {
		n++
	}
	return batch.Split(max(n, 1))
}

// predict returns the sum of the loss, the number of predicted tokens and that of the
// right predictions.
func (l *loaded) predict(w transformer.Weights, in transformer.Inputs) []*Node {
	term := l.config.Loss(w, in, transformer.Mode{})[0]
	guess_BxL := ArgMax(l.config.Predictions(w, in), -1)
	labels, weights := in[model.Labels], in[model.Weights]
	if positions := in[model.Positions]; positions != nil {
		B, L := guess_BxL.Shape().Dimensions[0], guess_BxL.Shape().Dimensions[1]
		flat := Add(MulScalar(Iota(positions.Graph(), positions.Shape(), 0), L), positions)
		guess_BxL = Reshape(Gather(Reshape(guess_BxL, B*L, 1), Reshape(flat, flat.Shape().Size(), 1)), labels.Shape().Dimensions...)
	}
	right := ReduceAllSum(Where(Equal(guess_BxL, labels), weights, ZerosLike(weights)))
	single := func(x *Node) *Node { return Reshape(ConvertDType(ReduceAllSum(x), weights.DType()), 1) }
	return []*Node{Concatenate([]*Node{single(term.Sum), single(term.Count), single(right)}, 0)}
}
