package replay

import (
	"cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// inMode returns the model with the dropout and precision of config.
func inMode(c model.Config, config Config) (model.Config, error) {
	m, err := model.Model{Config: c}.Set("precision", string(cmp.Or(config.Precision, transformer.Float32)))
	if err == nil && !config.Dropout {
		m, err = m.Set("dropout", "0")
	}
	return m.Config, err
}

// byRank is a model whose weight decay applies exactly to the tensors with two
// or more dimensions.
type byRank struct{ train.Model }

func (m byRank) Parameters() []transformer.Param {
	parameters := m.Model.Parameters()
	for i, p := range parameters {
		parameters[i].Decay = len(p.Shape) >= 2
	}
	return parameters
}

// newState returns the initial state of training: the model's parameters, or
// initialized ones if it has none.
func newState(program *train.Program, m *hf.Model, seed int64) (*train.State, error) {
	if m.Params == nil {
		return program.NewState(seed), nil
	}
	return program.Restore(train.Snapshot{State: growth.State{Params: m.Params}})
}

// save writes the model with the state's parameters.
func save(dir string, m *hf.Model, program *train.Program, state *train.State) error {
	snap, err := program.Snapshot(state)
	if err != nil {
		return err
	}
	trained := *m
	trained.Params = snap.Params
	return hf.Save(dir, &trained)
}
