package replay

import (
	"cmp"

	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/model/transformer"
	"github.com/landscape-aware/growing/lag/train"
)

// inMode returns the model with the dropout and the precision of a replay.
func inMode(c model.Config, config Config) (model.Config, error) {
	m, err := model.Model{Config: c}.Set("precision", string(cmp.Or(config.Precision, transformer.Float32)))
	if err == nil && !config.Dropout {
		m, err = m.Set("dropout", "0")
	}
	return m.Config, err
}

// byRank is a model whose weight decay applies to every tensor of two or more
// dimensions and to no other.
type byRank struct{ train.Model }

func (m byRank) Parameters() []transformer.Param {
	parameters := m.Model.Parameters()
	for i, p := range parameters {
		parameters[i].Decay = len(p.Shape) >= 2
	}
	return parameters
}

// newState returns the state that training starts from: the model's
// parameters, or initial ones where it has none.
func newState(program *train.Program, m *hf.Model, seed int64) (*train.State, error) {
	if m.Params == nil {
		return program.NewState(seed), nil
	}
	return program.Restore(train.Snapshot{State: growth.State{Params: m.Params}})
}

// save writes the model with the parameters of a state.
func save(dir string, m *hf.Model, program *train.Program, state *train.State) error {
	snap, err := program.Snapshot(state)
	if err != nil {
		return err
	}
	trained := *m
	trained.Params = snap.Params
	return hf.Save(dir, &trained)
}
