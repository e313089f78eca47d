package replay

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/landscape-aware/growing/lag/bert"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/safetensors"
	"github.com/landscape-aware/growing/lag/train"
	"github.com/landscape-aware/growing/lag/transformer"
	"github.com/landscape-aware/growing/lag/ul2"
)

// TEMPORARY loader until lag/hf is there.
func loadTmp(config, weights string) (train.Model, growth.Tensors, error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return nil, nil, err
	}
	var head struct {
		ModelType string `json:"model_type"`
	}
	json.Unmarshal(text, &head)
	var m train.Model
	if head.ModelType == "bert" {
		c := bert.New(1, 1, 1, 1, 1)
		json.Unmarshal(text, &c)
		c.Positions = bert.Learned
		m = c
	} else {
		c := ul2.Config{Form: ul2.EncoderDecoder, Precision: transformer.Float32}
		json.Unmarshal(text, &c)
		m = c
	}
	if weights == "" {
		return m, nil, m.Validate()
	}
	f, err := safetensors.Open(weights)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	all := growth.Tensors{}
	for _, p := range m.Parameters() {
		name := p.Name
		if strings.HasSuffix(name, "coder.relative_attention_bias.weight") {
			name = strings.Replace(name, "coder.", "coder.block.0.layer.0.SelfAttention.", 1)
		}
		if all[p.Name], err = f.Floats(name); err != nil {
			return nil, nil, err
		}
	}
	return m, all, nil
}

// readModel reads the model and its weights. Dropout and precision are those of the configuration of the replay.
func readModel(config Config) (train.Model, weights, error) {
	m, w, err := loadTmp(config.Model, config.Weights)
	if err != nil {
		return nil, nil, fmt.Errorf("model: %w", err)
	}
	return inMode(m, config), weights(w), nil
}

// inMode returns the model with the dropout and the precision of the replay.
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
	return model
}

// weights are the weights of a file; nil for initial ones.
type weights growth.Tensors

// state is the state that training starts from.
func (w weights) state(program *train.Program, seed int64) (*train.State, error) {
	if w == nil {
		return program.NewState(seed), nil
	}
	return program.Restore(train.Snapshot{State: growth.State{Params: growth.Tensors(w)}})
}

func save(config Config, program *train.Program, state *train.State) error { return nil }
