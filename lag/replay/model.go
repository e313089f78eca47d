package replay

import (
	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/hf"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// inMode returns the model with the dropout and precision of config.
func inMode(model train.Model, config Config) train.Model {
	precision := config.Precision
	if precision == "" {
		precision = transformer.Float32
	}
	switch c := model.(type) {
	case bert.Config:
		c.Precision = precision
		if !config.Dropout {
			c.HiddenDropout, c.AttentionDropout = 0, 0
		}
		return c
	case ul2.Config:
		c.Precision = precision
		if !config.Dropout {
			c.Dropout = 0
		}
		return c
	}
	return model // fields returns an error for it
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
